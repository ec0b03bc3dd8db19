package contract_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"testing"
	"time"
)

func TestTheLedgerSetsBaseDeadlineAndAttesters(t *testing.T) {
	w := running(t, with(plain(), m{"attesters": members[:3], "m": 2}))
	w.refused(w.as(alder, "aggregator"), "round:Open", m{"study": "one", "round": 2}, "NOT_FOUND", "round 1 of study one")
	w.refused(w.as(alder, "aggregator"), "round:Open", m{"study": "one", "round": 1, "base": digest("mine")}, "INVALID_ARGUMENT", "unknown field")
	round := w.must(w.as(alder, "aggregator"), "round:Open", m{"study": "one", "round": 1})
	if round["base"] != digest("initial") || round["commit_by"] != float64(w.Now().UnixMilli()+10_000) || round["m"] != float64(2) ||
		asText(t, round["attesters"]) != asText(t, members[:3]) || round["attempt"] != float64(0) || round["sealed"] != nil {
		t.Errorf("the round is %v", round)
	}
}

func TestCommitsNeedTheRoundsBaseAndAGrantedReservation(t *testing.T) {
	w := opened(t, nil)
	agent := w.as(alder, "agent")
	w.refused(agent, "round:Commit", w.commitDoc(alder, 1), "INVALID_STATE", "reservation of data set rows for round 1 is not made", "GRANTED")
	w.reserve(alder, 1)
	w.refused(agent, "round:Commit", with(w.commitDoc(alder, 1), m{"base": digest("other")}), "CONFLICT", "has the base")
	w.refused(agent, "round:Commit", with(w.commitDoc(alder, 1), m{"dataset": "plain"}), "DENIED", "not a participant")
	w.refused(agent, "round:Commit", with(w.commitDoc(alder, 1), m{"loss": 1}), "INVALID_ARGUMENT", "unknown field")
	w.refused(w.as(alder, "aggregator"), "round:Commit", w.commitDoc(alder, 1), "DENIED", "no policy permits it")
	commit := w.commit(alder, 1)
	if commit["status"] != "ON_TIME" || commit["leaf"] != leaf(alder, "rows", 1, digest("initial"), commit["update"].(string)) {
		t.Errorf("the commit is %v", commit)
	}
	w.refused(agent, "round:Commit", with(w.commitDoc(alder, 1), m{"update": digest("other")}), "CONFLICT", "has committed to")
	w.refused(agent, "round:Decline", m{"study": "one", "round": 1, "dataset": "rows", "reason": "data"}, "CONFLICT", "has committed")
}

// leaf is the leaf hash of a commit, from its bytes.
func leaf(msp, dataset string, round int, base, update string) string {
	bytes := fmt.Sprintf(`{"base":%q,"dataset":%q,"msp":%q,"round":%d,"schema":"quorate.leaf/1","study":"one","update":%q}`, base, dataset, msp, round, update)
	sum := sha256.Sum256(append([]byte{0}, bytes...))
	return hex.EncodeToString(sum[:])
}

func TestDeclining(t *testing.T) {
	w := opened(t, plain())
	decline := m{"study": "one", "round": 1, "dataset": "plain", "reason": "policy"}
	w.must(w.as(alder, "agent"), "round:Decline", decline)
	w.repeated(w.as(alder, "agent"), "round:Decline", decline)
	w.refused(w.as(alder, "agent"), "round:Decline", with(decline, m{"reason": "data"}), "CONFLICT", "policy")
	w.refused(w.as(birch, "agent"), "round:Decline", with(decline, m{"reason": "tired"}), "INVALID_ARGUMENT", "is none of policy,data,operator,failed")
	w.refused(w.as(alder, "agent"), "round:Commit", w.commitDoc(alder, 1), "CONFLICT", "has declined")
}

func TestLateCommitsAreRecordedAndNeverIncluded(t *testing.T) {
	w := opened(t, plain())
	for _, msp := range members[:3] {
		w.commit(msp, 1)
	}
	w.wait(10_001)
	if late := w.commit(dogwd, 1); late["status"] != "LATE" {
		t.Errorf("the commit is %v", late["status"])
	}
	round := w.must(w.as(alder, "aggregator"), "round:Seal", m{"study": "one", "round": 1}) // all have answered
	if out := round["left_out"].([]any); len(out) != 1 || out[0].(m)["reason"] != "late" || len(round["included"].([]any)) != 3 {
		t.Errorf("the round is %v", round)
	}
}

