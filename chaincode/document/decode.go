package document

import (
	"encoding/json"
	"fmt"
	"reflect"
)

// Decode reads a document into a pointer to a struct, having refused everything that its type does not declare.
func Decode(data []byte, into any) error {
	value, err := parse(data)
	if err != nil {
		return err
	}
	if err := check(value, reflect.TypeOf(into).Elem(), "", "document"); err != nil {
		return err
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("the document does not fit: %w", err)
	}
	return nil
}

// SchemaOf returns the text of a document's field `schema`, or nothing when it has none.
func SchemaOf(data []byte) (string, error) {
	value, err := parse(data)
	if err != nil {
		return "", err
	}
	fields, ok := value.(object)
	if !ok {
		return "", fmt.Errorf("the document is not an object")
	}
	schema, _ := fields["schema"].(string)
	return schema, nil
}
