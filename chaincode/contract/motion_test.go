package contract_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"quorate.dev/chaincode/authz"
)

// policyProposal proposes the default policies with something added.
func policyProposal(name, added string) m {
	return m{"proposal": name, "title": "Rules", "base": authz.DigestOf(authz.Default), "text": authz.Default + added}
}

func elm(key string) m { return m{"msp": "ElmMSP", "fingerprint_key": digest(key)} }

// ballots has members vote on a proposal, which consortium and policy do alike.
func (w *world) ballots(contract string, proposal m, choice string, voters ...string) {
	w.t.Helper()
	for _, msp := range voters {
		w.must(w.as(msp, "operator"), contract+":Vote", m{"proposal": proposal["proposal"], "digest": proposal["digest"], "choice": choice})
	}
}

func (w *world) tallyMembers(proposal string) m {
	w.t.Helper()
	return w.must(w.as(alder, "operator"), "consortium:Tally", m{"motion": "members", "proposal": proposal})
}

func (w *world) memberProposal(proposal string) m {
	w.t.Helper()
	for _, found := range w.read("consortium:Get", nil)["proposals"].([]any) {
		if found.(m)["proposal"] == proposal {
			return found.(m)
		}
	}
	w.t.Fatalf("there is no proposal %s", proposal)
	return nil
}

func membersOf(charter m) string {
	var list []string
	for _, member := range charter["members"].([]any) {
		list = append(list, strings.TrimSuffix(member.(m)["msp"].(string), "MSP"))
	}
	return strings.Join(list, " ")
}

func TestAMemberIsAdmittedByVote(t *testing.T) { // two thirds of four are three
	w := founded(t)
	proposal := w.must(w.as(alder, "operator"), "consortium:ProposeMember", m{"proposal": "elm", "member": elm("key")})
	w.repeated(w.as(alder, "operator"), "consortium:ProposeMember", m{"proposal": "elm", "member": elm("key")})
	w.ballots("consortium", proposal, "approve", alder, birch)
	w.repeated(w.as(birch, "operator"), "consortium:Vote", m{"proposal": "elm", "digest": proposal["digest"], "choice": "approve"})
	w.refused(w.as(alder, "operator"), "consortium:Tally", m{"motion": "members", "proposal": "elm"}, "INVALID_STATE", "2 for and 0 against of 4, 3 needed")
	w.ballots("consortium", proposal, "approve", dogwd)
	before := w.read("consortium:Get", nil)["charter"].(m)
	charter := w.tallyMembers("elm")
	if membersOf(charter) != "Alder Birch Cedar Dogwood Elm" || charter["charter_digest"] == before["charter_digest"] {
		t.Errorf("the charter is %v", charter)
	}
	amendment := charter["amended"].(m)
	if amendment["number"] != 1.0 || amendment["proposal"] != "elm" || asText(t, charter["activated"]) != asText(t, before["activated"]) {
		t.Errorf("the amendment is %v", amendment)
	}
	if state := w.memberProposal("elm"); state["state"] != "ADOPTED" || state["closed"].(m)["reason"] != "voted" {
		t.Errorf("the proposal is %v", state)
	}
	w.repeated(w.as(birch, "operator"), "consortium:Tally", m{"motion": "members", "proposal": "elm"})
}

func TestARemovedMemberIsAStranger(t *testing.T) {
	w := registered(t)
	proposal := w.must(w.as(alder, "operator"), "consortium:ProposeRemoval", m{"proposal": "out", "msp": dogwd})
	w.ballots("consortium", proposal, "approve", alder, birch, cedar)
	if charter := w.tallyMembers("out"); membersOf(charter) != "Alder Birch Cedar" {
		t.Errorf("the charter is %v", charter)
	}
	w.refused(w.as(dogwd, "steward"), "dataset:Retire", m{"dataset": "rows"}, "DENIED", "forbid-outsiders")
	w.refused(w.as(dogwd, "operator"), "consortium:Vote", m{"proposal": "out", "digest": proposal["digest"], "choice": "approve"}, "DENIED")
	w.must(w.as(alder, "steward"), "dataset:Retire", m{"dataset": "rows"})
}

