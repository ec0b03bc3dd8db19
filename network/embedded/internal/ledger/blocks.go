package ledger

import (
	"encoding/binary"
	"fmt"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	pb "github.com/hyperledger/fabric-protos-go-apiv2/peer"
	bolt "go.etcd.io/bbolt"
)

const (
	metadataSlots = 5
	recentLimit   = 8 << 20
)

// TxStatus is where a transaction was committed and what became of it.
type TxStatus struct {
	Block uint64
	Index uint64
	Code  pb.TxValidationCode
}

func (s TxStatus) encode() []byte {
	b := binary.BigEndian.AppendUint64(nil, s.Block)
	b = append(b, byte(s.Code)) // Fabric's own filter holds one byte per code
	return binary.BigEndian.AppendUint64(b, s.Index)
}

func decodeTxStatus(b []byte) (TxStatus, error) {
	if len(b) != 17 {
		return TxStatus{}, fmt.Errorf("%w: transaction index", ErrCorrupt)
	}
	return TxStatus{
		Block: binary.BigEndian.Uint64(b), Code: pb.TxValidationCode(b[8]), Index: binary.BigEndian.Uint64(b[9:]),
	}, nil
}

// TxStatus looks a transaction up. The error is ErrNotFound when it was never committed, and until Height tells of the
// block it is in: who learns of a transaction finds its block everywhere else too.
func (l *Ledger) TxStatus(id string) (status TxStatus, err error) {
	err = l.db.View(func(tx *bolt.Tx) error {
		status, err = txStatus(tx, id)
		return err
	})
	if height, _ := l.Height(); err == nil && status.Block >= height {
		return TxStatus{}, fmt.Errorf("transaction %s: %w", id, ErrNotFound)
	}
	return status, err
}

func txStatus(tx *bolt.Tx, id string) (TxStatus, error) {
	raw := tx.Bucket(txBucket).Get([]byte(id))
	if raw == nil {
		return TxStatus{}, fmt.Errorf("transaction %s: %w", id, ErrNotFound)
	}
	return decodeTxStatus(raw)
}

// Block returns a committed block, which callers share and must not change. The error is ErrNotFound above the height.
func (l *Ledger) Block(number uint64) (*cb.Block, error) {
	l.mu.Lock()
	block := l.recent.get(number)
	l.mu.Unlock()
	if block != nil {
		return block, nil
	}
	err := l.db.View(func(tx *bolt.Tx) (err error) {
		block, err = readBlock(tx, number)
		return err
	})
	return block, err
}

func readBlock(tx *bolt.Tx, number uint64) (*cb.Block, error) {
	raw := tx.Bucket(blocksBucket).Get(blockKey(number))
	if raw == nil {
		return nil, fmt.Errorf("block %d: %w", number, ErrNotFound)
	}
	return decodeBlock(raw)
}

// recentBlocks keeps the newest blocks in memory up to a total size: every reader of events wants those, and at once.
type recentBlocks struct {
	limit, size int
	first       uint64
	blocks      []*cb.Block
	sizes       []int
}

func (r *recentBlocks) add(block *cb.Block, size int) {
	if len(r.blocks) == 0 {
		r.first = block.Header.Number
	}
	r.blocks, r.sizes, r.size = append(r.blocks, block), append(r.sizes, size), r.size+size
	for r.size > r.limit {
		r.size -= r.sizes[0]
		r.blocks[0] = nil
		r.blocks, r.sizes, r.first = r.blocks[1:], r.sizes[1:], r.first+1
	}
}

func (r *recentBlocks) get(number uint64) *cb.Block {
	if number < r.first || number-r.first >= uint64(len(r.blocks)) {
		return nil
	}
	return r.blocks[number-r.first]
}
