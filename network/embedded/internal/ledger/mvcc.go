package ledger

import (
	"maps"

	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset/kvrwset"
	pb "github.com/hyperledger/fabric-protos-go-apiv2/peer"

	"quorate.dev/network/embedded/internal/rwset"
)

// updates is what the valid transactions of one block have written so far: namespace, key, value.
type updates map[string]map[string]*Value

func (u updates) get(namespace, key string) (*Value, bool) {
	v, ok := u[namespace][key]
	return v, ok
}

func (u updates) put(namespace, key string, v *Value) {
	if u[namespace] == nil {
		u[namespace] = map[string]*Value{}
	}
	u[namespace][key] = v
}

// state is what read sets are compared with: the committed state below the block's own updates.
type state struct {
	committed View
	pending   updates
}

// validate compares everything that a transaction read with the state now.
func (s state) validate(set rwset.Set) (pb.TxValidationCode, error) {
	for _, ns := range set {
		for _, read := range ns.KV.Reads {
			if ok, err := s.unread(ns.Name, read); err != nil || !ok {
				return pb.TxValidationCode_MVCC_READ_CONFLICT, err
			}
		}
		for _, query := range ns.KV.RangeQueriesInfo {
			if ok, err := s.sameRange(ns.Name, query); err != nil || !ok {
				return pb.TxValidationCode_PHANTOM_READ_CONFLICT, err
			}
		}
	}
	return pb.TxValidationCode_VALID, nil
}

// unread reports whether a key is still what it was when it was read. A write earlier in the block counts even if it
// wrote the same value.
func (s state) unread(namespace string, read *kvrwset.KVRead) (bool, error) {
	if _, written := s.pending.get(namespace, read.Key); written {
		return false, nil
	}
	value, err := s.committed.Get(namespace, read.Key)
	return err == nil && sameVersion(read.Version, value), err
}

func sameVersion(read *kvrwset.Version, value *Value) bool {
	if read == nil || value == nil {
		return read == nil && value == nil
	}
	return read.BlockNum == value.Version.Block && read.TxNum == value.Version.Tx
}

// sameRange runs a range query again.
func (s state) sameRange(namespace string, query *kvrwset.RangeQueryInfo) (bool, error) {
	if query.GetReadsMerkleHashes() != nil {
		return false, nil // no endorser of this network makes these, so nobody is owed their recomputation
	}
	end := query.EndKey
	if !query.ItrExhausted {
		end += "\x00" // the end key itself was read
	}
	now, err := s.keys(namespace, query.StartKey, end)
	if err != nil {
		return false, err
	}
	reads := query.GetRawReads().GetKvReads()
	if len(reads) != len(now) {
		return false, nil
	}
	for _, read := range reads {
		if value, ok := now[read.Key]; !ok || !sameVersion(read.Version, value) {
			return false, nil
		}
	}
	return true, nil
}

func (s state) keys(namespace, start, end string) (map[string]*Value, error) {
	found := map[string]*Value{}
	iterator := s.committed.Range(namespace, start, end)
	for {
		key, value, err := iterator.Next()
		if err != nil {
			return nil, err
		}
		if value == nil {
			break
		}
		found[key] = value
	}
	for key, value := range s.pending[namespace] {
		if key >= start && (end == "" || key < end) {
			found[key] = value
		}
	}
	maps.DeleteFunc(found, func(_ string, v *Value) bool { return v.Data == nil })
	return found, nil
}

// apply adds a valid transaction's writes. Metadata survives a write and goes with a delete, as in Fabric.
func (s state) apply(set rwset.Set, at Version) error {
	for _, ns := range set {
		for _, write := range ns.KV.Writes {
			value := &Value{Version: at}
			if !write.IsDelete && len(write.Value) > 0 { // an empty value is a delete, in Fabric too
				old, err := s.current(ns.Name, write.Key)
				if err != nil {
					return err
				}
				value.Data = append([]byte{}, write.Value...)
				value.Metadata = old.metadata()
			}
			s.pending.put(ns.Name, write.Key, value)
		}
		if err := s.applyMetadata(ns, at); err != nil {
			return err
		}
	}
	return nil
}

func (s state) applyMetadata(ns rwset.Namespace, at Version) error {
	for _, write := range ns.KV.MetadataWrites {
		old, err := s.current(ns.Name, write.Key)
		if err != nil {
			return err
		}
		if old == nil {
			continue // metadata of a key that does not exist is dropped
		}
		metadata := map[string][]byte{}
		for _, entry := range write.Entries {
			metadata[entry.Name] = entry.Value
		}
		s.pending.put(ns.Name, write.Key, &Value{Version: at, Data: old.Data, Metadata: metadata})
	}
	return nil
}

// current is a key's value with the block's own updates, nil when it does not exist.
func (s state) current(namespace, key string) (*Value, error) {
	if value, ok := s.pending.get(namespace, key); ok {
		if value.Data == nil {
			return nil, nil
		}
		return value, nil
	}
	return s.committed.Get(namespace, key)
}

func (v *Value) metadata() map[string][]byte {
	if v == nil {
		return nil
	}
	return v.Metadata
}