func TestACommitAtTheDeadlineIsInTimeAndOneAfterTheSealIsLate(t *testing.T) {
	w := opened(t, plain())
	for _, msp := range members[:3] {
		w.commit(msp, 1)
	}
	w.wait(10_000)
	if last := w.commitAt(dogwd, 0); last != "ON_TIME" {
		t.Errorf("the commit at the deadline is %v", last)
	}
	// A forward-dated clock makes one's own commit late, and a back-dated one is bounded by the skew.
	if early := w.commitAt(dogwd, time.Millisecond); early != "LATE" {
		t.Errorf("the commit after the deadline is %v", early)
	}
	w.wait(skew)
	w.must(w.as(alder, "aggregator"), "round:Seal", m{"study": "one", "round": 1})
	if after := w.commitAt(dogwd, -skew*time.Millisecond); after != "LATE" {
		t.Errorf("the commit after the seal is %v", after)
	}
}

// commitAt simulates a member's commit with its clock off, and returns its status.
func (w *world) commitAt(msp string, off time.Duration) any {
	w.t.Helper()
	tx, err := w.as(msp, "agent").Off(off).Simulate("round:Commit", withSchema("round:Commit", w.commitDoc(msp, 1)))
	if err != nil {
		w.t.Fatal(err)
	}
	return decoded(w.t, tx.Result)["status"]
}

// A fast member cannot seal before others have had their time, whatever its clock says.
func TestAnEarlySealIsRefused(t *testing.T) {
	w := opened(t, plain())
	for _, msp := range members[:3] {
		w.commit(msp, 1)
	}
	seal := m{"study": "one", "round": 1}
	w.refused(w.as(alder, "aggregator"), "round:Seal", seal, "INVALID_STATE", "OPEN and waiting for DogwoodMSP/plain")
	w.refused(w.as(alder, "aggregator").Off(skew*time.Millisecond), "round:Seal", seal, "INVALID_STATE", "waiting")
	w.refused(w.as(alder, "aggregator").Off(11*time.Second), "round:Seal", seal, "EXPIRED", "timestamp")
	w.wait(10_000)
	w.refused(w.as(alder, "aggregator"), "round:Seal", seal, "INVALID_STATE", "waiting")
	w.wait(skew - 1)
	w.refused(w.as(alder, "aggregator"), "round:Seal", seal, "INVALID_STATE", "waiting")
	w.wait(1)
	w.must(w.as(alder, "aggregator"), "round:Seal", seal)
}

func TestASealIsEarlyWhenAllHaveAnswered(t *testing.T) {
	w := opened(t, with(plain(), m{"minimum_commits": 1}))
	w.commit(birch, 1)
	w.must(w.as(alder, "agent"), "round:Decline", m{"study": "one", "round": 1, "dataset": "plain", "reason": "operator"})
	w.must(w.as(cedar, "steward"), "study:Withdraw", m{"study": "one", "version": 1})
	w.refused(w.as(cedar, "agent"), "round:Commit", w.commitDoc(cedar, 1), "INVALID_STATE", "withdrawn")
	w.commit(dogwd, 1)
	w.must(w.as(dogwd, "steward"), "study:Withdraw", m{"study": "one", "version": 1}) // takes its update along
	round := w.must(w.as(alder, "aggregator"), "round:Seal", m{"study": "one", "round": 1})
	want := `[{"dataset":"plain","msp":"AlderMSP","reason":"declined"},{"dataset":"plain","msp":"CedarMSP","reason":"withdrawn"},{"dataset":"plain","msp":"DogwoodMSP","reason":"withdrawn"}]`
	if got := asText(t, round["left_out"]); got != want {
		t.Errorf("left out are %s", got)
	}
	if included := round["included"].([]any); len(included) != 1 || included[0].(m)["msp"] != birch {
		t.Errorf("included are %v", included)
	}
}

