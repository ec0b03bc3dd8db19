package contract_test

import (
	"slices"
	"strings"
	"testing"

	"quorate.dev/chaincode/ledgertest"
)

// one is a call in a block.
type one struct {
	msp, role, function string
	doc                 m
}

// codes simulates calls on one state, commits them in one block in that order, and returns what became of them.
func (w *world) codes(calls ...one) []ledgertest.Code {
	w.t.Helper()
	block := w.Block(func(simulate func(*ledgertest.Client, string, any) *ledgertest.Transaction) {
		for _, call := range calls {
			simulate(w.as(call.msp, call.role), call.function, withSchema(call.function, call.doc))
		}
	})
	var codes []ledgertest.Code
	for _, tx := range block {
		codes = append(codes, tx.Code)
	}
	return codes
}

func TestWhatMembersDoInOneBlock(t *testing.T) {
	const conflict = ledgertest.MVCCReadConflict
	seal, round := m{"study": "one", "round": 1}, m{"study": "one", "round": 1, "dataset": "rows"}
	for _, test := range []struct {
		name  string
		world func(*testing.T) *world
		calls func(*world) []one
		codes []ledgertest.Code
	}{
		{"founding members confirm", func(t *testing.T) *world {
			w := newWorld(t)
			w.must(w.as(alder, "operator"), "consortium:Found", charter())
			return w
		}, func(w *world) (calls []one) {
			founding := w.read("consortium:Get", nil)["foundings"].([]any)[0].(m)
			for _, msp := range members {
				calls = append(calls, one{msp, "operator", "consortium:Confirm", m{"proposer": alder, "charter_digest": founding["charter_digest"]}})
			}
			return calls
		}, valid(4)},
		{"members vote", func(t *testing.T) *world { return proposed(t, nil) }, func(w *world) (calls []one) {
			for _, msp := range members {
				calls = append(calls, one{msp, "operator", "study:Vote", m{
					"study": "one", "version": 1, "terms_digest": w.study()["terms_digest"], "motion": "approve", "choice": "approve",
				}})
			}
			return calls
		}, valid(4)},
		{"participants accept", func(t *testing.T) *world { return approved(t, nil) }, func(w *world) (calls []one) {
			for _, msp := range members {
				calls = append(calls, one{msp, "steward", "study:Accept", m{"study": "one", "version": 1, "terms_digest": w.study()["terms_digest"]}})
			}
			return calls
		}, valid(4)},
		{"members reserve", func(t *testing.T) *world { return opened(t, nil) }, func(w *world) (calls []one) {
			for _, msp := range members {
				calls = append(calls, one{msp, "agent", "privacy:Reserve", round})
			}
			return calls
		}, valid(4)},
		{"members commit, decline and withdraw", reserved, func(w *world) []one {
			return []one{
				{alder, "agent", "round:Commit", w.commitDoc(alder, 1)}, {birch, "agent", "round:Commit", w.commitDoc(birch, 1)},
				{cedar, "agent", "round:Decline", with(round, m{"reason": "data"})}, {dogwd, "steward", "study:Withdraw", m{"study": "one", "version": 1}},
			}
		}, valid(4)},
		{"members attest", func(t *testing.T) *world { return sealed(t, nil) }, func(w *world) (calls []one) {
			for _, msp := range members {
				calls = append(calls, one{msp, "aggregator", "round:Attest", w.attestDoc(msp, 1, 1, digest("model"))})
			}
			return calls
		}, valid(4)},

		{"a seal after a commit that it has not seen", committed(3), func(w *world) []one {
			return []one{{dogwd, "agent", "round:Commit", w.commitDoc(dogwd, 1)}, {alder, "aggregator", "round:Seal", seal}}
		}, []ledgertest.Code{ledgertest.Valid, conflict}},
		{"a commit after a seal that it has not seen", committed(3), func(w *world) []one {
			return []one{{alder, "aggregator", "round:Seal", seal}, {dogwd, "agent", "round:Commit", w.commitDoc(dogwd, 1)}}
		}, []ledgertest.Code{ledgertest.Valid, conflict}},
		{"a seal after a decline that it has not seen", committed(3), func(w *world) []one {
			return []one{{dogwd, "agent", "round:Decline", with(round, m{"reason": "data"})}, {alder, "aggregator", "round:Seal", seal}}
		}, []ledgertest.Code{ledgertest.Valid, conflict}},
		{"a seal after a withdrawal that it has not seen", committed(3), func(w *world) []one {
			return []one{{dogwd, "steward", "study:Withdraw", m{"study": "one", "version": 1}}, {alder, "aggregator", "round:Seal", seal}}
		}, []ledgertest.Code{ledgertest.Valid, conflict}},
		{"two seals", committed(4), func(w *world) []one {
			return []one{{alder, "aggregator", "round:Seal", seal}, {birch, "aggregator", "round:Seal", seal}}
		}, []ledgertest.Code{ledgertest.Valid, conflict}},
		{"a tally after a vote that it has not seen", func(t *testing.T) *world {
			w := proposed(t, nil)
			for _, msp := range members[:3] {
				w.vote(msp, "approve", "approve")
			}
			return w
		}, func(w *world) []one {
			return []one{
				{dogwd, "operator", "study:Vote", m{"study": "one", "version": 1, "terms_digest": w.study()["terms_digest"], "motion": "approve", "choice": "reject"}},
				{alder, "operator", "study:Tally", m{"study": "one", "motion": "approve"}},
			}
		}, []ledgertest.Code{ledgertest.Valid, conflict}},
		{"a charge and a commit after a suspension that they have not seen", func(t *testing.T) *world {
			w := opened(t, nil)
			w.reserve(birch, 1)
			return w
		}, func(w *world) []one {
			return []one{
				{alder, "operator", "study:Suspend", m{"study": "one", "round": 1, "reason": "key"}},
				{cedar, "agent", "privacy:Reserve", round}, {birch, "agent", "round:Commit", w.commitDoc(birch, 1)},
			}
		}, []ledgertest.Code{ledgertest.Valid, conflict, conflict}},
		{"an opening after a suspension that it has not seen", func(t *testing.T) *world { return running(t, nil) }, func(*world) []one {
			return []one{
				{alder, "operator", "study:Suspend", m{"study": "one", "round": 0, "reason": "key"}},
				{birch, "aggregator", "round:Open", seal},
			}
		}, []ledgertest.Code{ledgertest.Valid, conflict}},
		{"a suspension after an opening that it has not seen", func(t *testing.T) *world { return running(t, nil) }, func(*world) []one {
			return []one{
				{birch, "aggregator", "round:Open", seal},
				{alder, "operator", "study:Suspend", m{"study": "one", "round": 0, "reason": "key"}},
			}
		}, []ledgertest.Code{ledgertest.Valid, conflict}},
		{"two reservations of one data set", func(t *testing.T) *world { return opened(t, nil) }, func(w *world) []one {
			return []one{{alder, "agent", "privacy:Reserve", round}, {alder, "agent", "privacy:Reserve", round}}
		}, []ledgertest.Code{ledgertest.Valid, conflict}},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := test.world(t)
			if got := w.codes(test.calls(w)...); !slices.Equal(got, test.codes) {
				t.Errorf("got %v, want %v", got, test.codes)
			}
		})
	}
}