func TestAMemberTakesAnotherFingerprintKeyByVote(t *testing.T) {
	w := founded(t)
	key := m{"msp": birch, "fingerprint_key": digest("another")}
	w.refused(w.as(birch, "operator"), "consortium:ProposeMember",
		m{"proposal": "same", "member": m{"msp": birch, "fingerprint_key": digest("key of " + birch)}}, "INVALID_STATE", "with this fingerprint key")
	proposal := w.must(w.as(birch, "operator"), "consortium:ProposeMember", m{"proposal": "key", "member": key})
	if proposal["change"] != "rekey" {
		t.Errorf("the proposal is %v", proposal)
	}
	w.ballots("consortium", proposal, "approve", alder, birch, cedar)
	charter := w.tallyMembers("key")
	if membersOf(charter) != "Alder Birch Cedar Dogwood" || asText(t, charter["members"].([]any)[1]) != asText(t, key) {
		t.Errorf("the charter is %v", charter)
	}
}

func TestChangesOfMembersAreChecked(t *testing.T) {
	w := founded(t)
	w.must(w.as(alder, "operator"), "consortium:ProposeMember", m{"proposal": "elm", "member": elm("key")})
	operator := w.as(birch, "operator")
	w.refused(operator, "consortium:ProposeMember", m{"proposal": "elm", "member": elm("key")}, "ALREADY_EXISTS", "AlderMSP's")
	w.refused(w.as(alder, "operator"), "consortium:ProposeMember", m{"proposal": "elm", "member": elm("other")}, "ALREADY_EXISTS", "used once")
	w.refused(operator, "consortium:ProposeRemoval", m{"proposal": "x", "msp": "ElmMSP"}, "NOT_FOUND", "ElmMSP is not a member")
	w.refused(operator, "consortium:Vote", m{"proposal": "none", "digest": digest("x"), "choice": "approve"}, "NOT_FOUND", "proposal none")
	w.refused(operator, "consortium:Vote", m{"proposal": "elm", "digest": digest("x"), "choice": "approve"}, "CONFLICT", "has the digest")
	w.refused(operator, "consortium:Tally", m{"motion": "members", "proposal": "none"}, "NOT_FOUND")
	for _, document := range []m{{"motion": "members"}, {"motion": "members", "proposer": alder, "proposal": "elm"}, {"motion": "founding", "proposal": "elm"}} {
		w.refused(operator, "consortium:Tally", document, "INVALID_ARGUMENT", "is named by")
	}
	w.refused(w.as(birch, "agent"), "consortium:ProposeRemoval", m{"proposal": "x", "msp": alder}, "DENIED", "no policy permits")
}

func TestTheFewestMembersAreTwo(t *testing.T) {
	w := founded(t)
	for _, msp := range []string{dogwd, cedar} {
		w.without(msp)
	}
	w.refused(w.as(alder, "operator"), "consortium:ProposeRemoval", m{"proposal": "x", "msp": birch}, "INVALID_STATE", "fewer cannot be")
}

func TestAVoteIsCastOnceAndInTime(t *testing.T) {
	w := founded(t)
	proposal := w.must(w.as(alder, "operator"), "consortium:ProposeMember", m{"proposal": "elm", "member": elm("key")})
	w.ballots("consortium", proposal, "approve", birch)
	other := m{"proposal": "elm", "digest": proposal["digest"], "choice": "reject"}
	w.refused(w.as(birch, "operator"), "consortium:Vote", other, "CONFLICT", "has voted approve")
	w.wait(60_000)
	w.refused(w.as(cedar, "operator"), "consortium:Vote", other, "EXPIRED", "the vote on proposal elm ended")
	w.refused(w.as(cedar, "operator"), "consortium:Tally", m{"motion": "members", "proposal": "elm"}, "INVALID_STATE", "decided or expired")
	w.wait(skew)
	if charter := w.tallyMembers("elm"); membersOf(charter) != "Alder Birch Cedar Dogwood" {
		t.Errorf("the charter is %v", charter)
	}
	if closed := w.memberProposal("elm")["closed"].(m); closed["reason"] != "expired" {
		t.Errorf("closed as %v", closed)
	}
}

