package contract_test

import (
	"encoding/json"
	"testing"

	"quorate.dev/chaincode/authz"
)

// without is the same ledger after a member has left. Removals come by vote; here the charter is changed by hand.
func (w *world) without(msp string) {
	w.t.Helper()
	w.edit("charter", func(charter m) {
		kept := []any{}
		for _, member := range charter["members"].([]any) {
			if member.(m)["msp"] != msp {
				kept = append(kept, member)
			}
		}
		charter["members"] = kept
	})
}

// edit changes a record by hand.
func (w *world) edit(key string, change func(m)) {
	w.t.Helper()
	state := w.Dump()
	record := decoded(w.t, []byte(state[key]))
	change(record)
	data, err := json.Marshal(record)
	if err != nil {
		w.t.Fatal(err)
	}
	state[key] = string(data)
	w.Load(state)
}

func TestARemovedAttesterStopsCountingAndTheNumberNeededStays(t *testing.T) {
	w := sealed(t, plain())
	for _, msp := range []string{alder, birch, dogwd} {
		w.attest(msp, 1, 1, digest("model"))
	}
	w.without(dogwd)
	w.refused(w.as(alder, "aggregator"), "round:Finalize", m{"study": "one", "round": 1}, "INVALID_STATE", "2 attested and 1 waiting", "3 equal")
	w.refused(w.as(dogwd, "aggregator"), "round:Finalize", m{"study": "one", "round": 1}, "DENIED", "forbid-outsiders")
	w.attest(cedar, 1, 1, digest("model"))
	round := w.must(w.as(alder, "aggregator"), "round:Finalize", m{"study": "one", "round": 1})
	if asText(t, round["attested_by"]) != `["AlderMSP","BirchMSP","CedarMSP"]` {
		t.Errorf("attested by %v", round["attested_by"])
	}
}

func TestARoundKeepsTheAttestersItWasOpenedWith(t *testing.T) {
	w := opened(t, plain())
	w.edit("study~one", func(study m) { study["terms"].(m)["attesters"] = []string{alder, birch} })
	if got := asText(t, w.round(1)["attesters"]); got != asText(t, members) {
		t.Errorf("the attesters are %s", got)
	}
	w.fill(1)
	w.must(w.as(alder, "aggregator"), "round:Seal", m{"study": "one", "round": 1})
	w.attest(dogwd, 1, 1, digest("model")) // still an attester of this round
}

func TestARemovedMembersVotesDoNotCount(t *testing.T) {
	w := proposed(t, nil)
	for _, msp := range []string{alder, birch, dogwd} {
		w.vote(msp, "approve", "approve")
	}
	w.without(dogwd)
	study := w.must(w.as(alder, "operator"), "study:Tally", m{"study": "one", "motion": "approve"}) // 2 of 3
	if study["state"] != "APPROVED" {
		t.Errorf("the study is %v", study["state"])
	}
}

// Below the policies there is a floor: whatever they permit, a stranger changes nothing.
func TestAPolicyCannotLetStrangersWrite(t *testing.T) {
	w := founded(t)
	text := `@id("all") permit (principal, action, resource);`
	w.edit("policy~version~000001", func(policy m) { policy["text"], policy["digest"] = text, authz.DigestOf(text) })
	w.refused(w.as("StrangerMSP", "steward"), "dataset:Register", dataset("rows"), "DENIED", "not a member")
	w.must(w.as(alder, "agent"), "dataset:Register", dataset("rows")) // for members the policy decides
}

func TestOtherPoliciesDecideOtherwise(t *testing.T) {
	w := founded(t)
	text := `@id("freeze") forbid (principal, action in Action::"ledger.write", resource);`
	w.edit("policy~version~000001", func(policy m) {
		policy["text"], policy["digest"] = authz.Default+text, authz.DigestOf(authz.Default+text)
	})
	w.refused(w.as(alder, "steward"), "dataset:Register", dataset("rows"), "DENIED", "(freeze)")
	w.edit("policy~version~000001", func(policy m) { policy["text"] = "permit (principal, action, resource);" })
	w.refused(w.as(alder, "steward"), "dataset:Register", dataset("rows"), "DEFECT", "cannot be evaluated", "missing-id")
}
