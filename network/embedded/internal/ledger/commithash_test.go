package ledger

import (
	"crypto/sha256"
	"encoding/hex"
	"testing"
)

// The expected hashes come from a program whose commit hashes a Fabric 3.1.5 peer reproduced for 1,019 blocks.
func TestCommitHash(t *testing.T) {
	pending := updates{
		"_lifecycle": {"namespaces/fields/cc/Sequence": {Version: Version{1, 0}, Data: []byte{8, 1}}},
		"quorate": {
			"a": {Version: Version{300, 0}, Data: []byte("value")}, "b": {Version: Version{300, 70000}},
			"\x00k\x00": {Version: Version{300, 2}, Data: []byte{}},
		},
	}
	previous := sha256.Sum256([]byte("previous"))
	for name, test := range map[string]struct {
		filter   []byte
		pending  updates
		previous []byte
		want     string
	}{
		"updates": {[]byte{0, 11, 0}, pending, previous[:], "87e854b13753b2e23f04135d0ecbf05d31d45ad2053ebcc7bba74a679b439ed8"},
		"nothing": {nil, nil, nil, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"},
	} {
		if got := hex.EncodeToString(nextCommitHash(test.filter, test.pending, test.previous)); got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
}

func TestOrderPreserving(t *testing.T) {
	for n, want := range map[uint64]string{0: "00", 1: "0101", 255: "01ff", 256: "020100", 1 << 63: "088000000000000000"} {
		if got := hex.EncodeToString(orderPreserving(n)); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}
