package contract_test

import (
	"encoding/json"
	"fmt"
	"testing"
)

// resumeByVote lets the suspended study go on by the votes of three members.
func (w *world) resumeByVote(number int) m {
	w.t.Helper()
	motion := fmt.Sprintf("resume/%d", number)
	for _, msp := range []string{birch, cedar, dogwd} {
		w.vote(msp, motion, "approve")
	}
	return w.must(w.as(birch, "aggregator"), "study:Tally", m{"study": "one", "motion": motion})
}

// suspensions are those of the study, each as "MSP number reason how" with what lifted it, if anything did.
func suspensions(study m) (list []string) {
	for _, entry := range study["suspension"].(m)["by"].([]any) {
		by := entry.(m)
		how := "stands"
		if by["lifted"] != nil {
			how = by["lifted"].(m)["reason"].(string)
		}
		list = append(list, fmt.Sprint(by["msp"], " ", by["number"], " ", by["reason"], " ", how))
	}
	return list
}

func expectSuspensions(t *testing.T, study m, state string, want ...string) {
	t.Helper()
	if got := suspensions(study); study["state"] != state || fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("the study is %v with %v, want %s with %v", study["state"], got, state, want)
	}
}

func TestOnePartyStopsAStudyAndAQuorumStartsItAgain(t *testing.T) {
	w := running(t, nil)
	expectSuspensions(t, w.must(w.as(alder, "steward"), "study:Suspend", m{"study": "one", "round": 0, "reason": "data"}),
		"SUSPENDED", "AlderMSP 1 data stands")
	w.refused(w.as(alder, "aggregator"), "round:Open", m{"study": "one", "round": 1}, "INVALID_STATE", "SUSPENDED", "RUNNING")
	w.vote(birch, "resume/1", "approve")
	w.vote(cedar, "resume/1", "approve")
	w.refused(w.as(birch, "aggregator"), "study:Tally", m{"study": "one", "motion": "resume/1"}, "INVALID_STATE", "2 for and 0 against of 4, 3 needed")
	w.vote(dogwd, "resume/1", "approve")
	expectSuspensions(t, w.must(w.as(birch, "aggregator"), "study:Tally", m{"study": "one", "motion": "resume/1"}),
		"RUNNING", "AlderMSP 1 data voted")
	w.repeated(w.as(birch, "aggregator"), "study:Tally", m{"study": "one", "motion": "resume/1"})
	w.must(w.as(alder, "aggregator"), "round:Open", m{"study": "one", "round": 1})
}

func TestWhoSuspendedWithdrawsThatAloneAndOnlyThat(t *testing.T) {
	w := running(t, nil)
	w.suspend(alder, 0, "key")
	w.suspend(birch, 0, "update")
	w.refused(w.as(cedar, "operator"), "study:Resume", m{"study": "one", "number": 1}, "CONFLICT", "not the last one by CedarMSP")
	w.refused(w.as(birch, "operator"), "study:Resume", m{"study": "one", "number": 1}, "CONFLICT", "not the last one by BirchMSP")
	w.refused(w.as(alder, "steward"), "study:Resume", m{"study": "one", "number": 1}, "DENIED")
	expectSuspensions(t, w.must(w.as(alder, "operator"), "study:Resume", m{"study": "one", "number": 1}),
		"SUSPENDED", "AlderMSP 1 key withdrawn", "BirchMSP 2 update stands")
	w.repeated(w.as(alder, "operator"), "study:Resume", m{"study": "one", "number": 1})
	expectSuspensions(t, w.must(w.as(birch, "operator"), "study:Resume", m{"study": "one", "number": 2}),
		"RUNNING", "AlderMSP 1 key withdrawn", "BirchMSP 2 update withdrawn")
}

func TestOnlyPartiesOfAStudySuspendIt(t *testing.T) {
	w := running(t, m{"participants": participants("rows", alder, birch), "minimum_commits": 2, "attesters": []string{alder, birch, cedar}, "m": 2})
	w.refused(w.as(dogwd, "operator"), "study:Suspend", m{"study": "one", "round": 0, "reason": "key"}, "DENIED")
	w.refused(w.as(cedar, "agent"), "study:Suspend", m{"study": "one", "round": 0, "reason": "key"}, "DENIED")
	w.refused(w.as(cedar, "operator"), "study:Suspend", m{"study": "one", "round": 0, "reason": "mood"}, "INVALID_ARGUMENT", "reason")
	expectSuspensions(t, w.suspend(cedar, 0, "key"), "SUSPENDED", "CedarMSP 1 key stands")
}

