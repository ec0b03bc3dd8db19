// Package rwset reads and writes Fabric's read/write sets.
package rwset

import (
	"errors"
	"fmt"

	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset"
	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset/kvrwset"
	"google.golang.org/protobuf/proto"
)

// ErrPrivateData says that a set touches private collections, which the embedded network does not have.
var ErrPrivateData = errors.New("private data is not available in the embedded network")

// Namespace is what one transaction read and wrote of one chaincode's keys.
type Namespace struct {
	Name string
	KV   *kvrwset.KVRWSet
}

// Set is a transaction's read/write set, in the order of its bytes.
type Set []Namespace

// Parse reads a TxReadWriteSet. A namespace that occurs twice is refused, as is private data.
func Parse(raw []byte) (Set, error) {
	message := &rwset.TxReadWriteSet{}
	if err := proto.Unmarshal(raw, message); err != nil {
		return nil, fmt.Errorf("read the read/write set: %w", err)
	}
	set := make(Set, 0, len(message.NsRwset))
	for _, ns := range message.NsRwset {
		if len(ns.CollectionHashedRwset) > 0 {
			return nil, ErrPrivateData
		}
		kv := &kvrwset.KVRWSet{}
		if err := proto.Unmarshal(ns.Rwset, kv); err != nil {
			return nil, fmt.Errorf("read the set of namespace %q: %w", ns.Namespace, err)
		}
		set = append(set, Namespace{Name: ns.Namespace, KV: kv})
	}
	return set, nil
}

// Marshal gives the bytes that an endorser signs.
func (s Set) Marshal() ([]byte, error) {
	message := &rwset.TxReadWriteSet{DataModel: rwset.TxReadWriteSet_KV}
	for _, ns := range s {
		raw, err := proto.Marshal(ns.KV)
		if err != nil {
			return nil, fmt.Errorf("encode the set of namespace %q: %w", ns.Name, err)
		}
		message.NsRwset = append(message.NsRwset, &rwset.NsReadWriteSet{Namespace: ns.Name, Rwset: raw})
	}
	return proto.Marshal(message)
}

// Writes reports whether the namespace changes anything.
func (n Namespace) Writes() bool { return len(n.KV.Writes)+len(n.KV.MetadataWrites) > 0 }
