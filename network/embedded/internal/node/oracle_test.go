package node_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	ob "github.com/hyperledger/fabric-protos-go-apiv2/orderer"
	pb "github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"

	"quorate.dev/network/embedded/internal/nettest"
)

const (
	oracleTransactions = 2000
	oracleBlock        = 40               // transactions at most
	oraclePatience     = 20 * time.Second // for the next block
)

// number reads a whole number from the environment.
func number(t *testing.T, name string, otherwise uint64) uint64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// TestOracle has a peer of Fabric itself follow the embedded network's chain through random transactions, most of them
// abusive, and compares the validation codes and the commit hash of every block.
func TestOracle(t *testing.T) {
	program := fabricPeer(t)
	seed := number(t, "QUORATE_ORACLE_SEED", uint64(time.Now().UnixNano()))
	total := int(number(t, "QUORATE_ORACLE_TRANSACTIONS", oracleTransactions))
	t.Logf("repeat with QUORATE_ORACLE_SEED=%d QUORATE_ORACLE_TRANSACTIONS=%d", seed, total)

	material := newMaterial(t, 3)
	material.Config.FabricVersion = versionOf(t, program)
	r := start(t, material, t.TempDir())
	defer stop(t, r)
	c := r.client(t, "alder")
	oracle := startPeer(t, program, material, "alder")
	genesis, err := proto.Marshal(chain(t, c, 0, 0)[0])
	if err != nil {
		t.Fatal(err)
	}
	oracle.join(t, material, "alder", genesis)

	w := newWorld(t, r, rand.New(rand.NewPCG(seed, 0))) //nolint:gosec // repeatable on purpose
	labels := map[uint64][]string{}
	number := r.ready.Height
	for done := 0; done < total; number++ {
		entries, names := w.block(min(1+w.random.IntN(oracleBlock), total-done))
		if err := r.WriteBlock(entries); err != nil {
			t.Fatalf("block %d: %v", number, err)
		}
		labels[number] = names
		done += len(entries)
	}
	ours := chain(t, c, 0, number-1)
	theirs := oracle.blocks(t, material, "alder", labels, number-1)
	codes, kinds := map[pb.TxValidationCode]int{}, map[string]bool{}
	for i := range ours {
		compareBlocks(t, ours[i], theirs[i], labels[uint64(i)])
		for j, code := range slot(ours[i], cb.BlockMetadataIndex_TRANSACTIONS_FILTER) {
			codes[pb.TxValidationCode(code)]++
			kinds[at(labels[uint64(i)], j)] = true
		}
	}
	if t.Failed() {
		return
	}
	record(t, theirs)
	t.Logf("%d blocks with %d transactions of %d kinds: %v", len(ours), total, len(kinds), codes)
}

func slot(block *cb.Block, index cb.BlockMetadataIndex) []byte {
	slots := block.GetMetadata().GetMetadata()
	if int(index) >= len(slots) {
		return nil
	}
	return slots[index]
}

// compareBlocks names what differs. It says nothing of commit hashes once codes have differed, since every later one
// follows from them.
func compareBlocks(t *testing.T, ours, theirs *cb.Block, names []string) {
	t.Helper()
	if !proto.Equal(ours.Header, theirs.Header) || !proto.Equal(ours.Data, theirs.Data) {
		t.Fatalf("block %d is another one", ours.Header.Number)
	}
	mine, real := slot(ours, cb.BlockMetadataIndex_TRANSACTIONS_FILTER), slot(theirs, cb.BlockMetadataIndex_TRANSACTIONS_FILTER)
	differences := ""
	for i := range max(len(mine), len(real)) {
		if i >= len(mine) || i >= len(real) || mine[i] != real[i] {
			differences += fmt.Sprintf("\n  transaction %d (%s): embedded %s, Fabric %s", i, at(names, i), codeAt(mine, i), codeAt(real, i))
		}
	}
	if differences != "" {
		t.Errorf("block %d: the transaction filters differ:%s", ours.Header.Number, differences)
	}
	if !t.Failed() && !bytes.Equal(slot(ours, cb.BlockMetadataIndex_COMMIT_HASH), slot(theirs, cb.BlockMetadataIndex_COMMIT_HASH)) {
		t.Fatalf("block %d: the filters agree and the commit hashes differ; transactions: %q, filter %x", ours.Header.Number, names, mine)
	}
}

func at(names []string, i int) string {
	if i < len(names) {
		return names[i]
	}
	return "made at the start"
}

func codeAt(filter []byte, i int) string {
	if i < len(filter) {
		return pb.TxValidationCode(filter[i]).String()
	}
	return "nothing"
}

// chain reads a part of the chain from a peer.
func chain(t *testing.T, c *nettest.Client, first, last uint64) []*cb.Block {
	t.Helper()
	found, err := readBlocks(context.Background(), c, first, last)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func readBlocks(ctx context.Context, c *nettest.Client, first, last uint64) ([]*cb.Block, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	patience := time.AfterFunc(oraclePatience, cancel)
	defer patience.Stop()
	stream, err := pb.NewDeliverClient(c.Conn).Deliver(ctx)
	if err != nil {
		return nil, err
	}
	seek, err := c.Seek(&ob.SeekInfo{Start: nettest.At(first), Stop: nettest.At(last)}, nil)
	if err != nil {
		return nil, err
	}
	if err := stream.Send(seek); err != nil {
		return nil, err
	}
	var found []*cb.Block
	for {
		response, err := stream.Recv()
		if err != nil {
			return found, err
		}
		block := response.GetBlock()
		if block == nil {
			return found, fmt.Errorf("status %s after %d blocks", response.GetStatus(), len(found))
		}
		found = append(found, block)
		patience.Reset(oraclePatience)
		if block.Header.Number == last {
			return found, nil
		}
	}
}

// blocks waits until the peer has committed the chain up to a block and returns it as the peer has it.
func (p *realPeer) blocks(t *testing.T, material *nettest.Material, organisation string, labels map[uint64][]string, last uint64) []*cb.Block {
	t.Helper()
	c, err := material.Dial(organisation, p.address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Conn.Close() }()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		select {
		case <-p.ended:
			cancel()
		case <-ctx.Done():
		}
	}()
	found, err := readBlocks(ctx, c, 0, last)
	if err != nil {
		next := max(uint64(len(found)), p.committed()+1)
		t.Fatalf("the peer stands still before block %d of %d, with %q: %v\n%s", next, last, labels[next], err, p.tail())
	}
	return found
}
