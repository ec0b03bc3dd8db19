package ledger

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"maps"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
)

// nextCommitHash chains a block's filter and updates onto the commit hash before it, bit for bit as a Fabric peer does.
func nextCommitHash(filter []byte, pending updates, previous []byte) []byte {
	h := sha256.New()
	h.Write(protowire.AppendVarint(nil, uint64(len(filter))))
	h.Write(filter)
	h.Write(encodeUpdates(pending))
	h.Write(previous)
	return h.Sum(nil)
}

// encodeUpdates reproduces Fabric's deterministic Updates message: repeated KVWrite {1 namespace (only with the first
// key of each), 3 key, 4 is-delete, 5 value, 6 version}, in the order of namespaces and keys.
func encodeUpdates(pending updates) []byte {
	var out []byte
	for _, namespace := range slices.Sorted(maps.Keys(pending)) {
		name := namespace
		for _, key := range slices.Sorted(maps.Keys(pending[namespace])) {
			out = protowire.AppendTag(out, 1, protowire.BytesType)
			out = protowire.AppendBytes(out, encodeUpdate(name, key, pending[namespace][key]))
			name = ""
		}
	}
	return out
}

func encodeUpdate(namespace, key string, value *Value) []byte {
	var out []byte
	if namespace != "" {
		out = protowire.AppendString(protowire.AppendTag(out, 1, protowire.BytesType), namespace)
	}
	if key != "" {
		out = protowire.AppendString(protowire.AppendTag(out, 3, protowire.BytesType), key)
	}
	if value.Data == nil {
		out = protowire.AppendVarint(protowire.AppendTag(out, 4, protowire.VarintType), 1)
	} else if len(value.Data) > 0 {
		out = protowire.AppendBytes(protowire.AppendTag(out, 5, protowire.BytesType), value.Data)
	}
	version := append(orderPreserving(value.Version.Block), orderPreserving(value.Version.Tx)...)
	return protowire.AppendBytes(protowire.AppendTag(out, 6, protowire.BytesType), version)
}

// orderPreserving is Fabric's variable-length integer: the number of bytes, then the bytes, most significant first.
func orderPreserving(n uint64) []byte {
	b := bytes.TrimLeft(binary.BigEndian.AppendUint64(nil, n), "\x00")
	return append([]byte{byte(len(b))}, b...)
}