func TestAVoteThatNobodyClosedInTimeHasFailed(t *testing.T) {
	w := founded(t)
	proposal := w.must(w.as(alder, "operator"), "consortium:ProposeMember", m{"proposal": "elm", "member": elm("key")})
	w.ballots("consortium", proposal, "approve", members...)
	w.wait(60_000 + skew)
	if charter := w.tallyMembers("elm"); membersOf(charter) != "Alder Birch Cedar Dogwood" {
		t.Errorf("the charter is %v", charter)
	}
	if closed := w.memberProposal("elm")["closed"].(m); closed["reason"] != "expired" {
		t.Errorf("closed as %v", closed)
	}
}

func TestARejectedMemberIsNotAdmitted(t *testing.T) {
	w := founded(t)
	proposal := w.must(w.as(alder, "operator"), "consortium:ProposeMember", m{"proposal": "elm", "member": elm("key")})
	w.ballots("consortium", proposal, "reject", birch, cedar) // two of the others cannot be three
	if charter := w.tallyMembers("elm"); membersOf(charter) != "Alder Birch Cedar Dogwood" {
		t.Errorf("the charter is %v", charter)
	}
	if state := w.memberProposal("elm"); state["state"] != "REJECTED" {
		t.Errorf("the proposal is %v", state)
	}
	w.refused(w.as(alder, "operator"), "consortium:Vote", m{"proposal": "elm", "digest": proposal["digest"], "choice": "approve"}, "INVALID_STATE", "is REJECTED")
}

func TestAProposalIsAboutOneCharter(t *testing.T) {
	w := founded(t)
	first := w.must(w.as(alder, "operator"), "consortium:ProposeMember", m{"proposal": "elm", "member": elm("key")})
	second := w.must(w.as(birch, "operator"), "consortium:ProposeRemoval", m{"proposal": "out", "msp": cedar})
	w.ballots("consortium", first, "approve", alder, birch, dogwd)
	w.ballots("consortium", second, "approve", alder, birch, dogwd)
	w.tallyMembers("elm")
	w.refused(w.as(cedar, "operator"), "consortium:Vote", m{"proposal": "out", "digest": second["digest"], "choice": "reject"}, "INVALID_STATE", "propose it again")
	if charter := w.tallyMembers("out"); membersOf(charter) != "Alder Birch Cedar Dogwood Elm" {
		t.Errorf("the charter is %v", charter)
	}
	if closed := w.memberProposal("out")["closed"].(m); closed["reason"] != "superseded" {
		t.Errorf("closed as %v", closed)
	}
}

// adoptPolicy proposes a policy set, and all members vote it into force.
func (w *world) adoptPolicy(name string, changes m) {
	w.t.Helper()
	proposal := w.must(w.as(alder, "operator"), "policy:Propose", with(policyProposal(name, ""), changes))
	w.ballots("policy", proposal, "approve", members...)
	w.must(w.as(alder, "operator"), "policy:Tally", m{"proposal": name})
}

func TestAProposalIsNotAboutACharterThatComesBack(t *testing.T) {
	w := founded(t)
	old := w.must(w.as(alder, "operator"), "consortium:ProposeRemoval", m{"proposal": "out", "msp": cedar})
	w.ballots("consortium", old, "approve", alder, birch, dogwd)
	before := w.read("consortium:Get", nil)["charter"].(m)
	for _, key := range []string{"another", "key of " + birch} {
		name := strings.Fields(key)[0]
		rekey := w.must(w.as(birch, "operator"), "consortium:ProposeMember", m{"proposal": name, "member": m{"msp": birch, "fingerprint_key": digest(key)}})
		w.ballots("consortium", rekey, "approve", alder, birch, cedar)
		w.tallyMembers(name)
	}
	if again := w.read("consortium:Get", nil)["charter"].(m); again["charter_digest"] != before["charter_digest"] {
		t.Fatalf("the charter is %v", again)
	}
	w.refused(w.as(cedar, "operator"), "consortium:Vote", m{"proposal": "out", "digest": old["digest"], "choice": "reject"}, "INVALID_STATE", "version 3", "propose it again")
	if charter := w.tallyMembers("out"); membersOf(charter) != "Alder Birch Cedar Dogwood" {
		t.Errorf("the charter is %v", charter)
	}
	if closed := w.memberProposal("out")["closed"].(m); closed["reason"] != "superseded" {
		t.Errorf("closed as %v", closed)
	}
}

