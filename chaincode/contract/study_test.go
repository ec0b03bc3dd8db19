package contract_test

import (
	"testing"

	"quorate.dev/chaincode/authz"
)

func TestAChangeOfTermsIsANewVersionAndANewVote(t *testing.T) {
	w := proposed(t, nil)
	for _, msp := range members[:3] {
		w.vote(msp, "approve", "approve")
	}
	changed := m{"study": "one", "terms": with(terms(), m{"title": "Another title"})}
	w.refused(w.as(birch, "operator"), "study:Propose", changed, "ALREADY_EXISTS", alder)
	study := w.must(w.as(alder, "operator"), "study:Propose", changed)
	if study["version"] != float64(2) || study["state"] != "PROPOSED" {
		t.Errorf("the study is %v", study)
	}
	w.refused(w.as(alder, "operator"), "study:Tally", m{"study": "one", "motion": "approve"}, "INVALID_STATE", "0 for and 0 against of 4, 3 needed")
	w.refused(w.as(dogwd, "operator"), "study:Vote", m{
		"study": "one", "version": 1, "terms_digest": study["terms_digest"], "motion": "approve", "choice": "approve",
	}, "CONFLICT", "version 2")
	w.refused(w.as(dogwd, "operator"), "study:Vote", m{
		"study": "one", "version": 2, "terms_digest": digest("others"), "motion": "approve", "choice": "approve",
	}, "CONFLICT", "has the terms")
	for _, msp := range members[:3] {
		w.vote(msp, "approve", "approve")
	}
	w.must(w.as(alder, "operator"), "study:Tally", m{"study": "one", "motion": "approve"})
	w.refused(w.as(alder, "operator"), "study:Propose", m{"study": "one", "terms": terms()}, "INVALID_STATE", "APPROVED", "PROPOSED or REJECTED")
}

func TestNoStudyIsCalledLikeTheTrailOfAll(t *testing.T) {
	w := registered(t)
	q := m{"study": authz.ConsortiumID, "terms": terms()}
	w.refused(w.as(alder, "operator"), "study:Propose", q, "INVALID_ARGUMENT", "the trail of all of them")
}

func TestOneOrganisationHasOneVoteWhateverItsCertificates(t *testing.T) {
	w := proposed(t, nil)
	ballot := func(choice string) m {
		return m{"study": "one", "version": 1, "terms_digest": w.study()["terms_digest"], "motion": "approve", "choice": choice}
	}
	first, second := w.Client(alder, "operator"), w.Client(alder, "operator")
	w.must(first, "study:Vote", ballot("approve"))
	w.repeated(second, "study:Vote", ballot("approve"))
	w.refused(second, "study:Vote", ballot("reject"), "CONFLICT", "has voted approve")
	w.refused(first, "study:Tally", m{"study": "one", "motion": "approve"}, "INVALID_STATE", "1 for and 0 against of 4, 3 needed")
}

func TestQuorums(t *testing.T) {
	for _, test := range []struct {
		rule            string
		approve, reject int
		becomes         string
	}{
		{"majority", 2, 1, "PROPOSED"}, {"majority", 3, 0, "APPROVED"}, {"majority", 3, 1, "APPROVED"}, {"majority", 0, 2, "REJECTED"}, {"majority", 2, 2, "REJECTED"},
		{"two-thirds", 2, 0, "PROPOSED"}, {"two-thirds", 3, 1, "APPROVED"}, {"two-thirds", 2, 2, "REJECTED"},
		{"all", 3, 0, "PROPOSED"}, {"all", 3, 1, "REJECTED"}, {"all", 4, 0, "APPROVED"},
	} {
		w := newWorld(t)
		founding := w.must(w.as(alder, "operator"), "consortium:Found", with(charter(), m{"quorum": m{"studies": test.rule, "members": "all", "policies": "all"}}))
		for _, msp := range members {
			w.must(w.as(msp, "operator"), "consortium:Confirm", m{"proposer": alder, "charter_digest": founding["charter_digest"]})
		}
		w.must(w.as(alder, "operator"), "consortium:Tally", m{"motion": "founding", "proposer": alder})
		for _, msp := range members {
			w.must(w.as(msp, "steward"), "dataset:Register", dataset("rows"))
		}
		w.must(w.as(alder, "operator"), "study:Propose", m{"study": "one", "terms": terms()})
		for i, msp := range members[:test.approve+test.reject] {
			choice := "approve"
			if i >= test.approve {
				choice = "reject"
			}
			w.vote(msp, "approve", choice)
		}
		tally := m{"study": "one", "motion": "approve"}
		if test.becomes == "PROPOSED" {
			w.refused(w.as(alder, "operator"), "study:Tally", tally, "INVALID_STATE")
		} else if got := w.must(w.as(alder, "operator"), "study:Tally", tally); got["state"] != test.becomes {
			t.Errorf("%s with %d for and %d against: %v", test.rule, test.approve, test.reject, got["state"])
		}
	}
}

