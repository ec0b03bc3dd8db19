package document

import (
	"encoding/json"
	"fmt"
	"reflect"
)

// A Document is strict JSON of bounded size, of which the form is not known yet.
type Document struct {
	data  []byte
	value any
}

// Parse reads strict JSON.
func Parse(data []byte) (Document, error) { return ParseUpTo(data, Limit) }

// ParseUpTo is Parse for documents of another size.
func ParseUpTo(data []byte, limit int) (Document, error) {
	value, err := parse(data, limit)
	return Document{data, value}, err
}

// Schema returns the text of the document's field `schema`, or nothing when it has none.
func (d Document) Schema() string {
	fields, _ := d.value.(object)
	schema, _ := fields["schema"].(string)
	return schema
}

// Decode fills a pointer to a struct, having refused everything that its type does not declare.
func (d Document) Decode(into any) error {
	if err := check(d.value, reflect.TypeOf(into).Elem(), "", "document"); err != nil {
		return err
	}
	if err := json.Unmarshal(d.data, into); err != nil {
		return fmt.Errorf("the document does not fit: %w", err)
	}
	return nil
}

// Decode parses and decodes at once.
func Decode(data []byte, into any) error {
	d, err := Parse(data)
	if err != nil {
		return err
	}
	return d.Decode(into)
}
