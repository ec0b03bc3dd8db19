package ledger

import (
	"bytes"
	"sync"
)

// A Memo keeps the decoded form of a record that every transaction reads and that rarely changes. The record is read
// from the state all the same, so that a transaction's read set does not depend on what is kept.
type Memo[T any] struct {
	mu     sync.Mutex
	data   []byte
	record *T
}

// Get returns the record under a key, or nil when there is none.
func (m *Memo[T]) Get(t *Tx, key Key) (*T, error) {
	_, data, err := t.read(key)
	if err != nil || data == nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.record == nil || !bytes.Equal(m.data, data) {
		record, err := decode[T](key, data)
		if err != nil {
			return nil, err
		}
		m.data, m.record = bytes.Clone(data), record
	}
	return copyOf(m.record), nil
}
