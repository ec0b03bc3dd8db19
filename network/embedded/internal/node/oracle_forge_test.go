package node_test

import (
	"fmt"

	"github.com/hyperledger/fabric-chaincode-go/v2/pkg/statebased"
	rw "github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset"
	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset/kvrwset"
	pb "github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"
)

// forgeries are read/write sets that no simulation gives but enough dishonest peers may sign.
var forgeries = map[string]func(*world, *parts){
	"read version of nowhere": func(w *world, p *parts) {
		p.edit(w, func(kv *kvrwset.KVRWSet) {
			kv.Reads = append(kv.Reads, &kvrwset.KVRead{Key: w.key(), Version: &kvrwset.Version{BlockNum: w.random.Uint64N(50), TxNum: w.random.Uint64N(40)}})
		})
	},
	"read of nothing": func(w *world, p *parts) {
		p.edit(w, func(kv *kvrwset.KVRWSet) { kv.Reads = append(kv.Reads, &kvrwset.KVRead{Key: w.key()}) })
	},
	"read of version nought": func(w *world, p *parts) {
		p.edit(w, func(kv *kvrwset.KVRWSet) {
			kv.Reads = append(kv.Reads, &kvrwset.KVRead{Key: w.key(), Version: &kvrwset.Version{}})
		})
	},
	"range that was empty": func(w *world, p *parts) {
		p.edit(w, func(kv *kvrwset.KVRWSet) { kv.RangeQueriesInfo = append(kv.RangeQueriesInfo, w.rangeQuery()) })
	},
	"range that ended early": func(w *world, p *parts) {
		p.edit(w, func(kv *kvrwset.KVRWSet) {
			query := w.rangeQuery()
			query.ItrExhausted = false
			kv.RangeQueriesInfo = append(kv.RangeQueriesInfo, query)
		})
	},
	"range without reads": func(w *world, p *parts) {
		p.edit(w, func(kv *kvrwset.KVRWSet) {
			query := w.rangeQuery()
			query.ReadsInfo = nil
			kv.RangeQueriesInfo = append(kv.RangeQueriesInfo, query)
		})
	},
	"range without end": func(w *world, p *parts) {
		p.edit(w, func(kv *kvrwset.KVRWSet) {
			kv.RangeQueriesInfo = append(kv.RangeQueriesInfo, &kvrwset.RangeQueryInfo{StartKey: "zz", ItrExhausted: true, ReadsInfo: rawReads()})
		})
	},
	"deletion of nothing": func(_ *world, p *parts) { p.writes(&kvrwset.KVWrite{Key: "never", IsDelete: true}) },
	"deletion with a value": func(w *world, p *parts) {
		p.writes(&kvrwset.KVWrite{Key: w.key(), IsDelete: true, Value: []byte("x")})
	},
	"empty value":          func(w *world, p *parts) { p.writes(&kvrwset.KVWrite{Key: w.key()}) },
	"empty key":            func(_ *world, p *parts) { p.writes(&kvrwset.KVWrite{Value: []byte("x")}) },
	"key with a zero byte": func(_ *world, p *parts) { p.writes(&kvrwset.KVWrite{Key: "a\x00b", Value: []byte("x")}) },
	"key of other letters": func(_ *world, p *parts) { p.writes(&kvrwset.KVWrite{Key: "ключ\U0010FFFF", Value: []byte("x")}) },
	"keys out of order": func(_ *world, p *parts) {
		p.writes(&kvrwset.KVWrite{Key: "z", Value: []byte("1")}, &kvrwset.KVWrite{Key: "a", Value: []byte("2")})
	},
	"nothing read, nothing written": func(_ *world, p *parts) { p.action.Results = nil },
	"large value":                   func(_ *world, p *parts) { p.writes(&kvrwset.KVWrite{Key: "large", Value: make([]byte, 1<<20)}) },
	"results malformed":             func(w *world, p *parts) { p.action.Results = w.flip(p.action.Results) },
	"set malformed": func(w *world, p *parts) {
		p.namespaces(w, func(set *rw.TxReadWriteSet) { set.NsRwset[0].Rwset = w.flip(set.NsRwset[0].Rwset) })
	},
	"data model unknown": func(w *world, p *parts) {
		p.namespaces(w, func(set *rw.TxReadWriteSet) { set.DataModel = 9 })
	},
	"namespace twice": func(w *world, p *parts) {
		p.namespaces(w, func(set *rw.TxReadWriteSet) { set.NsRwset = append(set.NsRwset, set.NsRwset[0]) })
	},
	"unknown chaincode written":  func(w *world, p *parts) { p.foreignWrite(w, "unknown") },
	"_lifecycle written":         func(w *world, p *parts) { p.foreignWrite(w, "_lifecycle") },
	"lscc written":               func(w *world, p *parts) { p.foreignWrite(w, "lscc") },
	"qscc written":               func(w *world, p *parts) { p.foreignWrite(w, "qscc") },
	"nameless namespace written": func(w *world, p *parts) { p.foreignWrite(w, "") },
	"unknown chaincode read": func(w *world, p *parts) {
		p.namespaces(w, func(set *rw.TxReadWriteSet) {
			raw := w.marshal(&kvrwset.KVRWSet{Reads: []*kvrwset.KVRead{{Key: "x"}}})
			set.NsRwset = append(set.NsRwset, &rw.NsReadWriteSet{Namespace: "unknown", Rwset: raw})
		})
	},
	"policy of a key": func(w *world, p *parts) {
		p.edit(w, func(kv *kvrwset.KVRWSet) {
			key := "own" + w.key()
			kv.Writes = append(kv.Writes, &kvrwset.KVWrite{Key: key, Value: []byte("owned")})
			kv.MetadataWrites = append(kv.MetadataWrites, w.keyPolicy(key))
		})
	},
	"policy of a key that is not": func(w *world, p *parts) {
		p.edit(w, func(kv *kvrwset.KVRWSet) { kv.MetadataWrites = append(kv.MetadataWrites, w.keyPolicy("nowhere")) })
	},
	"key with a policy written":   func(w *world, p *parts) { p.writes(&kvrwset.KVWrite{Key: "own" + w.key(), Value: []byte("changed")}) },
	"chaincode's version missing": func(_ *world, p *parts) { p.action.ChaincodeId.Version = "" },
	"chaincode's version another": func(_ *world, p *parts) { p.action.ChaincodeId.Version = "9.9" },
	"chaincode's name another":    func(_ *world, p *parts) { p.action.ChaincodeId.Name = "other" },
	"chaincode's id missing":      func(_ *world, p *parts) { p.action.ChaincodeId = nil },
	"chaincode that is not": func(w *world, p *parts) {
		p.channel.Extension = w.marshal(extension("nobody", ""))
		p.action.ChaincodeId.Name, p.action.Events = "nobody", nil
	},
	"chaincode _lifecycle": func(w *world, p *parts) {
		p.channel.Extension = w.marshal(extension("_lifecycle", ""))
		p.action.ChaincodeId.Name, p.action.Events = "_lifecycle", nil
	},
	"chaincode lscc": func(w *world, p *parts) {
		p.channel.Extension = w.marshal(extension("lscc", ""))
		p.action.ChaincodeId.Name, p.action.Events = "lscc", nil
	},
	"response missing in the action": func(_ *world, p *parts) { p.action.Response = nil },
	"response of failure":            func(_ *world, p *parts) { p.action.Response = &pb.Response{Status: 500, Message: "no"} },
	"event malformed":                func(w *world, p *parts) { p.action.Events = w.flip([]byte("\x0a\x07quorate")) },
	"event of another chaincode": func(w *world, p *parts) {
		p.action.Events = w.marshal(&pb.ChaincodeEvent{ChaincodeId: "other", EventName: "e"})
	},
	"event of another transaction": func(w *world, p *parts) {
		p.action.Events = w.marshal(&pb.ChaincodeEvent{ChaincodeId: "quorate", EventName: "e", TxId: "other"})
	},
	"event without a name": func(w *world, p *parts) { p.action.Events = w.marshal(&pb.ChaincodeEvent{ChaincodeId: "quorate"}) },
}