func TestRefusedReservationsCountAsAnswers(t *testing.T) {
	w := opened(t, with(expensive(), m{"minimum_commits": 3}))
	w.must(w.as(alder, "steward"), "dataset:Revise", m{
		"dataset": "rows", "title": "x", "purposes": []string{"research"}, "cap": m{"epsilon": "0.1", "delta": "1e-5"}, "fingerprint": digest("rows of rows"),
	})
	if status := w.reserve(alder, 1)["status"]; status != "REFUSED" {
		t.Fatalf("the reservation is %v", status)
	}
	w.refused(w.as(alder, "agent"), "round:Commit", w.commitDoc(alder, 1), "INVALID_STATE", "REFUSED", "GRANTED")
	for _, msp := range members[1:] {
		w.reserve(msp, 1)
		w.commit(msp, 1)
	}
	round := w.must(w.as(birch, "aggregator"), "round:Seal", m{"study": "one", "round": 1})
	if out := asText(t, round["left_out"]); out != `[{"dataset":"rows","msp":"AlderMSP","reason":"refused"}]` {
		t.Errorf("left out are %s", out)
	}
}

func TestARoundWithTooFewCommitsIsAbortedNotSealed(t *testing.T) {
	w := opened(t, plain())
	w.commit(alder, 1)
	w.commit(birch, 1)
	abort := m{"study": "one", "round": 1}
	w.refused(w.as(alder, "aggregator"), "round:Abort", abort, "INVALID_STATE", "OPEN and waiting")
	w.wait(10_000 + skew)
	w.refused(w.as(alder, "aggregator"), "round:Seal", abort, "INVALID_STATE", "OPEN with 2 commits", "minimum of 3")
	round := w.must(w.as(alder, "aggregator"), "round:Abort", abort)
	if round["state"] != "ABORTED" || round["closed"].(m)["reason"] != "too-few-commits" || len(round["left_out"].([]any)) != 2 {
		t.Errorf("the round is %v", round)
	}
	next := w.must(w.as(alder, "aggregator"), "round:Open", m{"study": "one", "round": 2})
	if next["base"] != round["base"] || next["finals_before"] != float64(0) {
		t.Errorf("the next round is %v", next)
	}
}

// A number that was used is used: the next attempt has the next number, the same base, and charges of its own.
func TestARoundNumberIsUsedOnce(t *testing.T) {
	w := opened(t, nil)
	open := m{"study": "one", "round": 1}
	w.refused(w.as(alder, "aggregator"), "round:Open", m{"study": "one", "round": 2}, "INVALID_STATE", "OPEN")
	w.reserve(alder, 1)
	w.commit(alder, 1)
	w.wait(10_000 + skew)
	w.must(w.as(alder, "aggregator"), "round:Abort", open)
	if again := w.repeated(w.as(birch, "aggregator"), "round:Open", open); again["state"] != "ABORTED" {
		t.Errorf("round 1 is %v after it was opened again", again["state"])
	}
	w.refused(w.as(birch, "agent"), "round:Commit", w.commitDoc(birch, 1), "INVALID_STATE", "ABORTED")
	w.refused(w.as(alder, "aggregator"), "round:Open", m{"study": "one", "round": 3}, "NOT_FOUND", "no round 2")
	next := w.must(w.as(alder, "aggregator"), "round:Open", m{"study": "one", "round": 2})
	if next["base"] != w.round(1)["base"] {
		t.Errorf("round 2 begins with %v", next["base"])
	}
	w.refused(w.as(alder, "agent"), "round:Commit", w.commitDoc(alder, 2), "INVALID_STATE", "GRANTED")
	w.reserve(alder, 2)
	account := w.read("privacy:Account", m{"msp": alder, "dataset": "rows"})
	if account["charges"] != float64(2) {
		t.Errorf("the account is %v", account)
	}
}

func TestARoundWithEnoughCommitsIsSealedNotAborted(t *testing.T) {
	w := opened(t, plain())
	for _, msp := range members[:3] {
		w.commit(msp, 1)
	}
	w.wait(10_000 + skew)
	w.refused(w.as(alder, "aggregator"), "round:Abort", m{"study": "one", "round": 1}, "INVALID_STATE", "OPEN with 3 commits", "seal it instead")
}

