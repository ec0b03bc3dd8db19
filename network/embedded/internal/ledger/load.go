package ledger

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"time"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	bolt "go.etcd.io/bbolt"
	"google.golang.org/protobuf/proto"

	"quorate.dev/network/embedded/internal/fabtx"
)

// checkedAtStart is how many of the newest blocks Open verifies; the whole chain would make a start slow.
const checkedAtStart = 64

// guarded turns the panics and memory faults that bbolt answers a damaged file with into ErrCorrupt.
func guarded(read func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("%w: %v", ErrCorrupt, reason)
		}
	}()
	return read()
}

func (l *Ledger) load() error {
	if err := l.checkLength(); err != nil {
		return err
	}
	if err := l.createBuckets(); err != nil {
		return err
	}
	return l.db.View(func(tx *bolt.Tx) error {
		key, raw := tx.Bucket(blocksBucket).Cursor().Last()
		if key == nil {
			return nil
		}
		tip, err := decodeBlock(raw)
		if err != nil {
			return err
		}
		if l.commitHash, err = commitHashOf(tip); err != nil {
			return err
		}
		l.tip, l.height = tip, binary.BigEndian.Uint64(key)+1
		l.committed = make([]time.Time, min(l.height, l.keepUndo))
		return checkChain(tx, l.height)
	})
}

// checkLength finds a file that was cut short, whose missing pages would only fault later.
func (l *Ledger) checkLength() error {
	size, err := l.Size()
	if err != nil {
		return err
	}
	info, err := os.Stat(l.db.Path())
	if err != nil {
		return err
	}
	if info.Size() < size {
		return fmt.Errorf("%w: %s has %d bytes and needs %d", ErrCorrupt, l.db.Path(), info.Size(), size)
	}
	return nil
}

func (l *Ledger) createBuckets() error {
	complete := true
	if err := l.db.View(func(tx *bolt.Tx) error {
		for _, name := range allBuckets {
			complete = complete && tx.Bucket(name) != nil
		}
		return nil
	}); err != nil || complete {
		return err
	}
	return l.db.Update(func(tx *bolt.Tx) error {
		for _, name := range allBuckets {
			if _, err := tx.CreateBucketIfNotExists(name); err != nil {
				return err
			}
		}
		return nil
	})
}

// checkChain verifies the newest blocks: numbers, links and data hashes.
func checkChain(tx *bolt.Tx, height uint64) error {
	var next *cb.BlockHeader
	for checked := uint64(0); checked < min(height, checkedAtStart); checked++ {
		number := height - 1 - checked
		block, err := decodeBlock(tx.Bucket(blocksBucket).Get(blockKey(number)))
		if err != nil {
			return fmt.Errorf("block %d: %w", number, err)
		}
		if err := checkBlock(block, number, next); err != nil {
			return fmt.Errorf("%w: block %d: %w", ErrCorrupt, number, err)
		}
		next = block.Header
	}
	return nil
}

func checkBlock(block *cb.Block, number uint64, next *cb.BlockHeader) error {
	if block.Header.Number != number {
		return fmt.Errorf("it says that it is number %d", block.Header.Number)
	}
	if !bytes.Equal(block.Header.DataHash, fabtx.DataHash(block.Data.Data)) {
		return errors.New("its data do not have the hash in its header")
	}
	hash, err := fabtx.HeaderHash(block.Header)
	if err != nil {
		return err
	}
	if next != nil && !bytes.Equal(next.PreviousHash, hash) {
		return errors.New("the block after it does not follow it")
	}
	return nil
}

func decodeBlock(raw []byte) (*cb.Block, error) {
	block := &cb.Block{}
	if err := proto.Unmarshal(raw, block); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	if block.Header == nil || block.Data == nil || len(block.GetMetadata().GetMetadata()) != metadataSlots {
		return nil, fmt.Errorf("%w: incomplete block", ErrCorrupt)
	}
	return block, nil
}

func commitHashOf(block *cb.Block) ([]byte, error) {
	metadata := &cb.Metadata{}
	if err := proto.Unmarshal(block.Metadata.Metadata[cb.BlockMetadataIndex_COMMIT_HASH], metadata); err != nil {
		return nil, fmt.Errorf("%w: commit hash: %w", ErrCorrupt, err)
	}
	return metadata.Value, nil
}
