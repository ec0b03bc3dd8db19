// Package ccpeer is the peer's side of running chaincode: it simulates a proposal against a view of the state, speaks
// the chaincode protocol with the official shim, and records what was read and written.
package ccpeer

import (
	"bytes"
	"errors"
	"maps"
	"slices"

	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset/kvrwset"

	"quorate.dev/network/embedded/internal/ledger"
	"quorate.dev/network/embedded/internal/rwset"
)

// Errors that chaincode sees, in Fabric's words; the first two are its rules about paginated queries.
var (
	errWriteAfterPage = errors.New("unsuppored transaction. Transaction has already performed a paginated query. Writes are not allowed") // sic
	errPageAfterWrite = errors.New("unsuppored transaction. Paginated queries are supported only in a read-only transaction")
	errEmptyKey       = errors.New("an empty key is not supported")
)

// Simulation collects the read/write set of one proposal over one view. It is for one goroutine at a time.
type Simulation struct {
	view       ledger.View
	namespaces map[string]*namespace
	paginated  bool
	wrote      bool
}

type namespace struct {
	reads    map[string]*kvrwset.KVRead
	writes   map[string]*kvrwset.KVWrite
	metadata map[string]map[string][]byte
	ranges   []*kvrwset.RangeQueryInfo
}

// NewSimulation starts with nothing read and nothing written.
func NewSimulation(view ledger.View) *Simulation {
	return &Simulation{view: view, namespaces: map[string]*namespace{}}
}

func (s *Simulation) namespace(name string) *namespace {
	n := s.namespaces[name]
	if n == nil {
		n = &namespace{
			reads: map[string]*kvrwset.KVRead{}, writes: map[string]*kvrwset.KVWrite{}, metadata: map[string]map[string][]byte{},
		}
		s.namespaces[name] = n
	}
	return n
}

// Get reads committed state and records the version. It does not see the simulation's own writes, as in Fabric.
func (s *Simulation) Get(name, key string) (*ledger.Value, error) {
	value, err := s.view.Get(name, key)
	if err != nil {
		return nil, err
	}
	n := s.namespace(name)
	if n.reads[key] == nil {
		n.reads[key] = &kvrwset.KVRead{Key: key, Version: versionOf(value)}
	}
	return value, nil
}

// Put writes a key; an empty value deletes it, as in Fabric.
func (s *Simulation) Put(name, key string, value []byte) error {
	if key == "" {
		return errEmptyKey
	}
	return s.set(name, key, value)
}

// Delete deletes a key, also an empty one that nobody can have written.
func (s *Simulation) Delete(name, key string) error { return s.set(name, key, nil) }

func (s *Simulation) set(name, key string, value []byte) error {
	if err := s.canWrite(); err != nil {
		return err
	}
	s.namespace(name).writes[key] = &kvrwset.KVWrite{Key: key, IsDelete: len(value) == 0, Value: bytes.Clone(value)}
	return nil
}

// PutMetadata sets one entry of a key's metadata beside those that it has.
func (s *Simulation) PutMetadata(name, key, entry string, value []byte) error {
	if err := s.canWrite(); err != nil {
		return err
	}
	n := s.namespace(name)
	if n.metadata[key] == nil {
		old, err := s.Get(name, key)
		if err != nil {
			return err
		}
		n.metadata[key] = map[string][]byte{}
		if old != nil {
			maps.Copy(n.metadata[key], old.Metadata)
		}
	}
	n.metadata[key][entry] = bytes.Clone(value)
	return nil
}

func (s *Simulation) canWrite() error {
	if s.paginated {
		return errWriteAfterPage
	}
	s.wrote = true
	return nil
}

// Set returns what was read and written, in Fabric's order.
func (s *Simulation) Set() rwset.Set {
	set := make(rwset.Set, 0, len(s.namespaces))
	for _, name := range slices.Sorted(maps.Keys(s.namespaces)) {
		set = append(set, rwset.Namespace{Name: name, KV: s.namespaces[name].message()})
	}
	return set
}

func (n *namespace) message() *kvrwset.KVRWSet {
	kv := &kvrwset.KVRWSet{RangeQueriesInfo: n.ranges}
	for _, key := range slices.Sorted(maps.Keys(n.reads)) {
		kv.Reads = append(kv.Reads, n.reads[key])
	}
	for _, key := range slices.Sorted(maps.Keys(n.writes)) {
		kv.Writes = append(kv.Writes, n.writes[key])
	}
	for _, key := range slices.Sorted(maps.Keys(n.metadata)) {
		write := &kvrwset.KVMetadataWrite{Key: key}
		for _, entry := range slices.Sorted(maps.Keys(n.metadata[key])) {
			write.Entries = append(write.Entries, &kvrwset.KVMetadataEntry{Name: entry, Value: n.metadata[key][entry]})
		}
		kv.MetadataWrites = append(kv.MetadataWrites, write)
	}
	return kv
}

func versionOf(value *ledger.Value) *kvrwset.Version {
	if value == nil {
		return nil
	}
	return &kvrwset.Version{BlockNum: value.Version.Block, TxNum: value.Version.Tx}
}
