package records_test

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"

	"quorate.dev/chaincode/document"
	"quorate.dev/chaincode/merkle"
	"quorate.dev/chaincode/records"
)

// The same vector is read by the Python tests: both sides must hash a commit to the same leaf.
func TestLeafHashIsAsPublished(t *testing.T) {
	data, err := os.ReadFile("testdata/leaf.json")
	if err != nil {
		t.Fatal(err)
	}
	var vector struct {
		Leaf  records.Leaf `json:"leaf"`
		Bytes string       `json:"bytes"`
		Hash  string       `json:"hash"`
	}
	if err := json.Unmarshal(data, &vector); err != nil {
		t.Fatal(err)
	}
	encoded, err := document.Encode(vector.Leaf)
	if err != nil {
		t.Fatal(err)
	}
	if string(encoded) != vector.Bytes {
		t.Errorf("the leaf is %s, expected %s", encoded, vector.Bytes)
	}
	if hash := merkle.LeafHash(encoded); hex.EncodeToString(hash[:]) != vector.Hash {
		t.Errorf("its hash is %x, expected %s", hash, vector.Hash)
	}
}
