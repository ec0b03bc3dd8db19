// Package ledger keeps the chain, the state and the history of one channel on disk, validates read sets against the
// state and commits blocks, each with one synced database transaction.
package ledger

import (
	"encoding/binary"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

const (
	fileName = "ledger.db"

	// initialMap is address space, not memory: bbolt cannot grow its mapping while a reader is open, so it starts large.
	initialMap = 4 << 30

	lockWait = 500 * time.Millisecond
)

var (
	blocksBucket  = []byte("blocks")  // number → block
	txBucket      = []byte("tx")      // transaction id → block, code, index
	stateBucket   = []byte("state")   // namespace, key → value
	historyBucket = []byte("history") // namespace, key, block, index → nothing
	undoBucket    = []byte("undo")    // number → what the block overwrote
	metaBucket    = []byte("meta")

	allBuckets = [][]byte{blocksBucket, txBucket, stateBucket, historyBucket, undoBucket, metaBucket}
)

// Errors of Open and of look-ups.
var (
	ErrInUse    = errors.New("the data directory is in use by another process")
	ErrCorrupt  = errors.New("the ledger's file is damaged")
	ErrNotFound = errors.New("not found")
)

// Ledger is the durable record of one channel.
type Ledger struct {
	db       *bolt.DB
	keepUndo uint64

	mu         sync.Mutex
	height     uint64
	tip        *cb.Block
	commitHash []byte
	committed  []time.Time // when the newest blocks were committed, oldest first
	changed    chan struct{}
	recent     recentBlocks
}

// Open opens or creates the ledger in a directory. keepUndo is how many blocks a snapshot can be turned back.
func Open(directory string, keepUndo uint64) (*Ledger, error) {
	l := &Ledger{keepUndo: keepUndo, changed: make(chan struct{}), recent: recentBlocks{limit: recentLimit}}
	if err := l.open(filepath.Join(directory, fileName)); err != nil {
		return nil, err
	}
	if err := guarded(l.load); err != nil {
		return nil, errors.Join(err, l.db.Close())
	}
	return l, nil
}

func (l *Ledger) open(path string) error {
	err := guarded(func() (err error) {
		l.db, err = bolt.Open(path, 0o600, &bolt.Options{
			Timeout: lockWait, NoFreelistSync: true, FreelistType: bolt.FreelistMapType, InitialMmapSize: initialMap,
		})
		return err
	})
	switch {
	case err == nil:
		return nil
	case errors.Is(err, bolterrors.ErrTimeout):
		return fmt.Errorf("%s: %w", path, ErrInUse)
	case errors.Is(err, bolterrors.ErrInvalid), errors.Is(err, bolterrors.ErrChecksum), errors.Is(err, bolterrors.ErrVersionMismatch):
		return fmt.Errorf("%s: %w: %w", path, ErrCorrupt, err)
	}
	return fmt.Errorf("open %s: %w", path, err)
}

// Close waits for open snapshots and closes the file.
func (l *Ledger) Close() error { return l.db.Close() }

// Size is how many bytes the ledger's file holds.
func (l *Ledger) Size() (size int64, err error) {
	err = l.db.View(func(tx *bolt.Tx) error { size = tx.Size(); return nil })
	return size, err
}

// Height returns the number of blocks and a channel that is closed when there are more.
func (l *Ledger) Height() (uint64, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.height, l.changed
}

// Tip returns the last block, or nil.
func (l *Ledger) Tip() *cb.Block {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.tip
}

// Meta returns what SetMeta kept under a name, or nil.
func (l *Ledger) Meta(name string) (value []byte, err error) {
	err = l.db.View(func(tx *bolt.Tx) error {
		value = append(value, tx.Bucket(metaBucket).Get([]byte(name))...)
		return nil
	})
	return value, err
}

// SetMeta keeps a value beside the chain.
func (l *Ledger) SetMeta(name string, value []byte) error {
	return l.db.Update(func(tx *bolt.Tx) error { return tx.Bucket(metaBucket).Put([]byte(name), value) })
}

func blockKey(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

func stateKey(namespace, key string) []byte {
	return append(append(append(make([]byte, 0, len(namespace)+len(key)+1), namespace...), 0), key...)
}
