package node_test

import (
	"fmt"
	"strings"
	"testing"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	pb "github.com/hyperledger/fabric-protos-go-apiv2/peer"

	"quorate.dev/network/embedded/internal/nettest"
)

// together endorses transactions on one state, then submits all of them and returns how each was committed.
func together(t *testing.T, c *nettest.Client, calls ...[]string) []pb.TxValidationCode {
	t.Helper()
	ids, envelopes := make([]string, len(calls)), make([]*cb.Envelope, len(calls))
	for i, call := range calls {
		var err error
		if envelopes[i], ids[i], err = c.Endorse(deadline(t), nil, call[0], call[1:]...); err != nil {
			t.Fatal(err)
		}
	}
	for i, envelope := range envelopes {
		if err := c.Send(deadline(t), envelope, ids[i]); err != nil {
			t.Fatal(err)
		}
	}
	codes := make([]pb.TxValidationCode, len(ids))
	for i, id := range ids {
		committed, err := c.Status(deadline(t), id)
		if err != nil {
			t.Fatal(err)
		}
		codes[i] = committed.Result
	}
	return codes
}

func TestReadConflicts(t *testing.T) {
	material := newMaterial(t, 1)
	material.Config.Batch.TimeoutMS = 50 // so that what is endorsed together is mostly in one block; the codes do not depend on it
	r := start(t, material, t.TempDir())
	defer stop(t, r)
	c := r.client(t, "alder")
	valid, conflict, phantom := pb.TxValidationCode_VALID, pb.TxValidationCode_MVCC_READ_CONFLICT, pb.TxValidationCode_PHANTOM_READ_CONFLICT
	for _, test := range []struct {
		name  string
		setup []string
		calls [][]string
		want  []pb.TxValidationCode
	}{
		{"same counter", nil, [][]string{{"Increment", "a"}, {"Increment", "a"}}, []pb.TxValidationCode{valid, conflict}},
		{"other counters", nil, [][]string{{"Increment", "b"}, {"Increment", "c"}}, []pb.TxValidationCode{valid, valid}},
		{"blind writes", nil, [][]string{{"Put", "d", "1"}, {"Put", "d", "2"}}, []pb.TxValidationCode{valid, valid}},
		{"read, then deleted", []string{"Put", "e", "1"}, [][]string{{"Delete", "e"}, {"Increment", "e"}}, []pb.TxValidationCode{valid, conflict}},
		{"key added to a range", nil, [][]string{{"Put", "f1", "x"}, {"CountInto", "f", "g", "count"}}, []pb.TxValidationCode{valid, phantom}},
		{"key taken from a range", []string{"Put", "h1", "x"}, [][]string{{"Delete", "h1"}, {"CountInto", "h", "i", "count"}}, []pb.TxValidationCode{valid, phantom}},
		{"key beside a range", nil, [][]string{{"Put", "k", "x"}, {"CountInto", "i", "k", "count"}}, []pb.TxValidationCode{valid, valid}},
		{"range of what is written anew", []string{"Put", "l1", "x"}, [][]string{{"Put", "l1", "x"}, {"CountInto", "l", "m", "count"}}, []pb.TxValidationCode{valid, phantom}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.setup != nil {
				submitValid(t, c, test.setup[0], test.setup[1:]...)
			}
			if got := together(t, c, test.calls...); fmt.Sprint(got) != fmt.Sprint(test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

func stop(t testing.TB, r *running) {
	t.Helper()
	if err := r.Stop(); err != nil {
		t.Error(err)
	}
}

func TestRangesLongerThanAPage(t *testing.T) {
	r := startFresh(t, 2)
	c := r.client(t, "alder")
	submitValid(t, c, "Bulk", "p", "250")
	if got := strings.Fields(evaluate(t, c, "Keys", "p", "q")); len(got) != 250 || got[0] != "p000000" || got[249] != "p000249" {
		t.Errorf("%d keys from %q", len(got), got[0])
	}
	submitValid(t, c, "CountInto", "p", "q", "count")
	if got := evaluate(t, c, "Get", "count"); got != "250" {
		t.Errorf("counted %s", got)
	}
	first := evaluate(t, c, "Page", "p", "p000003", "2", "")
	if first != "p000000 p000001|p000002" {
		t.Errorf("first page %q", first)
	}
	if last := evaluate(t, c, "Page", "p", "p000003", "2", "p000002"); last != "p000002|" {
		t.Errorf("last page %q", last)
	}
}

func TestHistory(t *testing.T) {
	r := startFresh(t, 1)
	c := r.client(t, "alder")
	submitValid(t, c, "Put", "key", "one")
	submitValid(t, c, "Put", "key-longer", "other")
	submitValid(t, c, "Delete", "key")
	submitValid(t, c, "Put", "key", "two")
	if got := evaluate(t, c, "History", "key"); got != "two/false /true one/false" {
		t.Errorf("history %q", got)
	}
}

func TestKeyWithItsOwnPolicy(t *testing.T) {
	r := startFresh(t, 3)
	c := r.client(t, "alder")
	submitValid(t, c, "Own", "mine", "BirchMSP")
	for _, test := range []struct {
		organisations []string
		want          pb.TxValidationCode
	}{
		{[]string{"AlderMSP", "CedarMSP"}, pb.TxValidationCode_ENDORSEMENT_POLICY_FAILURE},
		{[]string{"BirchMSP"}, pb.TxValidationCode_VALID},
	} {
		envelope, id, err := c.Endorse(deadline(t), test.organisations, "Put", "mine", "changed")
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Send(deadline(t), envelope, id); err != nil {
			t.Fatal(err)
		}
		if got, err := c.Status(deadline(t), id); err != nil || got.Result != test.want {
			t.Errorf("%v: %v %v, want %s", test.organisations, got, err, test.want)
		}
	}
	submitValid(t, c, "Put", "mine", "again") // the gateway finds out whom to ask
	submitValid(t, c, "Put", "nobody's", "x")
	if mine, other := evaluate(t, c, "Owned", "mine"), evaluate(t, c, "Owned", "nobody's"); mine != "true" || other != "false" {
		t.Errorf("owned: %s and %s", mine, other)
	}
}

func TestMessagesOfMany(t *testing.T) {
	r := startFresh(t, 2)
	c := r.client(t, "alder")
	submitValid(t, c, "Batch", "b", "1500") // more than one message takes
	if got := len(strings.Fields(evaluate(t, c, "Keys", "b", "c"))); got != 1500 {
		t.Errorf("%d keys", got)
	}
	if got := evaluate(t, c, "Several", "b000000", "none"); got != "x|" {
		t.Errorf("read %q", got)
	}
}