func TestAProposalIsNotAboutAPolicySetThatComesBack(t *testing.T) {
	w := founded(t)
	old := w.must(w.as(alder, "operator"), "policy:Propose", policyProposal("old", "\n"))
	w.ballots("policy", old, "approve", members[:3]...)
	w.adoptPolicy("there", m{"text": authz.Default + "\n\n"})
	w.adoptPolicy("back", m{"base": authz.DigestOf(authz.Default + "\n\n"), "text": authz.Default})
	w.refused(w.as(dogwd, "operator"), "policy:Vote", m{"proposal": "old", "digest": old["digest"], "choice": "approve"}, "INVALID_STATE", "version 3", "propose it again")
	closed := w.must(w.as(alder, "operator"), "policy:Tally", m{"proposal": "old"})
	if closed["state"] != "REJECTED" || closed["closed"].(m)["reason"] != "superseded" {
		t.Errorf("the proposal is %v", closed["closed"])
	}
}

func TestVotesInOneBlockDoNotConflict(t *testing.T) {
	w := founded(t)
	proposal := w.must(w.as(alder, "operator"), "policy:Propose", policyProposal("more", "\n"))
	var calls []one
	for _, msp := range members {
		calls = append(calls, one{msp, "operator", "policy:Vote", m{"proposal": "more", "digest": proposal["digest"], "choice": "approve"}})
	}
	if codes := w.codes(calls...); !slices.Equal(codes, valid(4)) {
		t.Errorf("the votes are %v", codes)
	}
}

func TestAPolicySetComesIntoForceByVote(t *testing.T) { // all four must agree
	w := founded(t)
	frozen := `@id("freeze") forbid (principal, action == Action::"dataset.register", resource);`
	proposal := w.must(w.as(alder, "operator"), "policy:Propose", policyProposal("freeze", frozen))
	w.repeated(w.as(alder, "operator"), "policy:Propose", policyProposal("freeze", frozen))
	w.ballots("policy", proposal, "approve", members[:3]...)
	w.refused(w.as(alder, "operator"), "policy:Tally", m{"proposal": "freeze"}, "INVALID_STATE", "3 for and 0 against of 4, 4 needed")
	w.must(w.as(alder, "steward"), "dataset:Register", dataset("early"))
	w.ballots("policy", proposal, "approve", dogwd)
	adopted := w.must(w.as(birch, "aggregator"), "policy:Tally", m{"proposal": "freeze"})
	if adopted["state"] != "ADOPTED" || adopted["version"] != 2.0 {
		t.Errorf("the proposal is %v", adopted["state"])
	}
	w.repeated(w.as(alder, "operator"), "policy:Tally", m{"proposal": "freeze"})
	w.refused(w.as(alder, "steward"), "dataset:Register", dataset("late"), "DENIED", "(freeze)")
	if current := w.read("policy:Get", nil); current["version"] != 2.0 || current["proposal"] != "freeze" {
		t.Errorf("in force is version %v of %v", current["version"], current["proposal"])
	}
	history := w.read("policy:History", nil)
	if versions, ballots := history["versions"].([]any), history["ballots"].([]any); len(versions) != 2 || len(ballots) != 4 {
		t.Errorf("the history is %v", history)
	}
	view := w.read("policy:Proposal", m{"proposal": "freeze"})
	if view["proposal"].(m)["text"] != authz.Default+frozen || len(view["ballots"].([]any)) != 4 {
		t.Errorf("the proposal is seen as %v", view)
	}
	// What was approved under the policies before must be voted on again.
	w.refused(w.as(alder, "operator"), "study:Propose", m{"study": "one", "terms": terms()}, "INVALID_ARGUMENT", "policy")
}

