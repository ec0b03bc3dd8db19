package ledger

import (
	"fmt"
	"maps"
	"slices"
	"time"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	bolt "go.etcd.io/bbolt"
	"google.golang.org/protobuf/encoding/protowire"
)

// writeUndo keeps what a block overwrites for as long as snapshots may be turned back behind it.
func (l *Ledger) writeUndo(tx *bolt.Tx, number uint64, pending updates) error {
	bucket := tx.Bucket(undoBucket)
	if l.keepUndo == 0 {
		return nil
	}
	var record []byte
	for namespace, keys := range pending {
		for key := range keys {
			name := stateKey(namespace, key)
			record = protowire.AppendBytes(record, name)
			record = protowire.AppendBytes(record, tx.Bucket(stateBucket).Get(name)) // empty: there was none
		}
	}
	if err := bucket.Put(blockKey(number), record); err != nil {
		return fmt.Errorf("write what block %d overwrites: %w", number, err)
	}
	if number < l.keepUndo {
		return nil
	}
	return bucket.Delete(blockKey(number - l.keepUndo))
}

// Lag returns by how many blocks a peer is behind that sees a block only when `blocks` newer ones exist or, if patience
// is not zero, when the block is that old.
func (l *Ledger) Lag(blocks uint64, patience time.Duration, now time.Time) uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	lag := uint64(0)
	for i := len(l.committed) - 1; i >= 0 && lag < blocks; i-- {
		if patience > 0 && now.Sub(l.committed[i]) >= patience {
			break
		}
		lag++
	}
	return lag
}

// Back turns the snapshot back by some blocks, or by as many as can be.
func (s *Snapshot) Back(blocks uint64) (View, error) {
	past := &pastView{Snapshot: s, height: s.Height(), old: map[string]*Value{}}
	for ; blocks > 0 && past.height > 1; blocks-- {
		record := s.tx.Bucket(undoBucket).Get(blockKey(past.height - 1))
		if record == nil {
			break
		}
		if err := past.undo(record); err != nil {
			return nil, err
		}
		past.height--
	}
	return past, nil
}

// pastView is a snapshot with what newer blocks overwrote laid over it.
type pastView struct {
	*Snapshot
	height uint64
	old    map[string]*Value // by state key; nil: the key did not exist
}

func (p *pastView) undo(record []byte) error {
	d := decoder{rest: record}
	for len(d.rest) > 0 {
		name, raw := string(d.bytes()), d.bytes()
		if d.failed {
			return fmt.Errorf("%w: undo record", ErrCorrupt)
		}
		p.old[name] = nil
		if len(raw) == 0 {
			continue
		}
		value, err := decodeValue(raw)
		if err != nil {
			return err
		}
		p.old[name] = value
	}
	return nil
}

func (p *pastView) Height() uint64 { return p.height }

func (p *pastView) Get(namespace, key string) (*Value, error) {
	if value, ok := p.old[string(stateKey(namespace, key))]; ok {
		return value, nil
	}
	return p.Snapshot.Get(namespace, key)
}

func (p *pastView) Block(number uint64) (*cb.Block, error) {
	if number >= p.height {
		return nil, fmt.Errorf("block %d: %w", number, ErrNotFound)
	}
	return p.Snapshot.Block(number)
}

func (p *pastView) History(namespace, key string) ([]Version, error) {
	versions, err := p.Snapshot.History(namespace, key)
	return slices.DeleteFunc(versions, func(v Version) bool { return v.Block >= p.height }), err
}

// Range reads the present range and the old values in it, and merges them.
func (p *pastView) Range(namespace, start, end string) Iterator {
	prefix := string(stateKey(namespace, ""))
	merged := map[string]*Value{}
	iterator := p.Snapshot.Range(namespace, start, end)
	for {
		key, value, err := iterator.Next()
		if err != nil {
			return &listed{err: err}
		}
		if value == nil {
			break
		}
		merged[key] = value
	}
	for name, value := range p.old {
		if len(name) < len(prefix) || name[:len(prefix)] != prefix {
			continue
		}
		if key := name[len(prefix):]; key >= start && (end == "" || key < end) {
			merged[key] = value
		}
	}
	maps.DeleteFunc(merged, func(_ string, v *Value) bool { return v == nil })
	return &listed{keys: slices.Sorted(maps.Keys(merged)), values: merged}
}

// listed walks keys that are already in memory.
type listed struct {
	keys   []string
	values map[string]*Value
	err    error
}

func (l *listed) Next() (string, *Value, error) {
	if l.err != nil || len(l.keys) == 0 {
		return "", nil, l.err
	}
	key := l.keys[0]
	l.keys = l.keys[1:]
	return key, l.values[key], nil
}
