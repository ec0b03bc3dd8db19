package contract_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"quorate.dev/chaincode/ledger"
)

// populated is a ledger with a record of every kind, in the middle of a second round.
func populated(t *testing.T) *world {
	t.Helper()
	w := founded(t)
	w.must(w.as(alder, "aggregator"), "consortium:Announce", m{"address": "localhost:7443", "tls_root": w.Root(alder)})
	for _, msp := range members {
		w.must(w.as(msp, "steward"), "dataset:Register", dataset("rows"))
	}
	w.must(w.as(alder, "operator"), "study:Propose", m{"study": "one", "terms": terms()})
	for _, msp := range members {
		w.vote(msp, "approve", "approve")
	}
	w.must(w.as(alder, "operator"), "study:Tally", m{"study": "one", "motion": "approve"})
	for _, msp := range members {
		w.accept(msp)
	}
	w.must(w.as(alder, "operator"), "study:Tally", m{"study": "one", "motion": "accept"})
	w.must(w.as(alder, "operator"), "study:Start", m{"study": "one"})
	w.must(w.as(alder, "aggregator"), "round:Open", m{"study": "one", "round": 1})
	w.fill(1)
	w.must(w.as(alder, "aggregator"), "round:Seal", m{"study": "one", "round": 1})
	for _, msp := range members {
		w.attest(msp, 1, 1, digest("model"))
	}
	w.must(w.as(alder, "aggregator"), "round:Finalize", m{"study": "one", "round": 1})
	w.must(w.as(alder, "aggregator"), "round:Open", m{"study": "one", "round": 2})
	w.reserve(alder, 2)
	w.must(w.as(dogwd, "agent"), "round:Decline", m{"study": "one", "round": 2, "dataset": "rows", "reason": "data"})
	w.must(w.as(cedar, "steward"), "study:Withdraw", m{"study": "one", "version": 1})
	proposal := w.must(w.as(alder, "operator"), "consortium:ProposeRemoval", m{"proposal": "leave", "msp": cedar})
	w.must(w.as(birch, "operator"), "consortium:Vote", m{"proposal": "leave", "digest": proposal["digest"], "choice": "reject"})
	w.must(w.as(alder, "operator"), "policy:Propose", policyProposal("stricter", "// stricter\n"))
	w.must(w.as(dogwd, "officer"), "audit:RecordReview", m{"review": "first", "subject": "round/one/1", "state": "OPEN", "findings": m{}})
	w.must(w.as(dogwd, "aggregator"), "audit:AnchorAccessLog", m{"entries": 7, "head": digest("head")})
	return w
}

const stateFile = "state-v1.json"

// version1 is a world with the ledger that the first version of the records was written to.
func version1(t *testing.T) *world {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", stateFile))
	if err != nil {
		t.Fatal(err)
	}
	var state map[string]string
	if err := json.Unmarshal(data, &state); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	w.Load(state)
	return w
}

// A ledger that the first version of the records was written to must stay readable, and go on, for ever.
// With -update the file is written anew: do that only as long as no ledger of that version exists.
func TestALedgerOfVersion1IsReadAndGoesOn(t *testing.T) {
	if *update {
		data, err := json.MarshalIndent(populated(t).Dump(), "", " ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join("testdata", stateFile), append(data, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	w := version1(t)
	for function, doc := range map[string]m{
		"consortium:Get": nil, "consortium:Members": nil, "policy:Get": nil, "dataset:List": nil, "study:List": nil, "audit:Info": nil,
		"policy:History": nil, "policy:Proposal": {"proposal": "stricter"}, "audit:Reviews": nil, "audit:Anchors": {},
		"study:Get": {"study": "one"}, "round:Get": {"study": "one", "round": 1}, "privacy:Account": {"msp": alder, "dataset": "rows"},
		"privacy:Quote": {"study": "one"}, "model:Lineage": {"model": digest("model")},
		"round:Receipt": {"study": "one", "round": 1, "msp": birch, "dataset": "rows"},
	} {
		w.read(function, doc)
	}
	w.commit(alder, 2)
	w.reserve(birch, 2)
	w.commit(birch, 2)
	w.wait(10_000 + skew)
	w.must(w.as(alder, "aggregator"), "round:Abort", m{"study": "one", "round": 2})
	if next := w.must(w.as(alder, "aggregator"), "round:Open", m{"study": "one", "round": 3}); next["base"] != digest("model") {
		t.Errorf("round 3 has the base %v", next["base"])
	}
}

// The policies that a consortium of that time began with let nobody suspend a study, until its members vote for rules
// that do.
func TestALedgerOfVersion1LearnsToStopAStudy(t *testing.T) {
	w := version1(t)
	w.refused(w.as(alder, "operator"), "study:Suspend", m{"study": "one", "round": 2, "reason": "key"}, "DENIED", "no policy permits it")
	proposal := w.must(w.as(alder, "operator"), "policy:Propose", with(policyProposal("stopping", ""), m{"base": w.read("policy:Get", nil)["digest"]}))
	w.ballots("policy", proposal, "approve", members...)
	w.must(w.as(birch, "operator"), "policy:Tally", m{"proposal": "stopping"})
	w.suspend(alder, 2, "key")
	w.refused(w.as(alder, "agent"), "round:Commit", w.commitDoc(alder, 2), "INVALID_STATE", "SUSPENDED")
	w.must(w.as(alder, "operator"), "study:Resume", m{"study": "one", "number": 1})
	w.commit(alder, 2)
}

// Proposals of that time do not say which version of the charter or of the policies they are about.
func TestProposalsOfVersion1AreVotedOn(t *testing.T) {
	w := version1(t)
	leave := w.memberProposal("leave")
	w.ballots("consortium", leave, "approve", alder, cedar, dogwd)
	stricter := w.read("policy:Proposal", m{"proposal": "stricter"})["proposal"].(m)
	for _, proposal := range []m{leave, stricter} {
		if proposal["charter_version"] != nil || proposal["base_version"] != nil {
			t.Fatalf("the proposal is %v", proposal)
		}
	}
	if charter := w.tallyMembers("leave"); membersOf(charter) != "Alder Birch Dogwood" {
		t.Errorf("the charter is %v", charter)
	}
	w.ballots("policy", stricter, "approve", alder, birch, dogwd)
	if adopted := w.must(w.as(alder, "operator"), "policy:Tally", m{"proposal": "stricter"}); adopted["state"] != "ADOPTED" {
		t.Errorf("the proposal is %v", adopted)
	}
}

// The fixture holds every kind of record, so that none is left out of the test above.
func TestTheFixtureHoldsEveryKindOfRecord(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("testdata", stateFile))
	if err != nil {
		t.Fatal(err)
	}
	for _, schema := range ledger.Schemas() {
		if !bytes.Contains(data, []byte(`\"schema\":\"`+string(schema)+`\"`)) {
			t.Errorf("there is no %s", schema)
		}
	}
}

func TestARecordOfANewerVersionIsNotGuessedAt(t *testing.T) {
	w := opened(t, nil)
	w.edit("round~one~000001", func(round m) { round["schema"] = "quorate.round/2" })
	w.refused(w.as(alder, "agent"), "round:Commit", withSchema("round:Commit", m{
		"study": "one", "round": 1, "dataset": "rows", "base": digest("initial"), "update": digest("update"),
	}), "UNSUPPORTED_VERSION", "quorate.round/2", "up to version 1")
	w.edit("round~one~000001", func(round m) { round["schema"] = "quorate.study/1" })
	w.refused(w.as(alder, "aggregator"), "round:Seal", m{"study": "one", "round": 1}, "DEFECT", "not a quorate.round")
}
