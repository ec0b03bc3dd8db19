package ledger

import (
	"errors"
	"fmt"
	"time"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	pb "github.com/hyperledger/fabric-protos-go-apiv2/peer"
	bolt "go.etcd.io/bbolt"
	"google.golang.org/protobuf/proto"

	"quorate.dev/network/embedded/internal/rwset"
)

// Tx is one entry of a block as validation left it.
type Tx struct {
	ID   string              // empty when the entry is too broken to be indexed
	Code pb.TxValidationCode // VALID: read sets still have to be compared
	Set  rwset.Set
}

// Commit compares the read sets of the valid transactions with the state, closes the block's metadata (filter and
// commit hash) and makes block, state, index and history durable at once. After an error nothing has changed.
func (l *Ledger) Commit(block *cb.Block, txs []Tx) error {
	if len(txs) != len(block.Data.Data) || len(block.Metadata.Metadata) != metadataSlots {
		return errors.New("commit: transactions or metadata do not fit the block")
	}
	if height, _ := l.Height(); block.Header.Number != height {
		return fmt.Errorf("commit: block %d at height %d", block.Header.Number, height)
	}
	var hash []byte
	var size int
	err := l.db.Update(func(tx *bolt.Tx) (err error) {
		hash, size, err = l.write(tx, block, txs)
		return err
	})
	if err != nil {
		return fmt.Errorf("commit block %d: %w", block.Header.Number, err)
	}
	l.advance(block, hash, size)
	return nil
}

func (l *Ledger) write(tx *bolt.Tx, block *cb.Block, txs []Tx) ([]byte, int, error) {
	number := block.Header.Number
	pending, filter, err := settle(tx, number, txs)
	if err != nil {
		return nil, 0, err
	}
	if err := l.writeUndo(tx, number, pending); err != nil {
		return nil, 0, err
	}
	if err := writeState(tx, pending); err != nil {
		return nil, 0, err
	}
	block.Metadata.Metadata[cb.BlockMetadataIndex_TRANSACTIONS_FILTER] = filter
	hash, err := l.closeCommitHash(block, filter, pending)
	if err != nil {
		return nil, 0, err
	}
	raw, err := proto.Marshal(block)
	if err != nil {
		return nil, 0, err
	}
	return hash, len(raw), tx.Bucket(blocksBucket).Put(blockKey(number), raw)
}

// closeCommitHash: Fabric's chain of commit hashes starts at block 1.
func (l *Ledger) closeCommitHash(block *cb.Block, filter []byte, pending updates) ([]byte, error) {
	if block.Header.Number == 0 {
		return nil, nil
	}
	hash := nextCommitHash(filter, pending, l.commitHash)
	raw, err := proto.Marshal(&cb.Metadata{Value: hash})
	if err != nil {
		return nil, err
	}
	block.Metadata.Metadata[cb.BlockMetadataIndex_COMMIT_HASH] = raw
	return hash, nil
}

// settle decides the final code of every transaction and collects what the valid ones write.
func settle(tx *bolt.Tx, number uint64, txs []Tx) (updates, []byte, error) {
	now := state{committed: &Snapshot{tx: tx}, pending: updates{}}
	filter := make([]byte, len(txs))
	for i, t := range txs {
		code := t.Code
		at := Version{Block: number, Tx: uint64(i)}
		if code == pb.TxValidationCode_VALID && t.Set != nil {
			var err error
			if code, err = now.validate(t.Set); err != nil {
				return nil, nil, err
			}
			if code == pb.TxValidationCode_VALID {
				if err = recordWrites(tx, now, t.Set, at); err != nil {
					return nil, nil, err
				}
			}
		}
		filter[i] = byte(code)
		if err := index(tx, t.ID, TxStatus{Block: at.Block, Index: at.Tx, Code: code}); err != nil {
			return nil, nil, err
		}
	}
	return now.pending, filter, nil
}

func recordWrites(tx *bolt.Tx, now state, set rwset.Set, at Version) error {
	if err := now.apply(set, at); err != nil {
		return err
	}
	for _, ns := range set {
		for _, write := range ns.KV.Writes {
			if err := putHistory(tx, ns.Name, write.Key, at); err != nil {
				return err
			}
		}
	}
	return nil
}

// index remembers the first transaction of an id, as Fabric does.
func index(tx *bolt.Tx, id string, status TxStatus) error {
	bucket := tx.Bucket(txBucket)
	if id == "" || bucket.Get([]byte(id)) != nil {
		return nil
	}
	return bucket.Put([]byte(id), status.encode())
}

func writeState(tx *bolt.Tx, pending updates) error {
	bucket := tx.Bucket(stateBucket)
	for namespace, keys := range pending {
		for key, value := range keys {
			var err error
			if value.Data == nil {
				err = bucket.Delete(stateKey(namespace, key))
			} else {
				err = bucket.Put(stateKey(namespace, key), encodeValue(value))
			}
			if err != nil {
				return fmt.Errorf("write %q of %s: %w", key, namespace, err)
			}
		}
	}
	return nil
}

func (l *Ledger) advance(block *cb.Block, hash []byte, size int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.height, l.tip, l.commitHash = block.Header.Number+1, block, hash
	l.recent.add(block, size)
	if l.keepUndo > 0 {
		l.committed = append(l.committed, time.Now())
		if extra := len(l.committed) - int(l.keepUndo); extra > 0 {
			l.committed = l.committed[extra:]
		}
	}
	close(l.changed)
	l.changed = make(chan struct{})
}
