package document

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Bounds of documents.
const (
	Limit      = 64 * 1024 // bytes, of all but a few
	maxDepth   = 32
	maxInteger = 1<<53 - 1
)

// An object is a JSON object whose names are known to be unique.
type object map[string]any

// parse returns the value of strict JSON: object, []any, string, int64 or bool.
func parse(data []byte, limit int) (any, error) {
	if len(data) > limit {
		return nil, fmt.Errorf("the document has %d bytes, more than the %d allowed", len(data), limit)
	}
	if !utf8.Valid(data) {
		return nil, errors.New("the document is not UTF-8")
	}
	if depthOf(data) > maxDepth {
		return nil, fmt.Errorf("the document is nested deeper than %d", maxDepth)
	}
	r := reader{json.NewDecoder(bytes.NewReader(data))}
	r.UseNumber()
	value, err := r.value()
	if err != nil {
		return nil, fmt.Errorf("the document is not JSON as required: %w", err)
	}
	if _, err := r.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the document")
	}
	return value, nil
}

// depthOf returns how deep brackets nest, whatever else the data are.
func depthOf(data []byte) int {
	depth, deepest, inString := 0, 0, false
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '{' || c == '[':
			depth++
			deepest = max(deepest, depth)
		case c == '}' || c == ']':
			depth--
		}
	}
	return deepest
}

type reader struct{ *json.Decoder }

func (r reader) value() (any, error) {
	token, err := r.Token()
	if err != nil {
		return nil, noEOF(err)
	}
	switch token := token.(type) {
	case json.Delim:
		if token == '{' {
			return r.object()
		}
		return r.array()
	case json.Number:
		return integer(token.String())
	case string:
		return token, checkText(token)
	case nil:
		return nil, errors.New("null is not allowed")
	default:
		return token, nil
	}
}

func (r reader) object() (any, error) {
	fields := object{}
	for r.More() {
		token, err := r.Token()
		if err != nil {
			return nil, noEOF(err)
		}
		name, ok := token.(string)
		if !ok {
			return nil, errors.New("a name was expected")
		}
		if _, twice := fields[name]; twice {
			return nil, fmt.Errorf("the name %q appears twice", name)
		}
		if fields[name], err = r.value(); err != nil {
			return nil, err
		}
	}
	_, err := r.Token()
	return fields, noEOF(err)
}

func (r reader) array() (any, error) {
	items := []any{}
	for r.More() {
		item, err := r.value()
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	_, err := r.Token()
	return items, noEOF(err)
}

// noEOF names a truncated document as what it is.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

func integer(text string) (int64, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n > maxInteger || n < -maxInteger || text == "-0" {
		return 0, fmt.Errorf("%.40s is not an integer within ±(2^53 - 1)", text)
	}
	return n, nil
}

// checkText refuses the replacement character: Go's decoder puts it where an escape is not Unicode, so that
// different documents would become the same value.
func checkText(text string) error {
	if strings.ContainsRune(text, utf8.RuneError) {
		return errors.New("a text holds U+FFFD or an escape that is not Unicode")
	}
	return nil
}
