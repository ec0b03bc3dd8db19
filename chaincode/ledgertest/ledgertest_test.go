package ledgertest

import (
	"slices"
	"strings"
	"testing"
)

// tx is a transaction that reads and writes as it is told.
func tx(id string, reads map[string]*version, writes map[string][]byte, ranges ...rangeRead) *Transaction {
	return &Transaction{ID: id, creator: "AlderMSP", RWSet: &RWSet{reads: reads, writes: writes, ranges: ranges}}
}

// ledger is a network of which only state and rules are used; failures of rules are counted by what fails.
func ledger(t testing.TB) *Network {
	t.Helper()
	return &Network{t: t, state: state{}, known: map[string]bool{}}
}

func put(key, value string) map[string][]byte { return map[string][]byte{key: []byte(value)} }

func compositeKey(parts ...string) string { return hidden(strings.Join(parts, "~")) }

var (
	one = compositeKey("study", "one")
	two = compositeKey("study", "two")
)

func TestAReadOfWhatAnEarlierTransactionWroteConflicts(t *testing.T) {
	n := ledger(t)
	first, second := tx("1", map[string]*version{one: nil}, put(one, "a")), tx("2", map[string]*version{one: nil}, put(one, "b"))
	blind := tx("3", nil, put(one, "c"))
	n.Commit(first, second, blind)
	if first.Code != Valid || second.Code != MVCCReadConflict || blind.Code != Valid {
		t.Errorf("%s %s %s", first.Code, second.Code, blind.Code)
	}
	if got := string(n.state[one].value); got != "c" || n.state[one].version != (version{1, 2}) {
		t.Errorf("the state is %q at %v", got, n.state[one].version)
	}
}

func TestAReadIsValidWhileTheVersionStands(t *testing.T) {
	n := ledger(t)
	n.Commit(tx("1", nil, put(one, "a")))
	reader := tx("2", map[string]*version{one: {1, 0}}, put(two, "x"))
	stale := tx("3", map[string]*version{one: {1, 0}}, put(two, "y"))
	n.Commit(reader)
	n.Commit(tx("4", nil, put(one, "a"))) // the same value is another version
	n.Commit(stale)
	if reader.Code != Valid || stale.Code != MVCCReadConflict {
		t.Errorf("%s %s", reader.Code, stale.Code)
	}
}

func TestADeletedKeyConflicts(t *testing.T) {
	n := ledger(t)
	n.Commit(tx("1", nil, put(one, "a")))
	n.Commit(tx("2", nil, map[string][]byte{one: nil}))
	reader := tx("3", map[string]*version{one: {1, 0}}, nil)
	n.Commit(reader)
	if _, exists := n.state[one]; exists || reader.Code != MVCCReadConflict {
		t.Errorf("%v %s", exists, reader.Code)
	}
}

func TestATransactionIsValidOnce(t *testing.T) {
	n := ledger(t)
	first, again := tx("1", nil, put(one, "a")), tx("1", nil, put(one, "b"))
	n.Commit(first)
	n.Commit(again)
	if again.Code != DuplicateTxID || string(n.state[one].value) != "a" {
		t.Errorf("%s %s", again.Code, n.state[one].value)
	}
}

func TestPhantoms(t *testing.T) {
	n := ledger(t)
	n.Commit(tx("1", nil, put(one, "a")))
	s := &stub{state: n.state, rwset: RWSet{reads: map[string]*version{}, writes: map[string][]byte{}}}
	if _, err := s.GetStateByPartialCompositeKey("study", nil); err != nil {
		t.Fatal(err)
	}
	if code := s.rwset.validate(n.state); code != Valid {
		t.Errorf("nothing has changed: %s", code)
	}
	n.Commit(tx("2", nil, put(two, "b")))
	if code := s.rwset.validate(n.state); code != PhantomReadConflict {
		t.Errorf("a key has appeared: %s", code)
	}
}

// recorder counts failures instead of failing.
type recorder struct {
	testing.TB
	failures int
}

func (r *recorder) Errorf(string, ...any) { r.failures++ }
func (r *recorder) Helper()               {}

func TestTheRulesAreChecked(t *testing.T) {
	for name, bad := range map[string]*Transaction{
		"a range":                  tx("1", nil, nil, rangeRead{first: one}),
		"another's key":            tx("2", nil, put(compositeKey("commit", "one", "000001", "BirchMSP", "rows"), "x")),
		"a key of an unknown kind": tx("3", nil, put(compositeKey("reward", "one"), "x")),
	} {
		r := &recorder{TB: t}
		ledger(r).Commit(bad)
		if r.failures != 1 {
			t.Errorf("%s: %d failures", name, r.failures)
		}
	}
	r := &recorder{TB: t}
	ledger(r).Commit(tx("1", nil, put(compositeKey("commit", "one", "000001", "AlderMSP", "rows"), "x")), tx("2", nil, put(one, "x")))
	if r.failures != 0 {
		t.Errorf("%d failures for what is right", r.failures)
	}
}

func TestATransactionMustReadSomethingOfWhatItWrites(t *testing.T) {
	for name, test := range map[string]struct {
		tx       *Transaction
		failures int
	}{
		"it reads the key":         {tx("1", map[string]*version{one: nil}, put(one, "a")), 0},
		"it reads one of two keys": {tx("2", map[string]*version{two: nil}, map[string][]byte{one: nil, two: nil}), 0},
		"it writes nothing":        {tx("3", map[string]*version{one: nil}, nil), 0},
		"it reads another":         {tx("4", map[string]*version{two: nil}, put(one, "a")), 1},
		"it reads nothing":         {tx("5", nil, put(one, "a")), 1},
	} {
		r := &recorder{TB: t}
		if ledger(r).checkOnce(test.tx); r.failures != test.failures {
			t.Errorf("%s: %d failures", name, r.failures)
		}
	}
}

func TestATransactionMustTellOfWhatItWrites(t *testing.T) {
	said := &Event{Name: "quorate"}
	for name, test := range map[string]struct {
		writes   map[string][]byte
		event    *Event
		failures int
	}{
		"it writes and tells": {put(one, "a"), said, 0},
		"it does neither":     {nil, nil, 0},
		"it only writes":      {put(one, "a"), nil, 1},
		"it only tells":       {nil, said, 1},
	} {
		r, told := &recorder{TB: t}, tx("1", nil, test.writes)
		told.Event = test.event
		if ledger(r).checkTold(told); r.failures != test.failures {
			t.Errorf("%s: %d failures", name, r.failures)
		}
	}
}

func TestDumpAndLoadAreInverse(t *testing.T) {
	n := ledger(t)
	n.Commit(tx("1", nil, put(one, "a")), tx("2", nil, put(two, "b")))
	other := ledger(t)
	other.Load(n.Dump())
	keys := other.state.between(one, two+"x")
	if !slices.Equal(keys, []string{one, two}) || string(other.state[two].value) != "b" {
		t.Errorf("%q", keys)
	}
}

func TestRowsEnd(t *testing.T) {
	s := &stub{state: state{one: {value: []byte("a")}}}
	rows := s.scan(one, two)
	if !rows.HasNext() {
		t.Fatal("there is no row")
	}
	if _, err := rows.Next(); err != nil {
		t.Fatal(err)
	}
	if _, err := rows.Next(); err == nil || rows.HasNext() {
		t.Error("there is a second row")
	}
}
