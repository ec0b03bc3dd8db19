package node_test

import (
	"bufio"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"testing"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	pb "github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/encoding/protodelim"
	"google.golang.org/protobuf/proto"

	"quorate.dev/network/embedded/internal/chanconfig"
	"quorate.dev/network/embedded/internal/ledger"
	"quorate.dev/network/embedded/internal/validate"
)

const (
	recordedChain = "testdata/oracle.gz" // a run of the oracle, as Fabric's peer had committed it
	recordedBytes = 64 << 20
)

// record keeps the chain of a run if QUORATE_ORACLE_RECORD names a file.
func record(t *testing.T, chain []*cb.Block) {
	t.Helper()
	path := os.Getenv("QUORATE_ORACLE_RECORD")
	if path == "" {
		return
	}
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	packed := gzip.NewWriter(file)
	for _, block := range chain {
		if _, err := protodelim.MarshalTo(packed, block); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(packed.Close(), file.Close()); err != nil {
		t.Fatal(err)
	}
}

func readChain(t *testing.T, path string) (chain []*cb.Block) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	packed, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	rest := bufio.NewReader(io.LimitReader(packed, recordedBytes))
	for {
		block := &cb.Block{}
		err := (protodelim.UnmarshalOptions{MaxSize: recordedBytes}).UnmarshalFrom(rest, block)
		if errors.Is(err, io.EOF) {
			return chain
		}
		if err != nil {
			t.Fatal(err)
		}
		chain = append(chain, block)
	}
}

// TestRecordedOracle validates a chain again that Fabric's peer has validated, so that this also holds where there is no
// Fabric. The file is made by TestOracle with QUORATE_ORACLE_RECORD=testdata/oracle.gz.
func TestRecordedOracle(t *testing.T) {
	theirs := readChain(t, recordedChain)
	channel, err := chanconfig.Parse(theirs[0])
	if err != nil {
		t.Fatal(err)
	}
	l, err := ledger.Open(t.TempDir(), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	validator := &validate.Validator{Config: channel, Ledger: l}
	transactions := 0
	for i, block := range theirs {
		ours := proto.Clone(block).(*cb.Block)
		ours.Metadata.Metadata[cb.BlockMetadataIndex_TRANSACTIONS_FILTER] = nil
		ours.Metadata.Metadata[cb.BlockMetadataIndex_COMMIT_HASH] = nil
		if i == 0 {
			err = l.Commit(ours, []ledger.Tx{{Code: pb.TxValidationCode_VALID}})
		} else {
			err = validator.Commit(ours)
		}
		if err != nil {
			t.Fatalf("block %d: %v", i, err)
		}
		compareBlocks(t, ours, block, nil)
		transactions += len(block.Data.Data)
	}
	if transactions < 400 {
		t.Errorf("only %d transactions were recorded", transactions)
	}
}
