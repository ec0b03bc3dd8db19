// Package fabtx takes apart and puts together the messages of a Fabric transaction: proposal, response, envelope.
package fabtx

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	pb "github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"
)

// Proposal is a signed proposal, unpacked once. Nothing in it has been checked but its form.
type Proposal struct {
	Signed    *pb.SignedProposal
	Header    *cb.Header
	Channel   *cb.ChannelHeader
	Signature *cb.SignatureHeader
	Chaincode string
	Input     *pb.ChaincodeInput
	Transient map[string][]byte

	input []byte // ChaincodeInvocationSpec, as the client wrote it
}

// UnpackProposal reads a signed proposal.
func UnpackProposal(signed *pb.SignedProposal) (*Proposal, error) {
	if len(signed.GetProposalBytes()) == 0 {
		return nil, errors.New("a signed proposal is required")
	}
	p := &Proposal{Signed: signed}
	message := &pb.Proposal{}
	if err := proto.Unmarshal(signed.ProposalBytes, message); err != nil {
		return nil, fmt.Errorf("read the proposal: %w", err)
	}
	if err := p.headers(message.Header); err != nil {
		return nil, err
	}
	if err := p.invocation(message.Payload); err != nil {
		return nil, err
	}
	return p, p.checkNames()
}

func (p *Proposal) headers(raw []byte) error {
	p.Header, p.Channel, p.Signature = &cb.Header{}, &cb.ChannelHeader{}, &cb.SignatureHeader{}
	if err := proto.Unmarshal(raw, p.Header); err != nil {
		return fmt.Errorf("read the header: %w", err)
	}
	if err := proto.Unmarshal(p.Header.ChannelHeader, p.Channel); err != nil {
		return fmt.Errorf("read the channel header: %w", err)
	}
	if err := proto.Unmarshal(p.Header.SignatureHeader, p.Signature); err != nil {
		return fmt.Errorf("read the signature header: %w", err)
	}
	return nil
}

func (p *Proposal) invocation(raw []byte) error {
	payload, spec := &pb.ChaincodeProposalPayload{}, &pb.ChaincodeInvocationSpec{}
	if err := proto.Unmarshal(raw, payload); err != nil {
		return fmt.Errorf("read the proposal's payload: %w", err)
	}
	if err := proto.Unmarshal(payload.Input, spec); err != nil {
		return fmt.Errorf("read the invocation: %w", err)
	}
	if spec.ChaincodeSpec == nil {
		return fmt.Errorf("no chaincode spec is provided, channel id [%s]", p.Channel.ChannelId)
	}
	p.Chaincode, p.Input = spec.ChaincodeSpec.ChaincodeId.GetName(), spec.ChaincodeSpec.Input
	p.Transient, p.input = payload.TransientMap, payload.Input
	if p.Input == nil {
		p.Input = &pb.ChaincodeInput{}
	}
	return nil
}

func (p *Proposal) checkNames() error {
	if p.Channel.ChannelId == "" {
		return errors.New("no channel id provided")
	}
	if p.Chaincode == "" {
		return fmt.Errorf("no chaincode name is provided, channel id [%s]", p.Channel.ChannelId)
	}
	extension := &pb.ChaincodeHeaderExtension{}
	if err := proto.Unmarshal(p.Channel.Extension, extension); err != nil {
		return fmt.Errorf("read the header's extension: %w", err)
	}
	if name := extension.ChaincodeId.GetName(); name != p.Chaincode {
		return fmt.Errorf("the header's extension names chaincode %q, the invocation %q", name, p.Chaincode)
	}
	return nil
}

// VisiblePayload is the payload without transient data: what goes on the ledger and into the proposal hash.
func (p *Proposal) VisiblePayload() ([]byte, error) {
	return proto.Marshal(&pb.ChaincodeProposalPayload{Input: p.input})
}

// ProposalHash binds a response to the proposal it answers.
func ProposalHash(channelHeader, signatureHeader, visiblePayload []byte) []byte {
	h := sha256.New()
	h.Write(channelHeader)
	h.Write(signatureHeader)
	h.Write(visiblePayload)
	return h.Sum(nil)
}

// TxID is the transaction id that belongs to a nonce and a creator.
func TxID(nonce, creator []byte) string {
	h := sha256.New()
	h.Write(nonce)
	h.Write(creator)
	return hex.EncodeToString(h.Sum(nil))
}
