package contract_test

import (
	"encoding/json"
	"strings"
	"testing"
)

// What a step may do in a state.
const (
	moves = "moves" // it succeeds and writes
	same  = "same"  // it has happened already, and changes nothing
	wrong = "wrong" // INVALID_STATE that names the state
)

// A step is a call that tests make in every state.
type step struct {
	name string
	call func(w *world) (who, role, function string, doc m)
}

// try makes a step and says what it did.
func (s step) try(t *testing.T, w *world, state string) string {
	t.Helper()
	msp, role, function, doc := s.call(w)
	tx, err := w.as(msp, role).Simulate(function, withSchema(function, doc))
	switch {
	case err == nil && len(tx.RWSet.Writes()) == 0:
		if tx.Event != nil {
			t.Errorf("%s in %s wrote nothing and emitted %s", s.name, state, tx.Event.Payload)
		}
		return same
	case err == nil:
		if tx.Event == nil {
			t.Errorf("%s in %s emitted nothing", s.name, state)
		}
		return moves
	case strings.HasPrefix(err.Error(), "INVALID_STATE: "):
		if !strings.Contains(err.Error(), state) || !strings.Contains(err.Error(), "this step expects") {
			t.Errorf("%s in %s does not name both states: %v", s.name, state, err)
		}
		return wrong
	default:
		return err.Error()
	}
}

// studyIn is a world whose study is in a state.
func studyIn(t *testing.T, state string) *world {
	t.Helper()
	switch state {
	case "PROPOSED":
		return proposed(t, plain())
	case "APPROVED":
		return approved(t, plain())
	case "READY":
		w := approved(t, plain())
		for _, msp := range members {
			w.accept(msp)
		}
		w.must(w.as(alder, "operator"), "study:Tally", m{"study": "one", "motion": "accept"})
		return w
	case "RUNNING":
		return running(t, plain())
	case "SUSPENDED":
		w := running(t, plain())
		w.suspend(birch, 0, "key")
		return w
	case "COMPLETED":
		w := sealed(t, with(plain(), m{"rounds": 1}))
		for _, msp := range members[:3] {
			w.attest(msp, 1, 1, digest("model"))
		}
		w.must(w.as(alder, "aggregator"), "round:Finalize", m{"study": "one", "round": 1})
		return w
	case "REJECTED":
		w := proposed(t, plain())
		w.vote(birch, "approve", "reject")
		w.vote(cedar, "approve", "reject")
		w.must(w.as(alder, "operator"), "study:Tally", m{"study": "one", "motion": "approve"})
		return w
	default:
		w := proposed(t, plain())
		for _, msp := range members[:3] {
			w.vote(msp, "abort", "approve")
		}
		w.must(w.as(alder, "operator"), "study:Tally", m{"study": "one", "motion": "abort"})
		return w
	}
}

func onStudy(msp, role, function string, changes m) func(*world) (string, string, string, m) {
	return func(w *world) (string, string, string, m) {
		doc := m{"study": "one"}
		if function == "study:Vote" || function == "study:Accept" || function == "study:Withdraw" {
			doc["version"] = w.study()["version"]
		}
		if function == "study:Vote" || function == "study:Accept" {
			doc["terms_digest"] = w.study()["terms_digest"]
		}
		return msp, role, function, with(doc, changes)
	}
}

