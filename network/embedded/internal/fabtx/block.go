package fabtx

import (
	"crypto/sha256"
	"encoding/asn1"
	"fmt"
	"math/big"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	pb "github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"

	"quorate.dev/network/embedded/internal/rwset"
)

// HeaderBytes is the DER form of a block header, which its hash and the orderer's signature are over.
func HeaderBytes(h *cb.BlockHeader) ([]byte, error) {
	return asn1.Marshal(struct {
		Number                 *big.Int
		PreviousHash, DataHash []byte
	}{new(big.Int).SetUint64(h.Number), h.PreviousHash, h.DataHash})
}

// HeaderHash is the hash by which a block is known.
func HeaderHash(h *cb.BlockHeader) ([]byte, error) {
	raw, err := HeaderBytes(h)
	if err != nil {
		return nil, fmt.Errorf("encode the header of block %d: %w", h.Number, err)
	}
	sum := sha256.Sum256(raw)
	return sum[:], nil
}

// DataHash is the hash over a block's entries.
func DataHash(entries [][]byte) []byte {
	h := sha256.New()
	for _, e := range entries {
		h.Write(e)
	}
	return h.Sum(nil)
}

// Writes opens one transaction of a committed block and returns its read/write set.
func Writes(block *cb.Block, index uint64) (*Envelope, rwset.Set, error) {
	if index >= uint64(len(block.GetData().GetData())) {
		return nil, nil, fmt.Errorf("the block has %d transactions", len(block.GetData().GetData()))
	}
	raw, chaincodeAction := &cb.Envelope{}, &pb.ChaincodeAction{}
	if err := proto.Unmarshal(block.Data.Data[index], raw); err != nil {
		return nil, nil, fmt.Errorf("read the envelope: %w", err)
	}
	envelope, err := UnpackEnvelope(raw)
	if err != nil {
		return nil, nil, err
	}
	action, err := UnpackAction(envelope.Payload.Data)
	if err != nil {
		return nil, nil, err
	}
	if err := proto.Unmarshal(action.Extension, chaincodeAction); err != nil {
		return nil, nil, fmt.Errorf("read the chaincode action: %w", err)
	}
	set, err := rwset.Parse(chaincodeAction.Results)
	return envelope, set, err
}

// Entry is what notifications say about one transaction of a block.
type Entry struct {
	Index   uint64
	Channel *cb.ChannelHeader
	Code    pb.TxValidationCode
	Event   *pb.ChaincodeEvent // nil when there is none
}

// Entries reads a committed block for notification. Entries that cannot be read (validation has marked them) are left
// out, as Fabric's own notifications do.
func Entries(block *cb.Block) []Entry {
	var filter []byte
	if slots := block.GetMetadata().GetMetadata(); len(slots) > int(cb.BlockMetadataIndex_TRANSACTIONS_FILTER) {
		filter = slots[cb.BlockMetadataIndex_TRANSACTIONS_FILTER]
	}
	var entries []Entry
	for i, raw := range block.GetData().GetData() {
		envelope := &cb.Envelope{}
		if proto.Unmarshal(raw, envelope) != nil || i >= len(filter) {
			continue
		}
		opened, err := UnpackEnvelope(envelope)
		if err != nil {
			continue
		}
		entry := Entry{Index: uint64(i), Channel: opened.Channel, Code: pb.TxValidationCode(filter[i])}
		if opened.Channel.Type == int32(cb.HeaderType_ENDORSER_TRANSACTION) {
			entry.Event = eventOf(opened.Payload.Data)
		}
		entries = append(entries, entry)
	}
	return entries
}

func eventOf(data []byte) *pb.ChaincodeEvent {
	action, err := UnpackAction(data)
	if err != nil {
		return nil
	}
	chaincodeAction := &pb.ChaincodeAction{}
	if proto.Unmarshal(action.Extension, chaincodeAction) != nil {
		return nil
	}
	event, err := Event(chaincodeAction)
	if err != nil {
		return nil
	}
	return event
}
