package ccpeer

import (
	"fmt"
	"maps"
	"slices"

	pb "github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"
)

func getState(c *Chaincode, run *execution, payload []byte) ([]byte, error) {
	request := &pb.GetState{}
	if err := proto.Unmarshal(payload, request); err != nil {
		return nil, err
	}
	if err := run.public(request.Collection); err != nil {
		return nil, err
	}
	return c.value(run, request.Key)
}

func (c *Chaincode) value(run *execution, key string) ([]byte, error) {
	value, err := run.simulation.Get(c.name, key)
	if err != nil || value == nil {
		return nil, err
	}
	return value.Data, nil
}

func getStateMultiple(c *Chaincode, run *execution, payload []byte) ([]byte, error) {
	request, result := &pb.GetStateMultiple{}, &pb.GetStateMultipleResult{}
	if err := proto.Unmarshal(payload, request); err != nil {
		return nil, err
	}
	if err := run.public(request.Collection); err != nil {
		return nil, err
	}
	for _, key := range request.Keys {
		value, err := c.value(run, key)
		if err != nil {
			return nil, err
		}
		result.Values = append(result.Values, value)
	}
	return proto.Marshal(result)
}

func getStateMetadata(c *Chaincode, run *execution, payload []byte) ([]byte, error) {
	request, result := &pb.GetStateMetadata{}, &pb.StateMetadataResult{}
	if err := proto.Unmarshal(payload, request); err != nil {
		return nil, err
	}
	if err := run.public(request.Collection); err != nil {
		return nil, err
	}
	value, err := run.simulation.Get(c.name, request.Key)
	if err != nil {
		return nil, err
	}
	if value != nil {
		for _, name := range slices.Sorted(maps.Keys(value.Metadata)) {
			result.Entries = append(result.Entries, &pb.StateMetadata{Metakey: name, Value: value.Metadata[name]})
		}
	}
	return proto.Marshal(result)
}

func putState(c *Chaincode, run *execution, payload []byte) ([]byte, error) {
	request := &pb.PutState{}
	if err := proto.Unmarshal(payload, request); err != nil {
		return nil, err
	}
	return nil, c.write(run, &pb.WriteRecord{
		Type: pb.WriteRecord_PUT_STATE, Collection: request.Collection, Key: request.Key, Value: request.Value,
	})
}

func delState(c *Chaincode, run *execution, payload []byte) ([]byte, error) {
	request := &pb.DelState{}
	if err := proto.Unmarshal(payload, request); err != nil {
		return nil, err
	}
	return nil, c.write(run, &pb.WriteRecord{Type: pb.WriteRecord_DEL_STATE, Collection: request.Collection, Key: request.Key})
}

func putStateMetadata(c *Chaincode, run *execution, payload []byte) ([]byte, error) {
	request := &pb.PutStateMetadata{}
	if err := proto.Unmarshal(payload, request); err != nil {
		return nil, err
	}
	return nil, c.write(run, &pb.WriteRecord{
		Type: pb.WriteRecord_PUT_STATE_METADATA, Collection: request.Collection, Key: request.Key, Metadata: request.Metadata,
	})
}

func writeBatch(c *Chaincode, run *execution, payload []byte) ([]byte, error) {
	request := &pb.WriteBatchState{}
	if err := proto.Unmarshal(payload, request); err != nil {
		return nil, err
	}
	for _, record := range request.Rec {
		if err := c.write(run, record); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

func (c *Chaincode) write(run *execution, record *pb.WriteRecord) error {
	if err := run.public(record.Collection); err != nil {
		return err
	}
	switch record.Type {
	case pb.WriteRecord_PUT_STATE:
		return run.simulation.Put(c.name, record.Key, record.Value)
	case pb.WriteRecord_DEL_STATE:
		return run.simulation.Delete(c.name, record.Key)
	case pb.WriteRecord_PUT_STATE_METADATA:
		return run.simulation.PutMetadata(c.name, record.Key, record.Metadata.GetMetakey(), record.Metadata.GetValue())
	}
	return fmt.Errorf("unknown kind of write: %s", record.Type)
}
