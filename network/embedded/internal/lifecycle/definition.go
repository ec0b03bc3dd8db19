// Package lifecycle knows how Fabric keeps chaincode definitions in the state of the _lifecycle namespace.
package lifecycle

import (
	"fmt"

	pb "github.com/hyperledger/fabric-protos-go-apiv2/peer"
	lb "github.com/hyperledger/fabric-protos-go-apiv2/peer/lifecycle"
	"google.golang.org/protobuf/proto"

	"quorate.dev/network/embedded/internal/chanconfig"
	"quorate.dev/network/embedded/internal/ledger"
)

// Names that Fabric gives.
const (
	Namespace         = "_lifecycle"
	SystemVersion     = "syscc"
	CommitFunction    = "CommitChaincodeDefinition"
	EndorsementPlugin = "escc"
	ValidationPlugin  = "vscc"

	Sequence        = "Sequence"
	endorsementInfo = "EndorsementInfo"
	validationInfo  = "ValidationInfo"
	collections     = "Collections"
	datatype        = "ChaincodeDefinition"
)

// Definition is a committed chaincode definition.
type Definition struct {
	Name, Version       string
	Sequence            int64
	ValidationParameter []byte // ApplicationPolicy
}

// FieldKey is the key of one field of a definition.
func FieldKey(chaincode, field string) string { return "namespaces/fields/" + chaincode + "/" + field }

func metadataKey(chaincode string) string { return "namespaces/metadata/" + chaincode }

// MajorityEndorsement is a validation parameter that refers to the channel's own endorsement policy.
func MajorityEndorsement() ([]byte, error) { return reference(chanconfig.Endorsement) }

func reference(path string) ([]byte, error) {
	return proto.Marshal(&pb.ApplicationPolicy{
		Type: &pb.ApplicationPolicy_ChannelConfigPolicyReference{ChannelConfigPolicyReference: path},
	})
}

// Committed reads a definition from the state; nil when there is none.
func Committed(view ledger.View, chaincode string) (*Definition, error) {
	sequence, err := field(view, chaincode, Sequence)
	if err != nil || sequence == nil {
		return nil, err
	}
	endorsement, validation := &lb.ChaincodeEndorsementInfo{}, &lb.ChaincodeValidationInfo{}
	for name, message := range map[string]proto.Message{endorsementInfo: endorsement, validationInfo: validation} {
		data, err := field(view, chaincode, name)
		if err != nil {
			return nil, err
		}
		if err := proto.Unmarshal(data.GetBytes(), message); err != nil {
			return nil, fmt.Errorf("%s of chaincode %s: %w", name, chaincode, err)
		}
	}
	return &Definition{
		Name: chaincode, Version: endorsement.Version, Sequence: sequence.GetInt64(), ValidationParameter: validation.ValidationParameter,
	}, nil
}

func field(view ledger.View, chaincode, name string) (*lb.StateData, error) {
	value, err := view.Get(Namespace, FieldKey(chaincode, name))
	if err != nil || value == nil {
		return nil, err
	}
	data := &lb.StateData{}
	if err := proto.Unmarshal(value.Data, data); err != nil {
		return nil, fmt.Errorf("%s of chaincode %s: %w", name, chaincode, err)
	}
	return data, nil
}

// ValidationParameter is the policy that transactions writing a namespace must satisfy; nil when there is none.
func ValidationParameter(view ledger.View, namespace string) ([]byte, error) {
	if namespace == Namespace {
		return reference(chanconfig.LifecycleEndorsement)
	}
	data, err := field(view, namespace, validationInfo)
	if err != nil || data == nil {
		return nil, err
	}
	validation := &lb.ChaincodeValidationInfo{}
	if err := proto.Unmarshal(data.GetBytes(), validation); err != nil {
		return nil, fmt.Errorf("validation info of %s: %w", namespace, err)
	}
	return validation.ValidationParameter, nil
}