func valid(n int) []ledgertest.Code { return slices.Repeat([]ledgertest.Code{ledgertest.Valid}, n) }

// reserved is a world in whose open round everyone has reserved.
func reserved(t *testing.T) *world {
	w := opened(t, nil)
	for _, msp := range members {
		w.reserve(msp, 1)
	}
	return w
}

// committed is such a world in which some have committed and the time to do so is over, but commits still arrive in time.
func committed(n int) func(*testing.T) *world {
	return func(t *testing.T) *world {
		w := reserved(t)
		for _, msp := range members[:n] {
			w.commit(msp, 1)
		}
		w.wait(10_000 + skew)
		return w
	}
}

// Every transaction reads the policy in force, so that a change of it in the same block makes others conflict.
func TestEveryTransactionReadsCharterAndPolicy(t *testing.T) {
	w := reserved(t)
	for function, doc := range map[string]m{"round:Commit": w.commitDoc(alder, 1), "round:Decline": {"study": "one", "round": 1, "dataset": "rows", "reason": "data"}} {
		tx, err := w.as(alder, "agent").Simulate(function, withSchema(function, doc))
		if err != nil {
			t.Fatal(err)
		}
		reads := strings.ReplaceAll(strings.Join(tx.RWSet.Reads(), " "), "\x00", "~")
		for _, key := range []string{"~charter~", "~policy~current~", "~policy~version~000001~"} {
			if !strings.Contains(reads, key) {
				t.Errorf("%s does not read %s", function, key)
			}
		}
	}
}

// The same keys are read whether a policy's parsed form is known or not: endorsers must not differ by their caches.
func TestReadsDoNotDependOnTheCache(t *testing.T) {
	w := reserved(t)
	call := withSchema("round:Commit", w.commitDoc(alder, 1))
	first, err := w.as(alder, "agent").Simulate("round:Commit", call)
	if err != nil {
		t.Fatal(err)
	}
	fresh := newWorld(t)
	fresh.Advance(w.Now().Sub(fresh.Now()))
	fresh.Load(w.Dump())
	second, err := fresh.as(alder, "agent").Simulate("round:Commit", call)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(first.RWSet.Reads(), second.RWSet.Reads()) || !slices.Equal(first.RWSet.Writes(), second.RWSet.Writes()) {
		t.Errorf("%q and %q", first.RWSet.Reads(), second.RWSet.Reads())
	}
}
