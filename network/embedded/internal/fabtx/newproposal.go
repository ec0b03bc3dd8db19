package fabtx

import (
	"fmt"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	pb "github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// ProposalFields are what a proposal is made of.
type ProposalFields struct {
	Channel, Chaincode string
	Args               [][]byte
	Transient          map[string][]byte
	Creator, Nonce     []byte
	Time               *timestamppb.Timestamp
}

// NewProposal makes a proposal, still without its signature.
func NewProposal(f ProposalFields) (*pb.SignedProposal, error) {
	header, err := f.header()
	if err != nil {
		return nil, err
	}
	input, err := proto.Marshal(&pb.ChaincodeInvocationSpec{ChaincodeSpec: &pb.ChaincodeSpec{
		ChaincodeId: &pb.ChaincodeID{Name: f.Chaincode}, Input: &pb.ChaincodeInput{Args: f.Args},
	}})
	if err != nil {
		return nil, fmt.Errorf("encode the invocation: %w", err)
	}
	payload, err := proto.Marshal(&pb.ChaincodeProposalPayload{Input: input, TransientMap: f.Transient})
	if err != nil {
		return nil, fmt.Errorf("encode the proposal's payload: %w", err)
	}
	raw, err := proto.Marshal(&pb.Proposal{Header: header, Payload: payload})
	if err != nil {
		return nil, fmt.Errorf("encode the proposal: %w", err)
	}
	return &pb.SignedProposal{ProposalBytes: raw}, nil
}

func (f ProposalFields) header() ([]byte, error) {
	extension, err := proto.Marshal(&pb.ChaincodeHeaderExtension{ChaincodeId: &pb.ChaincodeID{Name: f.Chaincode}})
	if err != nil {
		return nil, fmt.Errorf("encode the header's extension: %w", err)
	}
	channel, err := proto.Marshal(&cb.ChannelHeader{
		Type: int32(cb.HeaderType_ENDORSER_TRANSACTION), Timestamp: f.Time, ChannelId: f.Channel,
		TxId: TxID(f.Nonce, f.Creator), Extension: extension,
	})
	if err != nil {
		return nil, fmt.Errorf("encode the channel header: %w", err)
	}
	signature, err := proto.Marshal(&cb.SignatureHeader{Creator: f.Creator, Nonce: f.Nonce})
	if err != nil {
		return nil, fmt.Errorf("encode the signature header: %w", err)
	}
	return proto.Marshal(&cb.Header{ChannelHeader: channel, SignatureHeader: signature})
}
