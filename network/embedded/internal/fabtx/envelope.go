package fabtx

import (
	"errors"
	"fmt"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	pb "github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"
)

// Envelope is a signed message with its headers.
type Envelope struct {
	Raw       *cb.Envelope
	Payload   *cb.Payload
	Channel   *cb.ChannelHeader
	Signature *cb.SignatureHeader
}

// ErrEnvelope says that an envelope's payload or one of its headers cannot be read.
var ErrEnvelope = errors.New("malformed envelope")

// UnpackEnvelope reads the headers of an envelope.
func UnpackEnvelope(raw *cb.Envelope) (*Envelope, error) {
	e := &Envelope{Raw: raw, Payload: &cb.Payload{}, Channel: &cb.ChannelHeader{}, Signature: &cb.SignatureHeader{}}
	if err := proto.Unmarshal(raw.GetPayload(), e.Payload); err != nil {
		return nil, fmt.Errorf("%w: payload: %w", ErrEnvelope, err)
	}
	if e.Payload.Header == nil {
		return nil, fmt.Errorf("%w: no header", ErrEnvelope)
	}
	if err := proto.Unmarshal(e.Payload.Header.ChannelHeader, e.Channel); err != nil {
		return nil, fmt.Errorf("%w: channel header: %w", ErrEnvelope, err)
	}
	if err := proto.Unmarshal(e.Payload.Header.SignatureHeader, e.Signature); err != nil {
		return nil, fmt.Errorf("%w: signature header: %w", ErrEnvelope, err)
	}
	return e, nil
}

// ClaimedID is the transaction id by which peers index an envelope, sound or not: the one that it names, or else the one
// that belongs to its creator. It is empty for what cannot be read that far.
func ClaimedID(raw *cb.Envelope) string {
	payload, channel, signature := &cb.Payload{}, &cb.ChannelHeader{}, &cb.SignatureHeader{}
	if proto.Unmarshal(raw.GetPayload(), payload) != nil || payload.Header == nil {
		return ""
	}
	if proto.Unmarshal(payload.Header.ChannelHeader, channel) != nil {
		return ""
	}
	if channel.TxId != "" {
		return channel.TxId
	}
	if proto.Unmarshal(payload.Header.SignatureHeader, signature) != nil {
		return ""
	}
	return TxID(signature.Nonce, signature.Creator)
}

// Prepare makes the unsigned transaction that an endorsed proposal becomes.
func Prepare(p *Proposal, response []byte, endorsements []*pb.Endorsement) (*cb.Envelope, error) {
	visible, err := p.VisiblePayload()
	if err != nil {
		return nil, fmt.Errorf("encode the proposal's payload: %w", err)
	}
	action, err := proto.Marshal(&pb.ChaincodeActionPayload{
		ChaincodeProposalPayload: visible,
		Action:                   &pb.ChaincodeEndorsedAction{ProposalResponsePayload: response, Endorsements: endorsements},
	})
	if err != nil {
		return nil, fmt.Errorf("encode the action: %w", err)
	}
	transaction, err := proto.Marshal(&pb.Transaction{
		Actions: []*pb.TransactionAction{{Header: p.Header.SignatureHeader, Payload: action}},
	})
	if err != nil {
		return nil, fmt.Errorf("encode the transaction: %w", err)
	}
	payload, err := proto.Marshal(&cb.Payload{Header: p.Header, Data: transaction})
	if err != nil {
		return nil, fmt.Errorf("encode the payload: %w", err)
	}
	return &cb.Envelope{Payload: payload}, nil
}
