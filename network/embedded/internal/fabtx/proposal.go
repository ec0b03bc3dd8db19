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

// Proposal is a signed proposal, unpacked once. Nothing in it has been checked but its form, and that only as far as a
// gateway looks into it. Errors have the texts that Fabric's clients know.
type Proposal struct {
	Signed    *pb.SignedProposal
	Header    *cb.Header
	Channel   *cb.ChannelHeader
	Chaincode string // that the invocation names: what a gateway looks endorsers up by
	Input     *pb.ChaincodeInput
	Transient map[string][]byte

	// Signature is nil if it cannot be read. Invoked is the chaincode that the header's extension names: what endorsers run.
	// Defect is what endorsers object to in the form of what only they read.
	Signature *cb.SignatureHeader
	Invoked   string
	Defect    error

	spec  *pb.ChaincodeSpec
	input []byte // ChaincodeInvocationSpec, as the client wrote it
}

// UnpackProposal reads a signed proposal.
func UnpackProposal(signed *pb.SignedProposal) (*Proposal, error) {
	if len(signed.GetProposalBytes()) == 0 {
		return nil, errors.New("a signed proposal is required")
	}
	message, payload, invocation := &pb.Proposal{}, &pb.ChaincodeProposalPayload{}, &pb.ChaincodeInvocationSpec{}
	p := &Proposal{Signed: signed, Header: &cb.Header{}, Channel: &cb.ChannelHeader{}}
	if err := proto.Unmarshal(signed.ProposalBytes, message); err != nil {
		return nil, fmt.Errorf("error unmarshalling Proposal: %w", err)
	}
	if err := proto.Unmarshal(message.Header, p.Header); err != nil {
		return nil, fmt.Errorf("error unmarshalling Header: %w", err)
	}
	if err := proto.Unmarshal(p.Header.ChannelHeader, p.Channel); err != nil {
		return nil, fmt.Errorf("error unmarshalling ChannelHeader: %w", err)
	}
	if err := proto.Unmarshal(message.Payload, payload); err != nil {
		return nil, fmt.Errorf("error unmarshalling ChaincodeProposalPayload: %w", err)
	}
	if err := proto.Unmarshal(payload.Input, invocation); err != nil {
		return nil, fmt.Errorf("error unmarshalling ChaincodeInvocationSpec: %w", err)
	}
	p.spec, p.Transient, p.input = invocation.ChaincodeSpec, payload.TransientMap, payload.Input
	p.Chaincode, p.Input = p.spec.GetChaincodeId().GetName(), p.spec.GetInput()
	p.Defect = p.open()
	return p, nil
}

// CheckNames refuses a proposal that does not say of which channel and chaincode it is.
func (p *Proposal) CheckNames() error {
	switch {
	case p.Channel.ChannelId == "":
		return errors.New("no channel id provided")
	case p.spec == nil:
		return fmt.Errorf("no chaincode spec is provided, channel id [%s]", p.Channel.ChannelId)
	case p.spec.ChaincodeId == nil:
		return fmt.Errorf("no chaincode id is provided, channel id [%s]", p.Channel.ChannelId)
	case p.Chaincode == "":
		return fmt.Errorf("no chaincode name is provided, channel id [%s]", p.Channel.ChannelId)
	}
	return nil
}

func (p *Proposal) open() error {
	signature, extension := &cb.SignatureHeader{}, &pb.ChaincodeHeaderExtension{}
	if err := proto.Unmarshal(p.Header.SignatureHeader, signature); err != nil {
		return fmt.Errorf("error unmarshalling SignatureHeader: %w", err)
	}
	p.Signature = signature
	if err := proto.Unmarshal(p.Channel.Extension, extension); err != nil {
		return fmt.Errorf("error unmarshalling ChaincodeHeaderExtension: %w", err)
	}
	switch {
	case extension.ChaincodeId == nil:
		return errors.New("ChaincodeHeaderExtension.ChaincodeId is nil")
	case extension.ChaincodeId.Name == "":
		return errors.New("ChaincodeHeaderExtension.ChaincodeId.Name is empty")
	case p.spec == nil:
		return errors.New("chaincode invocation spec did not contain chaincode spec")
	case p.Input == nil:
		return errors.New("chaincode input did not contain any input")
	}
	p.Invoked = extension.ChaincodeId.Name
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
