package contract_test

import (
	"fmt"
	"reflect"
	"testing"
)

func exclusions(reason string, organisations ...string) []m {
	list := []m{}
	for _, msp := range organisations {
		list = append(list, m{"msp": msp, "dataset": "plain", "reason": reason})
	}
	return list
}

func TestAttestationsAreChecked(t *testing.T) {
	w := sealed(t, with(plain(), m{"attesters": members[:3], "m": 2}))
	good := w.attestDoc(alder, 1, 1, digest("model"))
	for _, test := range []struct {
		name      string
		msp, role string
		changes   m
		code      string
		says      string
	}{
		{"by a member that is no attester", dogwd, "aggregator", nil, "DENIED", "forbid-attesting-by-others"},
		{"by an operator", alder, "operator", nil, "DENIED", "no policy permits it"},
		{"of another attempt", alder, "aggregator", m{"attempt": 2}, "INVALID_STATE", "attempt 1, and this step expects attempt 2"},
		{"of an attempt that cannot be", alder, "aggregator", m{"attempt": 4}, "INVALID_ARGUMENT", "4 is outside 1 to 3"},
		{"of an excluded update that is not included", alder, "aggregator", m{"excluded": exclusions("invalid", "ElmMSP")}, "INVALID_ARGUMENT", "does not include"},
		{"out of order", alder, "aggregator", m{"excluded": exclusions("invalid", birch, alder), "model": ""}, "INVALID_ARGUMENT", "ascending order"},
		{"of one update twice", alder, "aggregator", m{"excluded": exclusions("invalid", birch, birch), "model": ""}, "INVALID_ARGUMENT", "once each"},
		{"for another reason", alder, "aggregator", m{"excluded": exclusions("ugly", birch)}, "INVALID_ARGUMENT", "is none of invalid,unavailable"},
		{"of no model with enough updates", alder, "aggregator", m{"model": ""}, "INVALID_ARGUMENT", "4 updates are left of the 3 needed"},
		{"of a model with too few updates", alder, "aggregator", m{"excluded": exclusions("invalid", alder, birch)}, "INVALID_ARGUMENT", "2 updates are left"},
		{"of what is no digest", alder, "aggregator", m{"model": "sha256:1"}, "INVALID_ARGUMENT", "is not of the form"},
		{"without possession", alder, "aggregator", m{"possession": nil}, "INVALID_ARGUMENT", "possession is missing"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w.t = t
			w.refused(w.as(test.msp, test.role), "round:Attest", with(good, test.changes), test.code, test.says)
		})
	}
	w.t = t
	w.must(w.as(alder, "aggregator"), "round:Attest", good)
	w.refused(w.as(alder, "aggregator"), "round:Attest", with(good, m{"model": digest("other")}), "CONFLICT", "has attested something else")
	w.refused(w.as(alder, "aggregator"), "round:Attest", with(good, m{"possession": digest("other")}), "CONFLICT", "has attested something else")
}

// A member that commits and withholds its bytes cannot stop a round, and cannot be left out before others had time to get them.
func TestWithheldUpdatesAreLeftOutFromHalfTimeOn(t *testing.T) {
	w := sealed(t, plain())
	doc := with(w.attestDoc(alder, 1, 1, digest("model")), m{"excluded": exclusions("unavailable", dogwd)})
	w.refused(w.as(alder, "aggregator"), "round:Attest", doc, "INVALID_STATE", "may be called unavailable from")
	w.wait(3999)
	w.refused(w.as(alder, "aggregator"), "round:Attest", doc, "INVALID_STATE", "unavailable")
	w.wait(1)
	for _, msp := range members[:3] {
		w.must(w.as(msp, "aggregator"), "round:Attest", with(doc, m{"possession": digest(msp)}))
	}
	round := w.must(w.as(alder, "aggregator"), "round:Finalize", m{"study": "one", "round": 1})
	if round["state"] != "FINAL" || asText(t, round["excluded"]) != `[{"dataset":"plain","msp":"DogwoodMSP","reason":"unavailable"}]` {
		t.Errorf("the round is %v", round)
	}
	model := w.read("model:Get", m{"model": digest("model")})
	if updates := model["updates"].([]any); len(updates) != 3 || asText(t, model["excluded"]) != asText(t, round["excluded"]) {
		t.Errorf("the model is %v", model)
	}
}