// Votes count when they were cast in time; the end of the period takes effect by the tally only.
func TestVotesExpire(t *testing.T) {
	w := proposed(t, nil)
	w.vote(alder, "approve", "approve")
	w.wait(59_999)
	w.vote(birch, "approve", "approve")
	w.wait(1)
	w.refused(w.as(cedar, "operator"), "study:Vote", m{
		"study": "one", "version": 1, "terms_digest": w.study()["terms_digest"], "motion": "approve", "choice": "approve",
	}, "EXPIRED")
	tally := m{"study": "one", "motion": "approve"}
	w.wait(skew - 1)
	w.refused(w.as(alder, "operator"), "study:Tally", tally, "INVALID_STATE", "PROPOSED")
	w.wait(1)
	study := w.must(w.as(alder, "operator"), "study:Tally", tally)
	if study["state"] != "REJECTED" || study["closed"].(m)["reason"] != "expired" {
		t.Errorf("the study is %v", study)
	}
	again := w.must(w.as(alder, "operator"), "study:Propose", m{"study": "one", "terms": with(terms(), m{"title": "Again"})})
	if again["state"] != "PROPOSED" || again["version"] != float64(2) || again["closed"] != nil {
		t.Errorf("the study is %v", again)
	}
}

func TestAnApprovalInTimeCountsAfterTheEnd(t *testing.T) {
	w := proposed(t, nil)
	for _, msp := range members[:3] {
		w.vote(msp, "approve", "approve")
	}
	w.wait(1_000_000)
	if study := w.must(w.as(alder, "operator"), "study:Tally", m{"study": "one", "motion": "approve"}); study["state"] != "APPROVED" {
		t.Errorf("the study is %v", study["state"])
	}
}

func TestAcceptance(t *testing.T) {
	w := approved(t, nil)
	tally := m{"study": "one", "motion": "accept"}
	for _, msp := range members[:3] {
		w.accept(msp)
	}
	w.refused(w.as(alder, "operator"), "study:Tally", tally, "INVALID_STATE", "APPROVED and waiting for DogwoodMSP")
	w.refused(w.as(dogwd, "steward"), "study:Accept", m{"study": "one", "version": 1, "terms_digest": digest("others")}, "CONFLICT")
	w.refused(w.as(dogwd, "steward"), "study:Accept", m{"study": "one", "version": 2, "terms_digest": w.study()["terms_digest"]}, "CONFLICT")
	w.must(w.as(dogwd, "steward"), "study:Withdraw", m{"study": "one", "version": 1})
	w.repeated(w.as(dogwd, "steward"), "study:Withdraw", m{"study": "one", "version": 1})
	w.refused(w.as(dogwd, "steward"), "study:Accept", m{"study": "one", "version": 1, "terms_digest": w.study()["terms_digest"]}, "CONFLICT", "withdrawn")
	study := w.must(w.as(alder, "operator"), "study:Tally", tally)
	if study["state"] != "REJECTED" || study["closed"].(m)["reason"] != "withdrawn" {
		t.Errorf("the study is %v", study)
	}
	w.repeated(w.as(alder, "operator"), "study:Tally", tally)
	view := w.read("study:Get", m{"study": "one"})
	if len(view["votes"].([]any)) != 3 || len(view["accepts"].([]any)) != 3 || len(view["withdrawals"].([]any)) != 1 {
		t.Errorf("the view is %v", view)
	}
}

