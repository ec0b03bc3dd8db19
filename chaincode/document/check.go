package document

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A Patterned text has one form.
type Patterned interface{ Pattern() *regexp.Regexp }

var rawMessage = reflect.TypeFor[json.RawMessage]()

// check returns what in a parsed value is not as the type and its field's tag declare.
func check(value any, t reflect.Type, tag reflect.StructTag, path string) error {
	switch {
	case t == rawMessage:
		return checkRaw(value, path)
	case t.Kind() == reflect.Pointer:
		return check(value, t.Elem(), tag, path)
	}
	switch t.Kind() {
	case reflect.Struct:
		return checkStruct(value, t, path)
	case reflect.Slice:
		return checkList(value, t, tag, path)
	case reflect.Map:
		return checkMap(value, t, path)
	case reflect.String:
		return checkString(value, t, tag, path)
	case reflect.Int64:
		return checkInteger(value, tag, path)
	case reflect.Bool:
		if _, ok := value.(bool); !ok {
			return wrong(path, "true or false", value)
		}
		return nil
	default:
		return fmt.Errorf("%s: documents have no %s", path, t)
	}
}

func checkRaw(value any, path string) error {
	if _, ok := value.(object); !ok {
		return wrong(path, "an object", value)
	}
	return nil
}

func checkStruct(value any, t reflect.Type, path string) error {
	fields, ok := value.(object)
	if !ok {
		return wrong(path, "an object", value)
	}
	known := 0
	for f := range fieldsOf(t) {
		item, present := fields[f.name]
		switch {
		case present:
			known++
			if err := check(item, f.Type, f.Tag, path+"."+f.name); err != nil {
				return err
			}
		case !f.optional:
			return fmt.Errorf("%s.%s is missing", path, f.name)
		}
	}
	if known < len(fields) {
		return fmt.Errorf("%s has the unknown field %q", path, unknown(fields, t))
	}
	return nil
}

func unknown(fields object, t reflect.Type) string {
	var names []string
	for name := range fields {
		names = append(names, name)
	}
	slices.Sort(names)
	for f := range fieldsOf(t) {
		names = slices.DeleteFunc(names, func(name string) bool { return name == f.name })
	}
	return fmt.Sprintf("%.64s", names[0])
}

func checkList(value any, t reflect.Type, tag reflect.StructTag, path string) error {
	items, ok := value.([]any)
	if !ok {
		return wrong(path, "a list", value)
	}
	if err := checkRange(int64(len(items)), tag, path, "entries"); err != nil {
		return err
	}
	for i, item := range items {
		if err := check(item, t.Elem(), elementTag(tag), path+"["+strconv.Itoa(i)+"]"); err != nil {
			return err
		}
	}
	return nil
}

// elementTag turns `each:"1..9"` of a list into the bounds of its entries.
func elementTag(tag reflect.StructTag) reflect.StructTag {
	low, high, found := strings.Cut(tag.Get("each"), "..")
	if !found {
		return ""
	}
	return reflect.StructTag(fmt.Sprintf("min:%q max:%q", low, high))
}

func checkMap(value any, t reflect.Type, path string) error {
	fields, ok := value.(object)
	if !ok {
		return wrong(path, "an object", value)
	}
	for name, item := range fields {
		if err := check(item, t.Elem(), "", path+"."+name); err != nil {
			return err
		}
	}
	return nil
}

func checkString(value any, t reflect.Type, tag reflect.StructTag, path string) error {
	text, ok := value.(string)
	if !ok {
		return wrong(path, "a text", value)
	}
	if p, ok := reflect.Zero(t).Interface().(Patterned); ok && !p.Pattern().MatchString(text) {
		return fmt.Errorf("%s: %s is not of the form %s", path, shown(text), p.Pattern())
	}
	if words := tag.Get("enum"); words != "" && !slices.Contains(strings.Split(words, ","), text) {
		return fmt.Errorf("%s: %s is none of %s", path, shown(text), words)
	}
	return checkRange(int64(utf8.RuneCountInString(text)), tag, path, "characters")
}

func checkInteger(value any, tag reflect.StructTag, path string) error {
	n, ok := value.(int64)
	if !ok {
		return wrong(path, "an integer", value)
	}
	return checkRange(n, tag, path, "")
}

func checkRange(n int64, tag reflect.StructTag, path, of string) error {
	low, high := bounds(tag)
	if n >= low && n <= high {
		return nil
	}
	what := strings.TrimSpace(strconv.FormatInt(n, 10) + " " + of)
	return fmt.Errorf("%s: %s is outside %d to %d", path, what, low, high)
}

// bounds returns a field's range; without a tag a number is at least 0, and so is a length.
func bounds(tag reflect.StructTag) (low, high int64) {
	low, high = 0, maxInteger
	if text := tag.Get("min"); text != "" {
		low = mustInteger(text)
	}
	if text := tag.Get("max"); text != "" {
		high = mustInteger(text)
	}
	return low, high
}

func mustInteger(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		panic(fmt.Sprintf("document: %q in a struct tag is not an integer", text))
	}
	return n
}

func wrong(path, expected string, value any) error {
	return fmt.Errorf("%s: %s was expected, not %s", path, expected, kindOf(value))
}

func kindOf(value any) string {
	switch value.(type) {
	case object:
		return "an object"
	case []any:
		return "a list"
	case string:
		return "a text"
	case int64:
		return "an integer"
	default:
		return "true or false"
	}
}

func shown(text string) string {
	if len(text) > 80 {
		return fmt.Sprintf("%q…", text[:80])
	}
	return strconv.Quote(text)
}
