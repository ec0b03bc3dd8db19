package fabtx

import (
	"errors"
	"fmt"

	pb "github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"
)

// Action is the endorsed action inside a transaction.
type Action struct {
	Header         []byte // the proposal's signature header
	VisiblePayload []byte
	Response       []byte // ProposalResponsePayload, what the endorsers signed
	Endorsements   []*pb.Endorsement
	ProposalHash   []byte
	Extension      []byte // ChaincodeAction
}

// UnpackAction reads a transaction with exactly one action.
func UnpackAction(data []byte) (*Action, error) {
	transaction, payload, response := &pb.Transaction{}, &pb.ChaincodeActionPayload{}, &pb.ProposalResponsePayload{}
	if err := proto.Unmarshal(data, transaction); err != nil {
		return nil, fmt.Errorf("read the transaction: %w", err)
	}
	if len(transaction.Actions) != 1 {
		return nil, fmt.Errorf("a transaction has one action, this one %d", len(transaction.Actions))
	}
	if err := proto.Unmarshal(transaction.Actions[0].Payload, payload); err != nil {
		return nil, fmt.Errorf("read the action: %w", err)
	}
	if payload.Action == nil {
		return nil, errors.New("the action is missing")
	}
	if err := proto.Unmarshal(payload.Action.ProposalResponsePayload, response); err != nil {
		return nil, fmt.Errorf("read the proposal response: %w", err)
	}
	return &Action{
		Header: transaction.Actions[0].Header, VisiblePayload: payload.ChaincodeProposalPayload,
		Response: payload.Action.ProposalResponsePayload, Endorsements: payload.Action.Endorsements,
		ProposalHash: response.ProposalHash, Extension: response.Extension,
	}, nil
}

// Event returns the chaincode event that an action emits, or nil.
func Event(action *pb.ChaincodeAction) (*pb.ChaincodeEvent, error) {
	if len(action.GetEvents()) == 0 {
		return nil, nil
	}
	event := &pb.ChaincodeEvent{}
	if err := proto.Unmarshal(action.Events, event); err != nil {
		return nil, fmt.Errorf("read the chaincode event: %w", err)
	}
	return event, nil
}