// Policies of a consortium may permit more than the default ones; who works in the study is decided below them.
func TestNoPolicyLetsOthersSuspend(t *testing.T) {
	w := running(t, m{"participants": participants("rows", alder, birch), "minimum_commits": 2, "attesters": []string{alder, birch, cedar}, "m": 2})
	proposal := w.must(w.as(alder, "operator"), "policy:Propose", policyProposal("all", `@id("all") permit (principal, action, resource);`))
	for _, msp := range members {
		w.must(w.as(msp, "operator"), "policy:Vote", m{"proposal": "all", "digest": proposal["digest"], "choice": "approve"})
	}
	w.must(w.as(alder, "operator"), "policy:Tally", m{"proposal": "all"})
	w.refused(w.as(dogwd, "operator"), "study:Suspend", m{"study": "one", "round": 0, "reason": "key"}, "DENIED", "neither a participant nor an attester", "terms")
}

func TestAVoteToResumeKnowsEverySuspension(t *testing.T) {
	w := running(t, nil)
	w.suspend(alder, 0, "key")
	for _, msp := range []string{birch, cedar, dogwd} {
		w.vote(msp, "resume/1", "approve")
	}
	w.suspend(birch, 0, "update")
	w.refused(w.as(birch, "aggregator"), "study:Tally", m{"study": "one", "motion": "resume/1"}, "INVALID_STATE", "suspension 2", "resume/2")
	w.refused(w.as(birch, "aggregator"), "study:Tally", m{"study": "one", "motion": "resume/2"}, "INVALID_STATE", "0 for")
	w.refused(w.as(alder, "operator"), "study:Vote", m{
		"study": "one", "version": 1, "terms_digest": w.study()["terms_digest"], "motion": "resume/1", "choice": "approve",
	}, "INVALID_STATE", "suspension 2", "resume/2")
	w.suspend(cedar, 0, "data")
	w.must(w.as(alder, "operator"), "study:Resume", m{"study": "one", "number": 1})
	expectSuspensions(t, w.resumeByVote(3), "RUNNING", "AlderMSP 1 key withdrawn", "BirchMSP 2 update voted", "CedarMSP 3 data voted")
	w.refused(w.as(birch, "aggregator"), "study:Tally", m{"study": "one", "motion": "resume/1"}, "INVALID_STATE", "RUNNING")
}

func TestASuspensionNamesTheLastRoundThatWasOpened(t *testing.T) {
	w := opened(t, nil)
	w.refused(w.as(alder, "operator"), "study:Suspend", m{"study": "one", "round": 0, "reason": "key"}, "CONFLICT", "round 1")
	w.refused(w.as(alder, "operator"), "study:Suspend", m{"study": "one", "round": 2, "reason": "key"}, "NOT_FOUND", "round 2")
	w.suspend(alder, 1, "key")
	w.repeated(w.as(alder, "operator"), "study:Suspend", m{"study": "one", "round": 1, "reason": "key"})
	w.refused(w.as(alder, "operator"), "study:Suspend", m{"study": "one", "round": 1, "reason": "legal"}, "CONFLICT", "reason key")
}

func TestNobodyHoldsAStudyUpForEver(t *testing.T) {
	w := running(t, nil)
	for number := 1; number <= 3; number++ {
		w.suspend(alder, 0, "other")
		if number == 2 {
			w.resumeByVote(number)
		} else {
			w.must(w.as(alder, "operator"), "study:Resume", m{"study": "one", "number": number})
		}
	}
	w.refused(w.as(alder, "operator"), "study:Suspend", m{"study": "one", "round": 0, "reason": "other"}, "INVALID_STATE", "3 times")
	expectSuspensions(t, w.suspend(birch, 0, "key"), "SUSPENDED", "AlderMSP 3 other withdrawn", "BirchMSP 4 key stands")
}

func TestASuspendedStudyCanBeAbortedAndLeft(t *testing.T) {
	w := running(t, nil)
	w.suspend(alder, 0, "key")
	w.must(w.as(cedar, "steward"), "study:Withdraw", m{"study": "one", "version": 1})
	for _, msp := range members[:3] {
		w.vote(msp, "abort", "approve")
	}
	expectSuspensions(t, w.must(w.as(alder, "operator"), "study:Tally", m{"study": "one", "motion": "abort"}), "ABORTED", "AlderMSP 1 key stands")
	w.refused(w.as(alder, "operator"), "study:Resume", m{"study": "one", "number": 1}, "INVALID_STATE", "ABORTED", "SUSPENDED")
	w.refused(w.as(alder, "operator"), "study:Suspend", m{"study": "one", "round": 0, "reason": "key"}, "INVALID_STATE", "ABORTED")
}

