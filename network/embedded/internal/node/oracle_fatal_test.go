package node_test

import (
	rw "github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset"
	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset/kvrwset"
	pb "github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"
)

// fatal reports whether Fabric's own peer would not survive a transaction, so that nobody can ask it for its opinion.
func fatal(data []byte) bool {
	transaction, payload := &pb.Transaction{}, &pb.ChaincodeActionPayload{}
	if proto.Unmarshal(data, transaction) != nil || len(transaction.Actions) != 1 {
		return false
	}
	if proto.Unmarshal(transaction.Actions[0].Payload, payload) != nil {
		return false
	}
	if payload.Action == nil {
		return true
	}
	response, action, set := &pb.ProposalResponsePayload{}, &pb.ChaincodeAction{}, &rw.TxReadWriteSet{}
	if proto.Unmarshal(payload.Action.ProposalResponsePayload, response) != nil || proto.Unmarshal(response.Extension, action) != nil {
		return false
	}
	if proto.Unmarshal(action.Results, set) != nil {
		return false
	}
	for _, ns := range set.NsRwset {
		if len(ns.CollectionHashedRwset) > 0 || fatalSet(ns.Rwset) {
			return true
		}
	}
	return false
}

// fatalSet finds a key that is written twice, and a read of a range without a version.
func fatalSet(raw []byte) bool {
	kv := &kvrwset.KVRWSet{}
	if proto.Unmarshal(raw, kv) != nil {
		return false
	}
	keys := map[string]bool{}
	for _, write := range kv.Writes {
		if keys[write.Key] {
			return true
		}
		keys[write.Key] = true
	}
	for _, query := range kv.RangeQueriesInfo {
		for _, read := range query.GetRawReads().GetKvReads() {
			if read.Version == nil {
				return true
			}
		}
	}
	return false
}