func TestEveryStepInEveryStateOfAStudy(t *testing.T) {
	states := []string{"PROPOSED", "APPROVED", "READY", "RUNNING", "SUSPENDED", "COMPLETED", "REJECTED", "ABORTED"}
	table := []struct {
		step
		does []string // in the order of states
	}{
		{step{"vote to approve", onStudy(dogwd, "operator", "study:Vote", m{"motion": "approve", "choice": "approve"})},
			[]string{moves, wrong, wrong, wrong, wrong, wrong, wrong, wrong}},
		{step{"vote to abort", onStudy(dogwd, "operator", "study:Vote", m{"motion": "abort", "choice": "approve"})},
			[]string{moves, moves, moves, moves, moves, wrong, wrong, wrong}},
		{step{"vote to resume", onStudy(dogwd, "operator", "study:Vote", m{"motion": "resume/1", "choice": "approve"})},
			[]string{wrong, wrong, wrong, wrong, moves, wrong, wrong, wrong}},
		{step{"tally approval", onStudy(cedar, "aggregator", "study:Tally", m{"motion": "approve"})},
			[]string{wrong, same, same, same, same, same, same, wrong}},
		{step{"tally acceptance", onStudy(cedar, "aggregator", "study:Tally", m{"motion": "accept"})},
			[]string{wrong, wrong, same, same, same, same, wrong, wrong}},
		{step{"tally abort", onStudy(cedar, "aggregator", "study:Tally", m{"motion": "abort"})},
			[]string{wrong, wrong, wrong, wrong, wrong, wrong, wrong, same}},
		{step{"tally resuming", onStudy(cedar, "aggregator", "study:Tally", m{"motion": "resume/1"})},
			[]string{wrong, wrong, wrong, wrong, wrong, wrong, wrong, wrong}},
		{step{"accept", onStudy(alder, "steward", "study:Accept", nil)},
			[]string{wrong, moves, same, same, same, same, wrong, wrong}},
		{step{"withdraw", onStudy(alder, "steward", "study:Withdraw", nil)},
			[]string{wrong, moves, moves, moves, moves, wrong, wrong, wrong}},
		{step{"start", onStudy(alder, "operator", "study:Start", nil)},
			[]string{wrong, wrong, moves, same, same, same, wrong, wrong}},
		{step{"suspend", onStudy(alder, "steward", "study:Suspend", m{"round": 0, "reason": "data"})},
			[]string{wrong, wrong, wrong, moves, moves, wrong, wrong, wrong}},
		{step{"complete", onStudy(alder, "operator", "study:Complete", nil)},
			[]string{wrong, wrong, wrong, wrong, wrong, same, wrong, wrong}},
		{step{"open a round", onStudy(alder, "aggregator", "round:Open", m{"round": 1})},
			[]string{wrong, wrong, wrong, moves, wrong, same, wrong, wrong}},
	}
	for i, state := range states {
		w := studyIn(t, state)
		if got := w.study()["state"]; got != state {
			t.Fatalf("the study is %v, not %s", got, state)
		}
		for _, row := range table {
			if got := row.try(t, w, state); got != row.does[i] {
				t.Errorf("%s in %s: %s, want %s", row.name, state, got, row.does[i])
			}
		}
	}
}

// roundIn is a world whose round 1 is in a state; Dogwood has said nothing in it.
func roundIn(t *testing.T, state string) *world {
	t.Helper()
	w := opened(t, plain())
	if state == "OPEN" {
		return w
	}
	if state == "ABORTED" {
		w.wait(10_000 + skew)
		w.must(w.as(alder, "operator"), "round:Abort", m{"study": "one", "round": 1})
		return w
	}
	for _, msp := range members[:3] {
		w.commit(msp, 1)
	}
	w.wait(10_000 + skew)
	w.must(w.as(alder, "aggregator"), "round:Seal", m{"study": "one", "round": 1})
	switch state {
	case "FINAL":
		for _, msp := range members[:3] {
			w.attest(msp, 1, 1, digest("model"))
		}
		w.must(w.as(alder, "aggregator"), "round:Finalize", m{"study": "one", "round": 1})
	case "DISPUTED":
		for attempt := 1; attempt <= 3; attempt++ {
			w.wait(8000)
			w.must(w.as(alder, "aggregator"), "round:Retry", m{"study": "one", "round": 1, "attempt": attempt})
		}
	}
	return w
}

func onRound(msp, role, function string, changes m) func(*world) (string, string, string, m) {
	return func(*world) (string, string, string, m) {
		return msp, role, function, with(m{"study": "one", "round": 1}, changes)
	}
}

