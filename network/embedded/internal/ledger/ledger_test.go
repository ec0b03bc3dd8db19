package ledger_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset/kvrwset"
	pb "github.com/hyperledger/fabric-protos-go-apiv2/peer"

	"quorate.dev/network/embedded/internal/fabtx"
	"quorate.dev/network/embedded/internal/ledger"
	"quorate.dev/network/embedded/internal/rwset"
)

// chain is a ledger and what is needed to append to it.
type chain struct {
	*ledger.Ledger
	t         *testing.T
	directory string
	undo      uint64
}

func open(t *testing.T, undo uint64) *chain {
	t.Helper()
	c := &chain{t: t, directory: t.TempDir(), undo: undo}
	c.reopen()
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

func (c *chain) reopen() {
	c.t.Helper()
	if c.Ledger != nil {
		if err := c.Close(); err != nil {
			c.t.Fatal(err)
		}
	}
	l, err := ledger.Open(c.directory, c.undo)
	if err != nil {
		c.t.Fatal(err)
	}
	c.Ledger = l
}

func (c *chain) block(entries int) *cb.Block {
	c.t.Helper()
	data := make([][]byte, entries)
	for i := range data {
		data[i] = fmt.Appendf(nil, "entry %d", i)
	}
	header := &cb.BlockHeader{DataHash: fabtx.DataHash(data)}
	if tip := c.Tip(); tip != nil {
		previous, err := fabtx.HeaderHash(tip.Header)
		if err != nil {
			c.t.Fatal(err)
		}
		header.Number, header.PreviousHash = tip.Header.Number+1, previous
	}
	return &cb.Block{Header: header, Data: &cb.BlockData{Data: data}, Metadata: &cb.BlockMetadata{Metadata: make([][]byte, 5)}}
}

// commit appends a block and returns its filter.
func (c *chain) commit(txs ...ledger.Tx) []pb.TxValidationCode {
	c.t.Helper()
	block := c.block(len(txs))
	if err := c.Commit(block, txs); err != nil {
		c.t.Fatal(err)
	}
	var codes []pb.TxValidationCode
	for _, b := range block.Metadata.Metadata[cb.BlockMetadataIndex_TRANSACTIONS_FILTER] {
		codes = append(codes, pb.TxValidationCode(b))
	}
	return codes
}

func (c *chain) snapshot() *ledger.Snapshot {
	c.t.Helper()
	snapshots, err := c.Snapshots(1)
	if err != nil {
		c.t.Fatal(err)
	}
	return snapshots[0]
}

// read returns a key's value as text; "-" when there is none.
func (c *chain) read(view ledger.View, key string) string {
	c.t.Helper()
	value, err := view.Get("cc", key)
	if err != nil {
		c.t.Fatal(err)
	}
	if value == nil {
		return "-"
	}
	return string(value.Data)
}

func (c *chain) keys(view ledger.View, start, end string) (keys []string) {
	c.t.Helper()
	iterator := view.Range("cc", start, end)
	for {
		key, value, err := iterator.Next()
		if err != nil {
			c.t.Fatal(err)
		}
		if value == nil {
			return keys
		}
		keys = append(keys, key)
	}
}

func set(kv *kvrwset.KVRWSet) rwset.Set { return rwset.Set{{Name: "cc", KV: kv}} }

func put(key, value string) *kvrwset.KVRWSet {
	return &kvrwset.KVRWSet{Writes: []*kvrwset.KVWrite{{Key: key, Value: []byte(value)}}}
}

func remove(key string) *kvrwset.KVRWSet {
	return &kvrwset.KVRWSet{Writes: []*kvrwset.KVWrite{{Key: key, IsDelete: true}}}
}

func tx(id string, kv *kvrwset.KVRWSet) ledger.Tx { return ledger.Tx{ID: id, Set: set(kv)} }

func at(block, index uint64) *kvrwset.Version {
	return &kvrwset.Version{BlockNum: block, TxNum: index}
}

func TestReadsAreComparedWithStateAndBlock(t *testing.T) {
	valid, conflict := pb.TxValidationCode_VALID, pb.TxValidationCode_MVCC_READ_CONFLICT
	reads := func(key string, version *kvrwset.Version) *kvrwset.KVRWSet {
		return &kvrwset.KVRWSet{Reads: []*kvrwset.KVRead{{Key: key, Version: version}}}
	}
	for name, test := range map[string]struct {
		before *kvrwset.KVRWSet // in the same block
		reads  *kvrwset.KVRWSet
		want   pb.TxValidationCode
	}{
		"as it is":                    {nil, reads("key", at(1, 0)), valid},
		"older":                       {nil, reads("key", at(0, 0)), conflict},
		"other index":                 {nil, reads("key", at(1, 1)), conflict},
		"read as missing":             {nil, reads("key", nil), conflict},
		"missing":                     {nil, reads("none", nil), valid},
		"missing, read as there":      {nil, reads("none", at(1, 0)), conflict},
		"written in the block":        {put("key", "value"), reads("key", at(1, 0)), conflict},
		"deleted in the block":        {remove("key"), reads("key", at(1, 0)), conflict},
		"written and read as written": {put("key", "value"), reads("key", at(2, 0)), conflict},
		"other key written":           {put("other", "value"), reads("key", at(1, 0)), valid},
	} {
		t.Run(name, func(t *testing.T) {
			c := open(t, 0)
			c.commit(ledger.Tx{})
			c.commit(tx("first", put("key", "value")))
			txs := []ledger.Tx{tx("reader", test.reads)}
			if test.before != nil {
				txs = append([]ledger.Tx{tx("before", test.before)}, txs...)
			}
			codes := c.commit(txs...)
			if got := codes[len(codes)-1]; got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestRangesAreRunAgain(t *testing.T) {
	query := func(start, end string, exhausted bool, reads ...*kvrwset.KVRead) *kvrwset.KVRWSet {
		return &kvrwset.KVRWSet{RangeQueriesInfo: []*kvrwset.RangeQueryInfo{{
			StartKey: start, EndKey: end, ItrExhausted: exhausted,
			ReadsInfo: &kvrwset.RangeQueryInfo_RawReads{RawReads: &kvrwset.QueryReads{KvReads: reads}},
		}}}
	}
	b, d := &kvrwset.KVRead{Key: "b", Version: at(1, 0)}, &kvrwset.KVRead{Key: "d", Version: at(1, 1)}
	valid, phantom := pb.TxValidationCode_VALID, pb.TxValidationCode_PHANTOM_READ_CONFLICT
	for name, test := range map[string]struct {
		before *kvrwset.KVRWSet
		query  *kvrwset.KVRWSet
		want   pb.TxValidationCode
	}{
		"as it is":           {nil, query("a", "z", true, b, d), valid},
		"open end":           {nil, query("a", "", true, b, d), valid},
		"not exhausted":      {nil, query("a", "b", false, b), valid},
		"end is left out":    {nil, query("a", "d", true, b), valid},
		"one was missed":     {nil, query("a", "z", true, b), phantom},
		"one is gone":        {remove("b"), query("a", "z", true, b, d), phantom},
		"one is new":         {put("c", "x"), query("a", "z", true, b, d), phantom},
		"new behind the end": {put("e", "x"), query("a", "d", true, b), valid},
		"new and gone":       {put("b", "y"), query("a", "z", true, b, d), phantom},
		"Merkle summary":     {nil, &kvrwset.KVRWSet{RangeQueriesInfo: []*kvrwset.RangeQueryInfo{{ReadsInfo: &kvrwset.RangeQueryInfo_ReadsMerkleHashes{ReadsMerkleHashes: &kvrwset.QueryReadsMerkleSummary{}}}}}, phantom},
	} {
		t.Run(name, func(t *testing.T) {
			c := open(t, 0)
			c.commit(ledger.Tx{})
			c.commit(tx("1", put("b", "x")), tx("2", put("d", "x")))
			txs := []ledger.Tx{tx("query", test.query)}
			if test.before != nil {
				txs = append([]ledger.Tx{tx("before", test.before)}, txs...)
			}
			codes := c.commit(txs...)
			if got := codes[len(codes)-1]; got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestOnlyValidTransactionsWrite(t *testing.T) {
	c := open(t, 0)
	c.commit(ledger.Tx{})
	bad := tx("bad", put("key", "bad"))
	bad.Code = pb.TxValidationCode_ENDORSEMENT_POLICY_FAILURE
	c.commit(tx("good", put("key", "good")), bad, tx("empty", put("gone", "")), tx("good", put("second", "x")))
	s := c.snapshot()
	defer func() { _ = s.Close() }()
	if got := c.read(s, "key"); got != "good" {
		t.Errorf("key reads %q", got)
	}
	if got := c.read(s, "gone"); got != "-" {
		t.Errorf("an empty value reads %q", got)
	}
	status, err := c.TxStatus("good")
	if err != nil || status != (ledger.TxStatus{Block: 1, Index: 0}) {
		t.Errorf("the first of an id counts: %+v %v", status, err)
	}
	if status, err := c.TxStatus("bad"); err != nil || status.Code != bad.Code || status.Index != 1 {
		t.Errorf("%+v %v", status, err)
	}
	if _, err := c.TxStatus("unknown"); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("got %v", err)
	}
}

func TestMetadataSurviveWritesAndGoWithDeletes(t *testing.T) {
	c := open(t, 0)
	c.commit(ledger.Tx{})
	metadata := func(key string) *kvrwset.KVRWSet {
		return &kvrwset.KVRWSet{MetadataWrites: []*kvrwset.KVMetadataWrite{{Key: key, Entries: []*kvrwset.KVMetadataEntry{{Name: "m", Value: []byte("1")}}}}}
	}
	has := func() bool {
		s := c.snapshot()
		defer func() { _ = s.Close() }()
		value, err := s.Get("cc", "key")
		if err != nil {
			t.Fatal(err)
		}
		return value != nil && string(value.Metadata["m"]) == "1"
	}
	for i, step := range []struct {
		kv   *kvrwset.KVRWSet
		want bool
	}{{metadata("key"), false}, {put("key", "a"), false}, {metadata("key"), true}, {put("key", "b"), true}, {remove("key"), false}, {put("key", "c"), false}} {
		c.commit(tx(fmt.Sprint(i), step.kv))
		if got := has(); got != step.want {
			t.Errorf("step %d: has metadata %t", i, got)
		}
	}
}

func TestPastViews(t *testing.T) {
	c := open(t, 3)
	c.commit(ledger.Tx{})
	for i, kv := range []*kvrwset.KVRWSet{put("a", "1"), put("b", "1"), put("a", "2"), remove("b"), put("c", "1")} {
		c.commit(tx(fmt.Sprint(i), kv))
	}
	for range 2 { // the second time after a restart
		s := c.snapshot()
		for _, test := range []struct {
			back    uint64
			a, b, c string
			keys    []string
		}{
			{0, "2", "-", "1", []string{"a", "c"}}, {1, "2", "-", "-", []string{"a"}}, {2, "2", "1", "-", []string{"a", "b"}},
			{3, "1", "1", "-", []string{"a", "b"}}, {4, "1", "1", "-", []string{"a", "b"}}, // no further than is kept
		} {
			view, err := s.Back(test.back)
			if err != nil {
				t.Fatal(err)
			}
			if a, b, x := c.read(view, "a"), c.read(view, "b"), c.read(view, "c"); a != test.a || b != test.b || x != test.c {
				t.Errorf("back %d: a=%s b=%s c=%s", test.back, a, b, x)
			}
			if got := c.keys(view, "", ""); !slices.Equal(got, test.keys) {
				t.Errorf("back %d: keys %v, want %v", test.back, got, test.keys)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		c.reopen()
	}
}

func TestLag(t *testing.T) {
	c := open(t, 4)
	for range 3 {
		c.commit(ledger.Tx{})
	}
	now := time.Now()
	for _, test := range []struct {
		blocks   uint64
		patience time.Duration
		now      time.Time
		want     uint64
	}{{0, 0, now, 0}, {2, 0, now, 2}, {9, 0, now, 3}, {2, time.Hour, now, 2}, {2, time.Minute, now.Add(time.Hour), 0}} {
		if got := c.Lag(test.blocks, test.patience, test.now); got != test.want {
			t.Errorf("%+v: got %d", test, got)
		}
	}
}

func TestSnapshotsAreOfOneState(t *testing.T) {
	c := open(t, 0)
	c.commit(ledger.Tx{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range 200 {
			c.commit(tx(fmt.Sprint(i), put("key", fmt.Sprint(i))))
		}
	}()
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		snapshots, err := c.Snapshots(4)
		if err != nil {
			t.Fatal(err)
		}
		first := c.read(snapshots[0], "key")
		for _, s := range snapshots[1:] {
			if got := c.read(s, "key"); got != first || s.Height() != snapshots[0].Height() {
				t.Fatalf("one reads %s, another %s", first, got)
			}
		}
		if err := ledger.CloseAll(snapshots); err != nil {
			t.Fatal(err)
		}
	}
}

func TestReopen(t *testing.T) {
	c := open(t, 0)
	c.commit(ledger.Tx{})
	if err := c.SetMeta("name", []byte("value")); err != nil {
		t.Fatal(err)
	}
	c.commit(tx("one", put("key", "value")))
	tip := c.Tip()
	c.reopen()
	if height, _ := c.Height(); height != 2 || c.Tip().String() != tip.String() {
		t.Errorf("height %d, tip %v", height, c.Tip())
	}
	if meta, err := c.Meta("name"); err != nil || string(meta) != "value" {
		t.Errorf("%q %v", meta, err)
	}
	c.commit(tx("two", put("key", "other"))) // the commit hash goes on from the one on disk
	before := c.Tip().Metadata.Metadata[cb.BlockMetadataIndex_COMMIT_HASH]
	if len(before) == 0 {
		t.Error("no commit hash")
	}
	if _, err := c.Block(9); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("got %v", err)
	}
}

func TestBlocksOutOfOrderAreRefused(t *testing.T) {
	c := open(t, 0)
	c.commit(ledger.Tx{})
	block := c.block(1)
	block.Header.Number = 7
	if err := c.Commit(block, []ledger.Tx{{}}); err == nil {
		t.Error("block 7 follows block 0")
	}
	if err := c.Commit(c.block(2), []ledger.Tx{{}}); err == nil {
		t.Error("a block with fewer verdicts than transactions")
	}
	if height, _ := c.Height(); height != 1 {
		t.Errorf("height %d", height)
	}
}

func TestHistoryKnowsKeysApart(t *testing.T) {
	c := open(t, 0)
	c.commit(ledger.Tx{})
	c.commit(tx("1", put("a", "1")), tx("2", put("a\x00b", "1")), tx("3", put("a\x00\x00\x00\x00\x00\x00\x00\x00\x01", "1")))
	c.commit(tx("4", put("a", "2")))
	s := c.snapshot()
	defer func() { _ = s.Close() }()
	got, err := s.History("cc", "a")
	if err != nil || !slices.Equal(got, []ledger.Version{{Block: 2, Tx: 0}, {Block: 1, Tx: 0}}) {
		t.Errorf("%v %v", got, err)
	}
}

func TestHeightTellsOfNewBlocks(t *testing.T) {
	c := open(t, 0)
	_, changed := c.Height()
	select {
	case <-changed:
		t.Fatal("changed before anything was committed")
	default:
	}
	c.commit(ledger.Tx{})
	select {
	case <-changed:
	case <-time.After(time.Minute):
		t.Fatal("nobody was told")
	}
}

func TestATransactionIsKnownWithItsBlock(t *testing.T) {
	c := open(t, 0)
	c.commit(ledger.Tx{})
	const blocks = 40
	early := make(chan string, 1)
	go func() {
		defer close(early)
		for number := uint64(1); number <= blocks; {
			status, err := c.TxStatus(fmt.Sprint(number))
			if errors.Is(err, ledger.ErrNotFound) {
				continue
			}
			if height, _ := c.Height(); err != nil || status.Block != number || height <= number {
				early <- fmt.Sprintf("transaction %d is known at height %d: %v %v", number, height, status, err)
				return
			}
			number++
		}
	}()
	for number := range blocks {
		c.commit(tx(fmt.Sprint(number+1), put("key", "value")))
	}
	if told, found := <-early; found {
		t.Error(told)
	}
}

func TestInUse(t *testing.T) {
	c := open(t, 0)
	if _, err := ledger.Open(c.directory, 0); !errors.Is(err, ledger.ErrInUse) {
		t.Errorf("got %v", err)
	}
}