func TestAnAbortIsEarlyWhenAllHaveAnswered(t *testing.T) {
	w := opened(t, plain())
	for _, msp := range members {
		w.must(w.as(msp, "agent"), "round:Decline", m{"study": "one", "round": 1, "dataset": "plain", "reason": "data"})
	}
	if round := w.must(w.as(alder, "aggregator"), "round:Abort", m{"study": "one", "round": 1}); round["state"] != "ABORTED" {
		t.Errorf("the round is %v", round["state"])
	}
}

func TestReceiptsProveInclusionOrSayWhyNot(t *testing.T) {
	w := opened(t, plain())
	receipt := func(msp string) m { return m{"study": "one", "round": 1, "msp": msp, "dataset": "plain"} }
	w.refused(w.as(alder, "officer"), "round:Receipt", receipt(alder), "INVALID_STATE", "OPEN")
	for _, msp := range members[:3] {
		w.commit(msp, 1)
	}
	w.wait(10_000 + skew)
	round := w.must(w.as(alder, "aggregator"), "round:Seal", m{"study": "one", "round": 1})
	for i, msp := range members[:3] {
		got := w.read("round:Receipt", receipt(msp))
		if got["index"] != float64(i) || got["size"] != float64(3) || got["root"] != round["root"] || got["reason"] != nil {
			t.Errorf("the receipt of %s is %v", msp, got)
		}
		if root := rootOf(t, got); root != round["root"] {
			t.Errorf("the proof of %s leads to %s", msp, root)
		}
	}
	if got := w.read("round:Receipt", receipt(dogwd)); got["reason"] != "missing" || got["index"] != nil || got["proof"] != nil {
		t.Errorf("the receipt is %v", got)
	}
	w.refused(w.as(alder, "officer"), "round:Receipt", receipt("StrangerMSP"), "NOT_FOUND", "not a participant")
}

// rootOf follows an inclusion proof as RFC 9162 section 2.1.3.2 says.
func rootOf(t *testing.T, receipt m) string {
	t.Helper()
	unhex := func(v any) []byte {
		data, err := hex.DecodeString(v.(string))
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	index, last, node := int(receipt["index"].(float64)), int(receipt["size"].(float64))-1, unhex(receipt["leaf"])
	for _, sibling := range receipt["proof"].([]any) {
		pair := append(append([]byte{1}, node...), unhex(sibling)...)
		if index%2 == 1 || index == last {
			pair = append(append([]byte{1}, unhex(sibling)...), node...)
			for index%2 == 0 && index != 0 {
				index, last = index>>1, last>>1
			}
		}
		sum := sha256.Sum256(pair)
		node, index, last = sum[:], index>>1, last>>1
	}
	return hex.EncodeToString(node)
}

func TestAReceiptForASingleUpdateHasAnEmptyProof(t *testing.T) {
	w := opened(t, with(plain(), m{"minimum_commits": 1}))
	w.commit(alder, 1)
	w.wait(10_000 + skew)
	w.must(w.as(alder, "aggregator"), "round:Seal", m{"study": "one", "round": 1})
	got := w.read("round:Receipt", m{"study": "one", "round": 1, "msp": alder, "dataset": "plain"})
	if proof, present := got["proof"].([]any); !present || len(proof) != 0 || got["index"] != float64(0) || got["leaf"] != got["root"] {
		t.Errorf("the receipt is %v", got)
	}
}

func TestARoundsViewHoldsAllThatWasSaid(t *testing.T) {
	w := opened(t, nil)
	w.reserve(alder, 1)
	w.reserve(birch, 1)
	w.commit(birch, 1)
	w.must(w.as(cedar, "agent"), "round:Decline", m{"study": "one", "round": 1, "dataset": "rows", "reason": "data"})
	view := w.read("round:Get", m{"study": "one", "round": 1})
	if len(view["reservations"].([]any)) != 2 || len(view["commits"].([]any)) != 1 || len(view["declines"].([]any)) != 1 || len(view["attestations"].([]any)) != 0 {
		t.Errorf("the view is %v", view)
	}
}