// forged is an honest transaction's shell with contents that nobody simulated.
func (w *world) forged() ([]byte, string) {
	name := w.pick(forgeries)
	envelope, _ := w.endorsed()
	p := w.take(envelope)
	forgeries[name](w, p)
	return p.build(w), name
}

// namespaces edits the whole read/write set.
func (p *parts) namespaces(w *world, edit func(*rw.TxReadWriteSet)) {
	set := &rw.TxReadWriteSet{}
	w.check(proto.Unmarshal(p.action.Results, set))
	edit(set)
	p.action.Results = w.marshal(set)
}

// edit edits the chaincode's own read/write set.
func (p *parts) edit(w *world, edit func(*kvrwset.KVRWSet)) {
	p.namespaces(w, func(set *rw.TxReadWriteSet) {
		for _, ns := range set.NsRwset {
			if ns.Namespace == "quorate" {
				kv := &kvrwset.KVRWSet{}
				w.check(proto.Unmarshal(ns.Rwset, kv))
				edit(kv)
				ns.Rwset = w.marshal(kv)
			}
		}
	})
}

// writes replaces the read/write set by writes alone.
func (p *parts) writes(writes ...*kvrwset.KVWrite) {
	raw, err := proto.Marshal(&kvrwset.KVRWSet{Writes: writes})
	if err != nil {
		panic(fmt.Sprintf("encode writes: %v", err)) // no message of this test can be unencodable
	}
	if p.action.Results, err = proto.Marshal(&rw.TxReadWriteSet{NsRwset: []*rw.NsReadWriteSet{{Namespace: "quorate", Rwset: raw}}}); err != nil {
		panic(fmt.Sprintf("encode a set: %v", err))
	}
}

