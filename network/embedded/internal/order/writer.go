package order

import (
	"crypto/rand"
	"errors"
	"fmt"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	"google.golang.org/protobuf/proto"

	"quorate.dev/network/embedded/internal/fabtx"
	"quorate.dev/network/embedded/internal/ledger"
	"quorate.dev/network/embedded/internal/msp"
)

const (
	metadataSlots = 5
	nonceBytes    = 24
)

// Writer makes signed blocks and commits them.
type Writer struct {
	Ledger    *ledger.Ledger
	Committer Committer
	Signer    *msp.Signer
}

// Write appends a block with these entries.
func (w *Writer) Write(entries [][]byte) error {
	tip := w.Ledger.Tip()
	if tip == nil {
		return errors.New("write a block: there is no genesis block")
	}
	previous, err := fabtx.HeaderHash(tip.Header)
	if err != nil {
		return err
	}
	block := &cb.Block{
		Header:   &cb.BlockHeader{Number: tip.Header.Number + 1, PreviousHash: previous, DataHash: fabtx.DataHash(entries)},
		Data:     &cb.BlockData{Data: entries},
		Metadata: &cb.BlockMetadata{Metadata: make([][]byte, metadataSlots)},
	}
	if err := w.sign(block); err != nil {
		return fmt.Errorf("sign block %d: %w", block.Header.Number, err)
	}
	return w.Committer.Commit(block)
}

// sign fills the orderer's metadata. The only configuration is that of block 0.
func (w *Writer) sign(block *cb.Block) error {
	last := &cb.LastConfig{Index: 0}
	lastRaw, err := proto.Marshal(last)
	if err != nil {
		return err
	}
	value, err := proto.Marshal(&cb.OrdererBlockMetadata{LastConfig: last})
	if err != nil {
		return err
	}
	signature, err := w.signature(value, block.Header)
	if err != nil {
		return err
	}
	slots := block.Metadata.Metadata
	//lint:ignore SA1019 orderers of every version still fill this slot, and older readers use it
	if slots[cb.BlockMetadataIndex_LAST_CONFIG], err = proto.Marshal(&cb.Metadata{Value: lastRaw}); err != nil {
		return err
	}
	slots[cb.BlockMetadataIndex_SIGNATURES], err = proto.Marshal(&cb.Metadata{
		Value: value, Signatures: []*cb.MetadataSignature{signature},
	})
	return err
}

func (w *Writer) signature(value []byte, header *cb.BlockHeader) (*cb.MetadataSignature, error) {
	nonce := make([]byte, nonceBytes)
	if _, err := rand.Read(nonce); err != nil {
		return nil, err
	}
	signatureHeader, err := proto.Marshal(&cb.SignatureHeader{Creator: w.Signer.Serialized, Nonce: nonce})
	if err != nil {
		return nil, err
	}
	headerBytes, err := fabtx.HeaderBytes(header)
	if err != nil {
		return nil, err
	}
	signature, err := w.Signer.Sign(value, signatureHeader, headerBytes)
	if err != nil {
		return nil, err
	}
	return &cb.MetadataSignature{SignatureHeader: signatureHeader, Signature: signature}, nil
}
