package lifecycle

import (
	"fmt"

	lb "github.com/hyperledger/fabric-protos-go-apiv2/peer/lifecycle"
	"google.golang.org/protobuf/proto"

	"quorate.dev/network/embedded/internal/ledger"
)

// State is what a definition is written to; ccpeer's simulations are.
type State interface {
	Get(namespace, key string) (*ledger.Value, error)
	Put(namespace, key string, value []byte) error
}

// CommitArguments are the arguments by which a peer is asked to commit a definition.
func CommitArguments(d Definition) ([][]byte, error) {
	raw, err := proto.Marshal(&lb.CommitChaincodeDefinitionArgs{
		Sequence: d.Sequence, Name: d.Name, Version: d.Version, EndorsementPlugin: EndorsementPlugin,
		ValidationPlugin: ValidationPlugin, ValidationParameter: d.ValidationParameter,
	})
	if err != nil {
		return nil, fmt.Errorf("encode the definition: %w", err)
	}
	return [][]byte{[]byte(CommitFunction), raw}, nil
}

// Write writes a definition as Fabric's _lifecycle chaincode does. The keys it reads are in the read set, so that of two
// definitions in one block one loses.
func Write(state State, d Definition) error {
	for _, key := range []string{FieldKey(d.Name, Sequence), metadataKey(d.Name)} {
		if _, err := state.Get(Namespace, key); err != nil {
			return err
		}
	}
	fields, err := fieldsOf(d)
	if err != nil {
		return err
	}
	names := []string{Sequence, endorsementInfo, validationInfo, collections}
	for i, name := range names {
		if err := put(state, FieldKey(d.Name, name), fields[i]); err != nil {
			return err
		}
	}
	return put(state, metadataKey(d.Name), &lb.StateMetadata{Datatype: datatype, Fields: names})
}

func fieldsOf(d Definition) ([]proto.Message, error) {
	endorsement, err := data(&lb.ChaincodeEndorsementInfo{Version: d.Version, EndorsementPlugin: EndorsementPlugin})
	if err != nil {
		return nil, err
	}
	validation, err := data(&lb.ChaincodeValidationInfo{ValidationPlugin: ValidationPlugin, ValidationParameter: d.ValidationParameter})
	if err != nil {
		return nil, err
	}
	return []proto.Message{
		&lb.StateData{Type: &lb.StateData_Int64{Int64: d.Sequence}}, endorsement, validation,
		&lb.StateData{Type: &lb.StateData_Bytes{}},
	}, nil
}

func data(message proto.Message) (proto.Message, error) {
	raw, err := proto.Marshal(message)
	if err != nil {
		return nil, fmt.Errorf("encode a field of the definition: %w", err)
	}
	return &lb.StateData{Type: &lb.StateData_Bytes{Bytes: raw}}, nil
}

func put(state State, key string, message proto.Message) error {
	raw, err := proto.Marshal(message)
	if err != nil {
		return fmt.Errorf("encode %s: %w", key, err)
	}
	return state.Put(Namespace, key, raw)
}