func TestAWrongAttestationByOneOfFourChangesNothing(t *testing.T) {
	w := sealed(t, plain())
	w.attest(alder, 1, 1, digest("wrong"))
	w.attest(birch, 1, 1, digest("model"))
	w.attest(cedar, 1, 1, digest("model"))
	w.refused(w.as(alder, "aggregator"), "round:Finalize", m{"study": "one", "round": 1}, "INVALID_STATE", "SEALED in attempt 1 with 3 attested and 1 waiting", "3 equal attestations")
	w.attest(dogwd, 1, 1, digest("model"))
	w.refused(w.as(alder, "aggregator"), "round:Retry", m{"study": "one", "round": 1, "attempt": 1}, "INVALID_STATE", "with a quorum", "finalize it instead")
	round := w.must(w.as(alder, "aggregator"), "round:Finalize", m{"study": "one", "round": 1})
	if round["model"] != digest("model") || asText(t, round["attested_by"]) != `["BirchMSP","CedarMSP","DogwoodMSP"]` {
		t.Errorf("the round is %v", round)
	}
}

// Equal means equal in model and in what was excluded.
func TestAttestationsThatExcludeOtherUpdatesAreNotEqual(t *testing.T) {
	w := sealed(t, plain())
	for i, msp := range members[:3] {
		doc := w.attestDoc(msp, 1, 1, digest("model"))
		if i == 0 {
			doc["excluded"] = exclusions("invalid", dogwd)
		}
		w.must(w.as(msp, "aggregator"), "round:Attest", doc)
	}
	w.refused(w.as(alder, "aggregator"), "round:Finalize", m{"study": "one", "round": 1}, "INVALID_STATE")
}

func TestARoundIsDisputedAfterThreeAttempts(t *testing.T) {
	w := sealed(t, plain())
	for attempt := 1; attempt <= 3; attempt++ {
		for i, msp := range members {
			w.attest(msp, 1, attempt, digest(fmt.Sprint("model ", i/2)))
		}
		retry := m{"study": "one", "round": 1, "attempt": attempt}
		w.refused(w.as(alder, "aggregator"), "round:Finalize", m{"study": "one", "round": 1}, "INVALID_STATE", "4 attested and 0 waiting")
		round := w.must(w.as(alder, "aggregator"), "round:Retry", retry) // all have attested: no need to wait
		w.repeated(w.as(birch, "aggregator"), "round:Retry", retry)
		if attempt < 3 && (round["attempt"] != float64(attempt+1) || round["state"] != "SEALED") {
			t.Errorf("the round is %v", round)
		}
	}
	if round := w.round(1); round["state"] != "DISPUTED" || round["model"] != nil {
		t.Errorf("the round is %v", round)
	}
	if view := w.read("round:Get", m{"study": "one", "round": 1}); len(view["attestations"].([]any)) != 12 {
		t.Errorf("the view has %d attestations", len(view["attestations"].([]any)))
	}
}

func TestARetryWaitsForTheAttestersTime(t *testing.T) {
	w := sealed(t, plain())
	w.attest(alder, 1, 1, digest("model"))
	retry := m{"study": "one", "round": 1, "attempt": 1}
	w.wait(7999)
	w.refused(w.as(alder, "aggregator"), "round:Retry", retry, "INVALID_STATE", "1 attested and 3 waiting")
	w.refused(w.as(alder, "aggregator"), "round:Retry", with(retry, m{"attempt": 2}), "INVALID_STATE", "in attempt 1", "attempt 2")
	w.wait(1)
	round := w.must(w.as(alder, "aggregator"), "round:Retry", retry)
	now := float64(w.Now().UnixMilli())
	if round["attempt"] != float64(2) || round["attempt_time"] != now || round["attest_by"] != now+8000 {
		t.Errorf("the round is %v", round)
	}
	// What was attested before does not count again.
	w.attest(birch, 1, 2, digest("model"))
	w.attest(cedar, 1, 2, digest("model"))
	w.refused(w.as(alder, "aggregator"), "round:Finalize", m{"study": "one", "round": 1}, "INVALID_STATE", "2 attested and 2 waiting")
	w.attest(alder, 1, 2, digest("model"))
	w.must(w.as(alder, "aggregator"), "round:Finalize", m{"study": "one", "round": 1})
}

