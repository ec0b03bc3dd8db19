package document

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/gowebpki/jcs"
)

// Encode returns the RFC 8785 encoding of a document.
func Encode(v any) ([]byte, error) {
	plain, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encoding %T: %w", v, err)
	}
	if err := checkNumbers(plain); err != nil {
		return nil, fmt.Errorf("encoding %T: %w", v, err)
	}
	text, err := jcs.Transform(plain)
	if err != nil {
		return nil, fmt.Errorf("encoding %T: %w", v, err)
	}
	return text, nil
}

// checkNumbers refuses numbers that would not survive as doubles, to which the canonical form converts them.
func checkNumbers(data []byte) error {
	inString := false
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case !inString && (c == '-' || c >= '0' && c <= '9'):
			end := i + bytes.IndexAny(data[i:], ",]}")
			if end < i {
				end = len(data)
			}
			if _, err := integer(string(data[i:end])); err != nil {
				return err
			}
			i = end - 1
		}
	}
	return nil
}
