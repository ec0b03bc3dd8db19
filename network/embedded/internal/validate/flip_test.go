package validate_test

import (
	"testing"

	pb "github.com/hyperledger/fabric-protos-go-apiv2/peer"
)

// Whatever byte of a transaction is changed, it is not valid any more, and reading it never panics.
func TestNoByteOfATransactionCanBeChanged(t *testing.T) {
	c := newChannel(t, 3)
	good := c.transaction().envelope()
	var spoiled [][]byte
	for i := range good {
		for _, mask := range []byte{0x01, 0x80} {
			changed := append([]byte{}, good...)
			changed[i] ^= mask
			spoiled = append(spoiled, changed)
		}
	}
	for i := range len(good) / 97 {
		spoiled = append(spoiled, good[:i*97])
	}
	codes := c.commit(append([][]byte{good}, spoiled...)...) // in one block, since whoever comes first takes the id
	if codes[0] != pb.TxValidationCode_VALID {
		t.Errorf("the unchanged one is %s", codes[0])
	}
	for i, code := range codes[1:] {
		if code == pb.TxValidationCode_VALID {
			t.Errorf("change %d of %d is valid", i, len(spoiled))
		}
	}
}