func TestAQuorumCanSayThatTooFewUpdatesAreValid(t *testing.T) {
	w := sealed(t, plain())
	for _, msp := range members[1:] {
		w.must(w.as(msp, "aggregator"), "round:Attest", with(w.attestDoc(msp, 1, 1, ""), m{"excluded": exclusions("invalid", alder, birch)}))
	}
	finalize := m{"study": "one", "round": 1}
	round := w.must(w.as(alder, "aggregator"), "round:Finalize", finalize)
	if round["state"] != "ABORTED" || round["closed"].(m)["reason"] != "too-few-valid" || round["model"] != nil || len(round["excluded"].([]any)) != 2 {
		t.Errorf("the round is %v", round)
	}
	w.repeated(w.as(birch, "aggregator"), "round:Finalize", finalize)
	if next := w.must(w.as(alder, "aggregator"), "round:Open", m{"study": "one", "round": 2}); next["base"] != digest("initial") {
		t.Errorf("the next round is %v", next)
	}
}

// A model that is another round's does not leave this one stuck: the members can vote it away.
func TestAModelIsFinalOnlyOnce(t *testing.T) {
	w := sealed(t, plain())
	for round := 1; ; round++ {
		for _, msp := range members[:3] {
			w.attest(msp, round, 1, digest("model"))
		}
		if round == 2 {
			before := w.read("model:Get", m{"model": digest("model")})
			disputed := w.must(w.as(alder, "aggregator"), "round:Finalize", m{"study": "one", "round": 2})
			if disputed["state"] != "DISPUTED" || disputed["model"] != nil || len(disputed["attested_by"].([]any)) != 0 {
				t.Errorf("the round is %v", disputed)
			}
			if after := w.read("model:Get", m{"model": digest("model")}); !reflect.DeepEqual(before, after) {
				t.Errorf("the model was %v and is %v", before, after)
			}
			w.refused(w.as(birch, "aggregator"), "round:Finalize", m{"study": "one", "round": 2}, "INVALID_STATE", "DISPUTED")
			for _, msp := range members[:3] {
				w.vote(msp, "abort-round/2", "approve")
			}
			w.must(w.as(alder, "aggregator"), "study:Tally", m{"study": "one", "motion": "abort-round/2"})
			if round := w.round(2); round["state"] != "ABORTED" {
				t.Errorf("the round is %v", round)
			}
			return
		}
		w.must(w.as(alder, "aggregator"), "round:Finalize", m{"study": "one", "round": 1})
		w.must(w.as(alder, "aggregator"), "round:Open", m{"study": "one", "round": 2})
		w.fill(2)
		w.must(w.as(alder, "aggregator"), "round:Seal", m{"study": "one", "round": 2})
	}
}

func TestModelsAreRetiredByParticipants(t *testing.T) {
	w := sealed(t, with(plain(), m{"participants": participants("plain", alder, birch, cedar), "minimum_commits": 3}))
	for _, msp := range members[:3] {
		w.attest(msp, 1, 1, digest("model"))
	}
	w.must(w.as(alder, "aggregator"), "round:Finalize", m{"study": "one", "round": 1})
	retire := m{"model": digest("model"), "reason": digest("a withdrawn update")}
	w.refused(w.as(dogwd, "operator"), "model:Retire", retire, "DENIED", "no policy permits it")
	w.refused(w.as(alder, "operator"), "model:Retire", with(retire, m{"model": digest("absent")}), "NOT_FOUND", "model sha256:")
	model := w.must(w.as(birch, "operator"), "model:Retire", retire)
	if model["state"] != "RETIRED" || model["retired"].(m)["msp"] != birch || model["retired_reason"] != retire["reason"] {
		t.Errorf("the model is %v", model)
	}
	w.repeated(w.as(cedar, "operator"), "model:Retire", retire)
	w.refused(w.as(cedar, "operator"), "model:Retire", with(retire, m{"reason": digest("another")}), "CONFLICT")
}

// Attesters that collude may name any digest, also one that the model is said to come from.
func TestALineageThatRunsInACircleEnds(t *testing.T) {
	w := sealed(t, plain())
	for _, msp := range members[:3] {
		w.attest(msp, 1, 1, digest("initial"))
	}
	w.must(w.as(alder, "aggregator"), "round:Finalize", m{"study": "one", "round": 1})
	w.unreadable("model:Lineage", m{"model": digest("initial")}, "INVALID_STATE", "its own ancestor")
}