func TestEveryStepInEveryStateOfARound(t *testing.T) {
	states := []string{"OPEN", "SEALED", "FINAL", "DISPUTED", "ABORTED"}
	table := []struct {
		step
		does []string // in the order of states
	}{
		{step{"decline", onRound(dogwd, "agent", "round:Decline", m{"dataset": "plain", "reason": "data"})},
			[]string{moves, wrong, wrong, wrong, wrong}},
		{step{"commit", func(w *world) (string, string, string, m) {
			return dogwd, "agent", "round:Commit", w.commitDoc(dogwd, 1)
		}},
			[]string{moves, moves, wrong, wrong, wrong}},
		{step{"seal", onRound(cedar, "aggregator", "round:Seal", nil)},
			[]string{wrong, same, same, same, wrong}},
		{step{"attest", func(w *world) (string, string, string, m) {
			return dogwd, "aggregator", "round:Attest", w.attestDoc(dogwd, 1, 1, digest("model"))
		}},
			[]string{wrong, moves, wrong, wrong, wrong}},
		{step{"finalize", onRound(cedar, "aggregator", "round:Finalize", nil)},
			[]string{wrong, wrong, same, wrong, wrong}},
		{step{"retry", onRound(cedar, "aggregator", "round:Retry", m{"attempt": 1})},
			[]string{wrong, wrong, wrong, same, wrong}},
		{step{"abort", onRound(cedar, "operator", "round:Abort", nil)},
			[]string{wrong, wrong, wrong, wrong, same}},
		{step{"open again", onRound(cedar, "aggregator", "round:Open", nil)},
			[]string{same, same, same, same, same}},
		{step{"open the next", onRound(cedar, "aggregator", "round:Open", m{"round": 2})},
			[]string{wrong, wrong, moves, wrong, moves}},
	}
	for i, state := range states {
		w := roundIn(t, state)
		if got := w.round(1)["state"]; got != state {
			t.Fatalf("the round is %v, not %s", got, state)
		}
		for _, row := range table {
			if got := row.try(t, w, state); got != row.does[i] {
				t.Errorf("%s in %s: %s, want %s", row.name, state, got, row.does[i])
			}
		}
	}
}

// A round of a study that no longer runs takes no step, whatever its own state.
func TestRoundsOfAnAbortedStudyStandStill(t *testing.T) {
	for _, state := range []string{"OPEN", "SEALED"} {
		w := roundIn(t, state)
		for _, msp := range members[:3] {
			w.vote(msp, "abort", "approve")
		}
		w.must(w.as(alder, "operator"), "study:Tally", m{"study": "one", "motion": "abort"})
		w.refused(w.as(dogwd, "agent"), "round:Commit", w.commitDoc(dogwd, 1), "INVALID_STATE", "ABORTED", "RUNNING")
		w.refused(w.as(dogwd, "aggregator"), "round:Finalize", m{"study": "one", "round": 1}, "INVALID_STATE", "RUNNING")
		w.refused(w.as(dogwd, "aggregator"), "round:Open", m{"study": "one", "round": 2}, "INVALID_STATE", "RUNNING")
		if state == "OPEN" {
			w.refused(w.as(dogwd, "aggregator"), "round:Seal", m{"study": "one", "round": 1}, "INVALID_STATE", "RUNNING")
			continue
		}
		w.refused(w.as(dogwd, "aggregator"), "round:Attest", w.attestDoc(dogwd, 1, 1, digest("model")), "INVALID_STATE", "RUNNING")
		w.refused(w.as(dogwd, "aggregator"), "round:Retry", m{"study": "one", "round": 1, "attempt": 1}, "INVALID_STATE", "RUNNING")
	}
}

func TestRepeatsReturnWhatIsStored(t *testing.T) {
	w := sealed(t, plain())
	first := w.attest(alder, 1, 1, digest("model"))
	again := w.repeated(w.as(alder, "aggregator"), "round:Attest", w.attestDoc(alder, 1, 1, digest("model")))
	if asText(t, first) != asText(t, again) {
		t.Errorf("%v was stored, and %v returned", first, again)
	}
	for function, call := range map[string]struct {
		msp, role string
		doc       m
	}{
		"consortium:Found":   {alder, "operator", charter()},
		"consortium:Confirm": {birch, "operator", m{"proposer": alder, "charter_digest": w.read("consortium:Get", nil)["charter"].(m)["charter_digest"]}},
		"consortium:Tally":   {birch, "operator", m{"motion": "founding", "proposer": alder}},
		"dataset:Register":   {birch, "steward", dataset("rows")},
		"study:Propose":      {alder, "operator", m{"study": "one", "terms": with(terms(), plain())}},
		"study:Accept":       {birch, "steward", m{"study": "one", "version": 1, "terms_digest": w.study()["terms_digest"]}},
		"round:Open":         {birch, "aggregator", m{"study": "one", "round": 1}},
		"round:Commit":       {birch, "agent", w.commitDoc(birch, 1)},
		"round:Seal":         {dogwd, "aggregator", m{"study": "one", "round": 1}},
	} {
		w.repeated(w.as(call.msp, call.role), function, call.doc)
	}
}

func asText(t *testing.T, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