func TestOnlyParticipantsAcceptAndWithdraw(t *testing.T) {
	w := approved(t, m{"participants": participants("rows", alder, birch, cedar)})
	doc := m{"study": "one", "version": 1, "terms_digest": w.study()["terms_digest"]}
	w.refused(w.as(dogwd, "steward"), "study:Accept", doc, "DENIED")
	w.refused(w.as(dogwd, "steward"), "study:Withdraw", m{"study": "one", "version": 1}, "DENIED")
	for _, msp := range members[:3] {
		w.accept(msp)
	}
	if study := w.must(w.as(dogwd, "operator"), "study:Tally", m{"study": "one", "motion": "accept"}); study["state"] != "READY" {
		t.Errorf("the study is %v", study["state"])
	}
}

func TestAbortingNeedsTheQuorumOfStudies(t *testing.T) {
	w := running(t, plain())
	w.vote(alder, "abort", "approve")
	w.vote(birch, "abort", "approve")
	w.vote(cedar, "abort", "reject")
	tally := m{"study": "one", "motion": "abort"}
	w.refused(w.as(alder, "operator"), "study:Tally", tally, "INVALID_STATE", "2 for and 1 against of 4, 3 needed")
	w.vote(dogwd, "abort", "approve")
	study := w.must(w.as(alder, "operator"), "study:Tally", tally)
	if study["state"] != "ABORTED" || study["closed"].(m)["reason"] != "voted" {
		t.Errorf("the study is %v", study)
	}
}

func TestADisputedRoundIsAbortedByVote(t *testing.T) {
	w := roundIn(t, "DISPUTED")
	motion := "abort-round/1"
	w.refused(w.as(alder, "operator"), "study:Tally", m{"study": "one", "motion": motion}, "INVALID_STATE", "DISPUTED", "0 for")
	for _, msp := range members[:3] {
		w.vote(msp, motion, "approve")
	}
	w.must(w.as(alder, "operator"), "study:Tally", m{"study": "one", "motion": motion})
	w.repeated(w.as(alder, "operator"), "study:Tally", m{"study": "one", "motion": motion})
	if round := w.round(1); round["state"] != "ABORTED" || round["closed"].(m)["reason"] != "voted" {
		t.Errorf("the round is %v", round)
	}
	next := w.must(w.as(alder, "aggregator"), "round:Open", m{"study": "one", "round": 2})
	if next["base"] != digest("initial") || next["finals_before"] != float64(0) {
		t.Errorf("the next round is %v", next)
	}
	w.refused(w.as(alder, "operator"), "study:Vote", m{
		"study": "one", "version": 1, "terms_digest": w.study()["terms_digest"], "motion": "abort-round/2", "choice": "approve",
	}, "INVALID_STATE", "OPEN", "DISPUTED")
	w.refused(w.as(alder, "operator"), "study:Tally", m{"study": "one", "motion": "abort-round/9"}, "NOT_FOUND", "round 9")
}

func TestAStudyCompletesWhenItsRoundsAreUsedUp(t *testing.T) {
	w := running(t, with(plain(), m{"rounds": 1, "max_rounds": 2}))
	for round := 1; round <= 2; round++ {
		w.refused(w.as(alder, "operator"), "study:Complete", m{"study": "one"}, "INVALID_STATE", "RUNNING", "round 2")
		w.must(w.as(alder, "aggregator"), "round:Open", m{"study": "one", "round": round})
		w.wait(10_000 + skew)
		w.must(w.as(alder, "aggregator"), "round:Abort", m{"study": "one", "round": round})
	}
	w.refused(w.as(alder, "aggregator"), "round:Open", m{"study": "one", "round": 3}, "INVALID_STATE", "may open 2 rounds")
	study := w.must(w.as(alder, "operator"), "study:Complete", m{"study": "one"})
	if study["state"] != "COMPLETED" || study["closed"].(m)["reason"] != "rounds-used-up" {
		t.Errorf("the study is %v", study)
	}
}

func TestStudiesAreListed(t *testing.T) {
	w := proposed(t, nil)
	w.must(w.as(birch, "operator"), "study:Propose", m{"study": "another", "terms": terms()})
	list := w.read("study:List", nil)["studies"].([]any)
	if len(list) != 2 || list[0].(m)["study"] != "another" || list[1].(m)["proposer"] != alder {
		t.Errorf("the studies are %v", list)
	}
	w.refused(w.as(alder, "operator"), "study:Start", m{"study": "absent"}, "NOT_FOUND", "study absent")
}
