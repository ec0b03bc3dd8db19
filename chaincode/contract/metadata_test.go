package contract_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"quorate.dev/chaincode/contract"
)

var update = flag.Bool("update", false, "write the golden files in testdata instead of comparing with them")

// golden compares data with a file in testdata.
func golden(t *testing.T, name string, data []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	expected, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(expected, data) {
		t.Errorf("%s is not what the code says; look at the difference, and run this test with -update", path)
	}
}

func TestMetadataIsAsPublished(t *testing.T) {
	data, err := contract.Metadata()
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "metadata.json", append(data, '\n'))
}
