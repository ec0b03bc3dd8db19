package ledger

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"

	bolt "go.etcd.io/bbolt"
)

// cursor walks the committed keys of one namespace.
type cursor struct {
	at     *bolt.Cursor
	prefix int
	seek   []byte
	end    []byte
}

func newCursor(tx *bolt.Tx, namespace, start, end string) *cursor {
	limit := stateKey(namespace, end)
	if end == "" {
		limit = append([]byte(namespace), 1) // just behind the separator
	}
	return &cursor{at: tx.Bucket(stateBucket).Cursor(), prefix: len(namespace) + 1, seek: stateKey(namespace, start), end: limit}
}

// Next implements Iterator.
func (c *cursor) Next() (string, *Value, error) {
	var key, raw []byte
	if c.seek != nil {
		key, raw = c.at.Seek(c.seek)
		c.seek = nil
	} else {
		key, raw = c.at.Next()
	}
	if key == nil || bytes.Compare(key, c.end) >= 0 {
		return "", nil, nil
	}
	name := string(key[c.prefix:])
	value, err := decodeValue(raw)
	if err != nil {
		return "", nil, fmt.Errorf("%q: %w", name, err)
	}
	return name, value, nil
}

const versionBytes = 16

func historyKey(namespace, key string) []byte { return append(stateKey(namespace, key), 0) }

func putHistory(tx *bolt.Tx, namespace, key string, v Version) error {
	b := binary.BigEndian.AppendUint64(historyKey(namespace, key), v.Block)
	return tx.Bucket(historyBucket).Put(binary.BigEndian.AppendUint64(b, v.Tx), nil)
}

func history(tx *bolt.Tx, namespace, key string) []Version {
	var versions []Version
	prefix := historyKey(namespace, key)
	c := tx.Bucket(historyBucket).Cursor()
	for k, _ := c.Seek(prefix); bytes.HasPrefix(k, prefix); k, _ = c.Next() {
		if rest := k[len(prefix):]; len(rest) == versionBytes { // longer ones belong to keys that start with this one
			versions = append(versions, Version{Block: binary.BigEndian.Uint64(rest), Tx: binary.BigEndian.Uint64(rest[8:])})
		}
	}
	slices.Reverse(versions)
	return versions
}
