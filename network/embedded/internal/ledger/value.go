package ledger

import (
	"bytes"
	"errors"
	"maps"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
)

// Version is the height at which a key was last written.
type Version struct{ Block, Tx uint64 }

// Value is a key's committed value with its version and metadata. A nil Data inside an update means that the key is
// deleted; a committed value always has data.
type Value struct {
	Version  Version
	Data     []byte
	Metadata map[string][]byte
}

var errBadValue = errors.New("malformed value in the state")

func encodeValue(v *Value) []byte {
	b := protowire.AppendVarint(nil, v.Version.Block)
	b = protowire.AppendVarint(b, v.Version.Tx)
	b = protowire.AppendVarint(b, uint64(len(v.Metadata)))
	for _, name := range slices.Sorted(maps.Keys(v.Metadata)) {
		b = protowire.AppendString(b, name)
		b = protowire.AppendBytes(b, v.Metadata[name])
	}
	return append(b, v.Data...)
}

// decodeValue copies what it returns: bytes of the database live only as long as their transaction.
func decodeValue(b []byte) (*Value, error) {
	d := decoder{rest: b}
	v := &Value{Version: Version{Block: d.varint(), Tx: d.varint()}}
	for n := d.varint(); n > 0 && !d.failed; n-- {
		if v.Metadata == nil {
			v.Metadata = map[string][]byte{}
		}
		name := string(d.bytes())
		v.Metadata[name] = bytes.Clone(d.bytes())
	}
	if d.failed {
		return nil, errBadValue
	}
	v.Data = append([]byte{}, d.rest...)
	return v, nil
}

// decoder reads protobuf's primitive encodings and remembers the first failure.
type decoder struct {
	rest   []byte
	failed bool
}

func (d *decoder) varint() uint64 {
	v, n := protowire.ConsumeVarint(d.rest)
	d.advance(n)
	return v
}

func (d *decoder) bytes() []byte {
	v, n := protowire.ConsumeBytes(d.rest)
	d.advance(n)
	return v
}

func (d *decoder) advance(n int) {
	if n < 0 {
		d.failed, d.rest = true, nil
		return
	}
	d.rest = d.rest[n:]
}