func TestPolicyProposalsAreChecked(t *testing.T) {
	w := founded(t)
	operator := w.as(alder, "operator")
	w.must(operator, "policy:Propose", policyProposal("one", "\n"))
	for name, test := range map[string]struct {
		changes m
		code    string
		words   []string
	}{
		"taken by others":      {m{"proposal": "one", "text": authz.Default + "\n\n"}, "ALREADY_EXISTS", []string{"AlderMSP's"}},
		"about another":        {m{"base": digest("other")}, "CONFLICT", []string{"in force is"}},
		"nothing changes":      {m{"text": authz.Default}, "INVALID_STATE", []string{"in force already"}},
		"not Cedar":            {m{"text": "allow everyone"}, "INVALID_ARGUMENT", []string{"text:"}},
		"beyond the guard":     {m{"text": `permit (principal, action, resource);`}, "INVALID_ARGUMENT", []string{"missing-id"}},
		"too long":             {m{"text": strings.Repeat("// x\n", 13_200)}, "INVALID_ARGUMENT", []string{"65536"}},
		"locks all out":        {m{"text": `@id("none") forbid (principal, action, resource);`}, "INVALID_ARGUMENT", []string{"AlderMSP", "policy:Propose", "none"}},
		"locks one out":        {m{"text": authz.Default + `@id("x") forbid (principal, action == Action::"policy.vote", resource) when { principal.org == Org::"CedarMSP" };`}, "INVALID_ARGUMENT", []string{"CedarMSP", "policy:Vote"}},
		"leaves nobody a vote": {m{"text": `@id("read") permit (principal, action in Action::"ledger.read", resource);`}, "INVALID_ARGUMENT", []string{"no policy permits"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := *w
			w.t = t
			w.refused(w.as(birch, "operator"), "policy:Propose", with(policyProposal("two", "\n"), test.changes), test.code, test.words...)
		})
	}
	text := authz.Default + strings.Repeat("//\n", (65_536-len(authz.Default))/3)
	w.must(operator, "policy:Propose", with(policyProposal("long", ""), m{"text": text})) // escaped, longer than other documents may be
}

func TestAPolicyProposalIsAboutOnePolicySet(t *testing.T) {
	w := founded(t)
	first := w.must(w.as(alder, "operator"), "policy:Propose", policyProposal("first", "\n"))
	second := w.must(w.as(birch, "operator"), "policy:Propose", policyProposal("second", "\n\n"))
	w.ballots("policy", first, "approve", members...)
	w.must(w.as(alder, "operator"), "policy:Tally", m{"proposal": "first"})
	w.refused(w.as(cedar, "operator"), "policy:Vote", m{"proposal": "second", "digest": second["digest"], "choice": "approve"}, "INVALID_STATE", "propose it again")
	closed := w.must(w.as(alder, "operator"), "policy:Tally", m{"proposal": "second"})
	if closed["state"] != "REJECTED" || closed["closed"].(m)["reason"] != "superseded" {
		t.Errorf("the proposal is %v", closed["closed"])
	}
}

func TestNoPolicySetClosesTheDoorLater(t *testing.T) {
	w := founded(t)
	admission := w.must(w.as(alder, "operator"), "consortium:ProposeMember", m{"proposal": "elm", "member": elm("key")})
	w.ballots("consortium", admission, "approve", alder, birch, cedar)
	closing := `@id("closed") forbid (principal, action in [Action::"policy.propose", Action::"policy.vote", Action::"policy.tally"], resource)
when { context.now > datetime("%s") };
@id("newcomers") forbid (principal, action in [Action::"policy.propose", Action::"policy.vote", Action::"policy.tally"], resource)
when { principal.org == Org::"ElmMSP" };`
	closing = fmt.Sprintf(closing, w.Now().Add(30*time.Second).UTC().Format("2006-01-02T15:04:05Z"))
	proposal := w.must(w.as(alder, "operator"), "policy:Propose", policyProposal("closing", closing))
	w.ballots("policy", proposal, "approve", members...)
	w.must(w.as(alder, "operator"), "policy:Tally", m{"proposal": "closing"})
	w.tallyMembers("elm")
	w.wait(60_000)

	opening := with(policyProposal("opening", "\n"), m{"base": proposal["digest"]})
	asked := withSchema("policy:Check", m{"function": "policy:Propose", "document": withSchema("policy:Propose", opening)})
	check, err := w.as("ElmMSP", "operator").Evaluate("policy:Check", asked)
	if err != nil || !strings.Contains(string(check), `"decision":"allow","policies":["charter"]`) {
		t.Errorf("decided as %s, %v", check, err)
	}
	w.refused(w.as(alder, "aggregator"), "policy:Propose", opening, "DENIED", "closed")
	reopened := w.must(w.as("ElmMSP", "operator"), "policy:Propose", opening)
	w.ballots("policy", reopened, "approve", append([]string{"ElmMSP"}, members...)...)
	if adopted := w.must(w.as("ElmMSP", "operator"), "policy:Tally", m{"proposal": "opening"}); adopted["state"] != "ADOPTED" {
		t.Errorf("the proposal is %v", adopted["state"])
	}
}
