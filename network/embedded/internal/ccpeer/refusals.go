package ccpeer

import (
	"errors"
	"fmt"
	"strings"

	pb "github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"
)

// What is not to be had here is refused with the words of a peer that keeps its state in LevelDB, on a channel whose
// chaincode has no collections and is the only one.

// public refuses a collection.
func (e *execution) public(collection string) error {
	if collection == "" {
		return nil
	}
	return fmt.Errorf("collection %s/%s/%s could not be found", e.channel, e.chaincode, collection)
}

func getQueryResult(_ *Chaincode, run *execution, payload []byte) ([]byte, error) {
	request := &pb.GetQueryResult{}
	if err := proto.Unmarshal(payload, request); err != nil {
		return nil, err
	}
	if err := run.public(request.Collection); err != nil {
		return nil, err
	}
	return nil, errors.New("ExecuteQuery not supported for leveldb")
}

func getPrivateDataHash(_ *Chaincode, run *execution, payload []byte) ([]byte, error) {
	request := &pb.GetState{}
	if err := proto.Unmarshal(payload, request); err != nil {
		return nil, err
	}
	return nil, fmt.Errorf("collection [%s] not defined in the collection config for chaincode [%s]", request.Collection, run.chaincode)
}

func purgePrivateData(_ *Chaincode, run *execution, payload []byte) ([]byte, error) {
	request := &pb.DelState{}
	if err := proto.Unmarshal(payload, request); err != nil {
		return nil, err
	}
	return nil, run.public(request.Collection)
}

// invokeChaincode refuses to call another chaincode, since there is none, or this one, which is busy with the transaction.
func invokeChaincode(_ *Chaincode, run *execution, payload []byte) ([]byte, error) {
	spec := &pb.ChaincodeSpec{}
	if err := proto.Unmarshal(payload, spec); err != nil {
		return nil, err
	}
	name, channel, _ := strings.Cut(spec.GetChaincodeId().GetName(), "/")
	switch {
	case channel != "" && channel != run.channel:
		//lint:ignore ST1005 Fabric's words
		return nil, fmt.Errorf("Failed to get policy manager for channel [%s]", channel)
	case name == run.chaincode:
		return nil, fmt.Errorf("execute failed: error sending: txid: %s(%s) exists", run.txID, run.channel)
	}
	return nil, fmt.Errorf("execute failed: invalid invocation: [channel %s] failed to get chaincode container info for %s: chaincode %s not found",
		run.channel, name, name)
}
