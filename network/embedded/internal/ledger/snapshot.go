package ledger

import (
	"encoding/binary"
	"errors"
	"fmt"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	bolt "go.etcd.io/bbolt"
)

// View is a state at one height: what a simulation reads.
type View interface {
	// Get returns a key's value, or nil.
	Get(namespace, key string) (*Value, error)
	// Range walks keys from start up to end, which is left out; an empty end is the end of the namespace.
	Range(namespace, start, end string) Iterator
	// History lists where a key was written, newest first.
	History(namespace, key string) ([]Version, error)
	// Block returns a block that is part of the view's chain.
	Block(number uint64) (*cb.Block, error)
}

// Iterator walks keys in ascending order. After the last it returns a nil value.
type Iterator interface {
	Next() (key string, value *Value, err error)
}

// Snapshot is the newest state at the moment of its making. It is for one goroutine at a time and must be closed soon:
// an open snapshot keeps the space of what is overwritten meanwhile.
type Snapshot struct{ tx *bolt.Tx }

// Snapshots returns n snapshots of one and the same state, for n goroutines.
func (l *Ledger) Snapshots(n int) ([]*Snapshot, error) {
	for {
		snapshots, err := l.begin(n)
		if err != nil {
			return nil, err
		}
		same := true
		for _, s := range snapshots {
			same = same && s.tx.ID() == snapshots[0].tx.ID()
		}
		if same {
			return snapshots, nil
		}
		if err := CloseAll(snapshots); err != nil { // a commit came between two of them
			return nil, err
		}
	}
}

func (l *Ledger) begin(n int) ([]*Snapshot, error) {
	snapshots := make([]*Snapshot, 0, n)
	for range n {
		tx, err := l.db.Begin(false)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("read the ledger: %w", err), CloseAll(snapshots))
		}
		snapshots = append(snapshots, &Snapshot{tx: tx})
	}
	return snapshots, nil
}

// CloseAll closes snapshots.
func CloseAll(snapshots []*Snapshot) error {
	var failures []error
	for _, s := range snapshots {
		failures = append(failures, s.Close())
	}
	return errors.Join(failures...)
}

// Close releases the snapshot.
func (s *Snapshot) Close() error { return s.tx.Rollback() }

// Height is the number of blocks in the snapshot.
func (s *Snapshot) Height() uint64 {
	key, _ := s.tx.Bucket(blocksBucket).Cursor().Last()
	if key == nil {
		return 0
	}
	return binary.BigEndian.Uint64(key) + 1
}

// Get implements View.
func (s *Snapshot) Get(namespace, key string) (*Value, error) { return get(s.tx, namespace, key) }

func get(tx *bolt.Tx, namespace, key string) (*Value, error) {
	raw := tx.Bucket(stateBucket).Get(stateKey(namespace, key))
	if raw == nil {
		return nil, nil
	}
	value, err := decodeValue(raw)
	if err != nil {
		return nil, fmt.Errorf("%q of %s: %w", key, namespace, err)
	}
	return value, nil
}

// Range implements View.
func (s *Snapshot) Range(namespace, start, end string) Iterator {
	return newCursor(s.tx, namespace, start, end)
}

// History implements View.
func (s *Snapshot) History(namespace, key string) ([]Version, error) {
	return history(s.tx, namespace, key), nil
}

// Block implements View.
func (s *Snapshot) Block(number uint64) (*cb.Block, error) { return readBlock(s.tx, number) }

// TxStatus looks a transaction up as of the snapshot.
func (s *Snapshot) TxStatus(id string) (TxStatus, error) { return txStatus(s.tx, id) }