// What is charged for a round stays good for it: nothing of it is lost while the study is stopped, and nothing is
// charged twice after it.
func TestAChargedRoundOutlivesASuspension(t *testing.T) {
	for _, byVote := range []bool{true, false} {
		w := opened(t, nil)
		w.reserve(alder, 1)
		w.reserve(birch, 1)
		w.commit(birch, 1)
		w.suspend(alder, 1, "update")
		w.wait(60_000) // long after commit_by
		for function, who := range map[string]string{"privacy:Reserve": "agent", "round:Decline": "agent", "round:Seal": "aggregator", "round:Abort": "aggregator"} {
			doc := m{"study": "one", "round": 1}
			if who == "agent" {
				doc["dataset"] = "rows"
			}
			if function == "round:Decline" {
				doc["reason"] = "data"
			}
			w.refused(w.as(cedar, who), function, doc, "INVALID_STATE", "SUSPENDED", "RUNNING")
		}
		w.refused(w.as(alder, "agent"), "round:Commit", w.commitDoc(alder, 1), "INVALID_STATE", "SUSPENDED")
		before := w.round(1)["commit_by"].(float64)
		if byVote {
			w.resumeByVote(1)
		} else {
			w.must(w.as(alder, "operator"), "study:Resume", m{"study": "one", "number": 1})
		}
		if after := w.round(1)["commit_by"].(float64); after < before+50_000 {
			t.Errorf("commits are taken until %v, and were until %v", after, before)
		}
		w.repeated(w.as(alder, "agent"), "privacy:Reserve", m{"study": "one", "round": 1, "dataset": "rows"})
		w.commit(alder, 1)
		for _, msp := range []string{cedar, dogwd} {
			w.reserve(msp, 1)
			w.commit(msp, 1)
		}
		sealed := w.must(w.as(cedar, "aggregator"), "round:Seal", m{"study": "one", "round": 1})
		if got := len(sealed["included"].([]any)); got != 4 {
			t.Errorf("the round includes %d updates", got)
		}
		for _, msp := range members {
			if account := w.read("privacy:Account", m{"msp": msp, "dataset": "rows"}); account["charges"] != float64(1) {
				t.Errorf("%s was charged %v times", msp, account["charges"])
			}
		}
	}
}

func TestASealedRoundHasItsWholeTimeAgain(t *testing.T) {
	w := sealed(t, nil)
	w.attest(alder, 1, 1, digest("model"))
	w.suspend(birch, 1, "ledger")
	w.wait(60_000)
	w.refused(w.as(cedar, "aggregator"), "round:Attest", w.attestDoc(cedar, 1, 1, digest("model")), "INVALID_STATE", "SUSPENDED")
	w.refused(w.as(cedar, "aggregator"), "round:Retry", m{"study": "one", "round": 1, "attempt": 1}, "INVALID_STATE", "SUSPENDED")
	w.refused(w.as(cedar, "aggregator"), "round:Finalize", m{"study": "one", "round": 1}, "INVALID_STATE", "SUSPENDED")
	w.must(w.as(birch, "operator"), "study:Resume", m{"study": "one", "number": 1})
	round := w.round(1)
	if window := round["attest_by"].(float64) - round["attempt_time"].(float64); window != 8000 {
		t.Errorf("attesters have %v ms", window)
	}
	w.refused(w.as(cedar, "aggregator"), "round:Retry", m{"study": "one", "round": 1, "attempt": 1}, "INVALID_STATE", "3 waiting")
	w.attest(cedar, 1, 1, digest("model"))
	w.attest(dogwd, 1, 1, digest("model"))
	if final := w.must(w.as(birch, "aggregator"), "round:Finalize", m{"study": "one", "round": 1}); final["state"] != "FINAL" {
		t.Errorf("the round is %v", final["state"])
	}
}

// A round that had ended before is not touched by resuming.
func TestAnEndedRoundIsLeftAlone(t *testing.T) {
	w := roundIn(t, "DISPUTED")
	before := asText(t, w.round(1))
	w.suspend(alder, 1, "update")
	w.must(w.as(alder, "operator"), "study:Resume", m{"study": "one", "number": 1})
	if after := asText(t, w.round(1)); after != before {
		t.Errorf("the round was %s and is %s", before, after)
	}
}

func TestEventsOfASuspension(t *testing.T) {
	w := opened(t, nil)
	w.suspend(alder, 1, "key")
	expectEvents(t, w, birch, "study:Suspend", m{"study": "one", "round": 1, "reason": "update"}, `[study.suspended BirchMSP 1 update]`)
	expectEvents(t, w, alder, "study:Resume", m{"study": "one", "number": 1},
		`[study.suspension_withdrawn AlderMSP 1 key study.resumed AlderMSP 1 withdrawn]`)
	w.suspend(birch, 1, "update")
	expectEvents(t, w, alder, "study:Resume", m{"study": "one", "number": 1}, `[study.suspension_withdrawn AlderMSP 1 key]`)
}

func expectEvents(t *testing.T, w *world, msp, function string, doc m, want string) {
	t.Helper()
	tx, err := w.as(msp, "operator").Simulate(function, withSchema(function, doc))
	if err != nil {
		t.Fatal(err)
	}
	var events struct {
		Events []struct {
			Type, Study, MSP, Reason string
			Round, Version           int
		}
	}
	if err := json.Unmarshal(tx.Event.Payload, &events); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range events.Events {
		if e.Study != "one" || e.Version != 1 {
			t.Errorf("the event is %v", e)
		}
		got = append(got, fmt.Sprint(e.Type, " ", e.MSP, " ", e.Round, " ", e.Reason))
	}
	if fmt.Sprint(got) != want {
		t.Errorf("got %v, want %s", got, want)
	}
}