// foreignWrite adds a write to a namespace that is not the chaincode's.
func (p *parts) foreignWrite(w *world, namespace string) {
	p.namespaces(w, func(set *rw.TxReadWriteSet) {
		raw := w.marshal(&kvrwset.KVRWSet{Writes: []*kvrwset.KVWrite{{Key: "x", Value: []byte("y")}}})
		for _, ns := range set.NsRwset {
			if ns.Namespace == namespace {
				ns.Rwset = raw
				return
			}
		}
		set.NsRwset = append(set.NsRwset, &rw.NsReadWriteSet{Namespace: namespace, Rwset: raw})
	})
}

func rawReads(reads ...*kvrwset.KVRead) *kvrwset.RangeQueryInfo_RawReads {
	return &kvrwset.RangeQueryInfo_RawReads{RawReads: &kvrwset.QueryReads{KvReads: reads}}
}

func (w *world) rangeQuery() *kvrwset.RangeQueryInfo {
	a, b := w.key(), w.key()
	if b < a {
		a, b = b, a
	}
	return &kvrwset.RangeQueryInfo{StartKey: a, EndKey: b, ItrExhausted: true, ReadsInfo: rawReads()}
}

func (w *world) keyPolicy(key string) *kvrwset.KVMetadataWrite {
	policy, err := statebased.NewStateEP(nil)
	w.check(err)
	w.check(policy.AddOrgs(statebased.RoleTypePeer, w.mspID(w.random.IntN(len(w.peers)))))
	raw, err := policy.Policy()
	w.check(err)
	return &kvrwset.KVMetadataWrite{Key: key, Entries: []*kvrwset.KVMetadataEntry{{Name: "VALIDATION_PARAMETER", Value: raw}}}
}
