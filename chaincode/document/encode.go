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
			number := numberAt(data[i:])
			if _, err := integer(string(number)); err != nil {
				return err
			}
			i += len(number) - 1
		}
	}
	return nil
}

// numberAt returns the number that data, which are JSON, begin with.
func numberAt(data []byte) []byte {
	if end := bytes.IndexAny(data, ",]}"); end >= 0 {
		return data[:end]
	}
	return data
}
