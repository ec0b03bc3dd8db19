package document

import (
	"iter"
	"reflect"
	"strings"
)

// A field of a document's type, by its name in JSON.
type field struct {
	reflect.StructField
	name     string
	optional bool
}

// fieldsOf yields the fields of a struct, those of embedded structs included, in their order.
func fieldsOf(t reflect.Type) iter.Seq[field] {
	return func(yield func(field) bool) { yieldFields(t, yield) }
}

func yieldFields(t reflect.Type, yield func(field) bool) bool {
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous {
			if !yieldFields(f.Type, yield) {
				return false
			}
			continue
		}
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if !yield(field{f, name, strings.Contains(options, "omitempty")}) {
			return false
		}
	}
	return true
}
