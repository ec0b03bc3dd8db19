package contract_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

func TestFoundingNeedsEveryMembersConfirmation(t *testing.T) {
	w := newWorld(t)
	founding := w.must(w.as(alder, "operator"), "consortium:Found", charter())
	confirm := m{"proposer": alder, "charter_digest": founding["charter_digest"]}
	for _, msp := range members[:3] {
		w.must(w.as(msp, "operator"), "consortium:Confirm", confirm)
	}
	tally := m{"motion": "founding", "proposer": alder}
	w.refused(w.as(alder, "operator"), "consortium:Tally", tally, "INVALID_STATE", "waiting for DogwoodMSP")
	if view := w.read("consortium:Get", nil); view["charter"] != nil || len(view["confirmations"].([]any)) != 3 {
		t.Errorf("the consortium is %v", view)
	}
	w.must(w.as(dogwd, "operator"), "consortium:Confirm", confirm)
	charter := w.must(w.as(alder, "operator"), "consortium:Tally", tally)
	if charter["charter_digest"] != founding["charter_digest"] || charter["proposer"] != alder {
		t.Errorf("the charter is %v", charter)
	}
	policy := w.read("policy:Get", nil)
	if policy["version"] != float64(1) || !strings.Contains(policy["text"].(string), "forbid-outsiders") {
		t.Errorf("the policy is version %v", policy["version"])
	}
	if info := w.read("audit:Info", nil); info["policy_digest"] != policy["digest"] || info["charter_digest"] != founding["charter_digest"] {
		t.Errorf("the info is %v", info)
	}
}

func TestFoundingsAreChecked(t *testing.T) {
	w := newWorld(t)
	list := charter()["members"].([]m)
	for _, test := range []struct {
		name    string
		changes m
		says    string
	}{
		{"members out of order", m{"members": []m{list[1], list[0]}}, "ascending order"},
		{"a member twice", m{"members": []m{list[0], list[0]}}, "is there twice"},
		{"without the proposer", m{"members": list[1:]}, "is not among the members"},
		{"one member", m{"members": list[:1]}, "1 entries is outside 2 to 64"},
		{"an odd quorum", m{"quorum": m{"studies": "some", "members": "all", "policies": "all"}}, `"some" is none of majority,two-thirds,all`},
		{"no skew", m{"clock_skew_ms": 99}, "99 is outside 100 to 600000"},
		{"a title over lines", m{"title": "a\nb"}, "is not of the form"},
		{"a long title", m{"title": strings.Repeat("x", 201)}, "is not of the form"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w.t = t
			w.refused(w.as(alder, "operator"), "consortium:Found", with(charter(), test.changes), "INVALID_ARGUMENT", test.says)
		})
	}
}

func TestAProposerMayReplaceItsFoundingUntilACharterIsActive(t *testing.T) {
	w := newWorld(t)
	first := w.must(w.as(alder, "operator"), "consortium:Found", charter())
	w.must(w.as(birch, "operator"), "consortium:Confirm", m{"proposer": alder, "charter_digest": first["charter_digest"]})
	second := w.must(w.as(alder, "operator"), "consortium:Found", with(charter(), m{"title": "Clinics"}))
	w.refused(w.as(cedar, "operator"), "consortium:Confirm", m{"proposer": alder, "charter_digest": first["charter_digest"]}, "CONFLICT")
	confirm := m{"proposer": alder, "charter_digest": second["charter_digest"]}
	for _, msp := range []string{alder, cedar, dogwd} {
		w.must(w.as(msp, "operator"), "consortium:Confirm", confirm)
	}
	tally := m{"motion": "founding", "proposer": alder}
	w.refused(w.as(alder, "operator"), "consortium:Tally", tally, "INVALID_STATE", "waiting for BirchMSP") // it confirmed the first
	w.must(w.as(birch, "operator"), "consortium:Confirm", confirm)
	w.must(w.as(alder, "operator"), "consortium:Tally", tally)
	w.refused(w.as(alder, "operator"), "consortium:Found", charter(), "INVALID_STATE", "founded")
	w.refused(w.as(birch, "operator"), "consortium:Found", charter(), "INVALID_STATE", "founded")
	w.refused(w.as(birch, "operator"), "consortium:Tally", m{"motion": "founding", "proposer": birch}, "CONFLICT", alder)
}

func TestOnlyProposedMembersConfirmAndTally(t *testing.T) {
	w := newWorld(t)
	founding := w.must(w.as(alder, "operator"), "consortium:Found", charter())
	confirm := m{"proposer": alder, "charter_digest": founding["charter_digest"]}
	w.refused(w.as("StrangerMSP", "operator"), "consortium:Confirm", confirm, "DENIED", "StrangerMSP")
	w.refused(w.as("StrangerMSP", "operator"), "consortium:Tally", m{"motion": "founding", "proposer": alder}, "DENIED", "StrangerMSP")
	w.refused(w.as(birch, "operator"), "consortium:Confirm", m{"proposer": birch, "charter_digest": digest("x")}, "NOT_FOUND", birch)
	w.refused(w.as(birch, "steward"), "consortium:Confirm", confirm, "DENIED", "no policy permits it")
}

func TestGatewaysAreAnnounced(t *testing.T) {
	w := founded(t)
	announce := m{"address": "gateway.alder.example:7443", "tls_root": w.Root(alder)}
	w.must(w.as(alder, "aggregator"), "consortium:Announce", announce)
	w.repeated(w.as(alder, "aggregator"), "consortium:Announce", announce)
	w.must(w.as(alder, "aggregator"), "consortium:Announce", with(announce, m{"address": "[::1]:7443"}))
	view := w.read("consortium:Members", nil)
	list := view["members"].([]any)
	if len(list) != 4 || list[0].(m)["address"] != "[::1]:7443" || list[1].(m)["address"] != nil || list[1].(m)["msp"] != birch {
		t.Errorf("the members are %v", list)
	}
	if charter := w.read("consortium:Get", nil)["charter"]; !reflect.DeepEqual(view["charter"], charter) {
		t.Errorf("the charter is %v, not %v", view["charter"], charter)
	}
	for name, bad := range map[string]m{
		"no port":       {"address": "localhost"},
		"port 0":        {"address": "localhost:0"},
		"a large port":  {"address": "localhost:65536"},
		"a path":        {"address": "localhost/x:1"},
		"no PEM":        {"tls_root": "certificate"},
		"a private key": {"tls_root": "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n"},
		"no DER":        {"tls_root": "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"},
		"a tail":        {"tls_root": w.Root(alder) + "and more"},
		"oversized":     {"tls_root": strings.Repeat(w.Root(alder), 20)},
	} {
		t.Run(name, func(t *testing.T) {
			w.t = t
			w.refused(w.as(alder, "aggregator"), "consortium:Announce", with(announce, bad), "INVALID_ARGUMENT")
		})
	}
	w.t = t
	w.refused(w.as(alder, "operator"), "consortium:Announce", announce, "DENIED")
}

// Gateways ask after every change, so what has been proposed and voted since the founding must not be gone through.
func TestTheMembersCostTheSameHoweverOldTheLedgerIs(t *testing.T) {
	w := founded(t)
	before := w.read("consortium:Members", nil)
	proposal := w.must(w.as(alder, "operator"), "consortium:ProposeMember", m{"proposal": "elm", "member": elm("key")})
	w.ballots("consortium", proposal, "reject", members...)
	for function, ranges := range map[string]bool{"consortium:Members": false, "consortium:Get": true} {
		tx, err := w.as(alder, "officer").Simulate(function, withSchema(function, nil))
		if err != nil || (tx.RWSet.Ranges() > 0) != ranges {
			t.Errorf("%s: %v, %v", function, tx, err)
		}
	}
	if after := w.read("consortium:Members", nil); !reflect.DeepEqual(after, before) {
		t.Errorf("the members are %v, and were %v", after, before)
	}
}

func TestBeforeACharterTheDefaultPolicyDecides(t *testing.T) {
	w := newWorld(t)
	w.refused(w.as(alder, "steward"), "dataset:Register", dataset("rows"), "DENIED", "forbid-work-before-charter")
	w.refused(w.as(alder, "steward"), "policy:Get", nil, "NOT_FOUND", "no charter is active")
	if info := w.read("audit:Info", nil); info["policy_version"] != float64(0) || info["charter_digest"] != nil {
		t.Errorf("the info is %v", info)
	}
	if view := w.read("consortium:Members", nil); len(view["members"].([]any)) != 0 || view["charter"] != nil {
		t.Errorf("the members are %v", view)
	}
}

func TestPolicyCheckSaysWhatWouldBeDecided(t *testing.T) {
	w := opened(t, nil)
	check := func(msp, role, function string, doc m) m {
		t.Helper()
		data, err := w.as(msp, role).Evaluate("policy:Check", withSchema("policy:Check", m{"function": function, "document": withSchema(function, doc)}))
		if err != nil {
			t.Fatal(err)
		}
		var decision m
		if err := json.Unmarshal(data, &decision); err != nil {
			t.Fatal(err)
		}
		return decision
	}
	if d := check(alder, "agent", "round:Commit", w.commitDoc(alder, 1)); d["decision"] != "allow" || asText(t, d["policies"]) != `["agents-take-part"]` || d["policy_version"] != float64(1) {
		t.Errorf("got %v", d)
	}
	if d := check(alder, "operator", "round:Commit", w.commitDoc(alder, 1)); d["decision"] != "deny" || asText(t, d["policies"]) != "[]" {
		t.Errorf("got %v", d)
	}
	w.refused(w.as(alder, "agent"), "policy:Check", m{"function": "round:Nothing", "document": m{}}, "INVALID_ARGUMENT", "round:Nothing")
	w.refused(w.as(alder, "agent"), "policy:Check", m{"function": "study:Get", "document": m{"schema": "quorate.study.get/1", "study": "absent"}}, "NOT_FOUND", "study absent")
}

func TestPolicyVersions(t *testing.T) {
	w := founded(t)
	if w.read("policy:Get", m{"version": 1})["digest"] != w.read("policy:Get", m{"version": 0})["digest"] {
		t.Error("version 0 is not the one in force")
	}
	w.refused(w.as(alder, "officer"), "policy:Get", m{"version": 2}, "NOT_FOUND", "policy of version 2")
}
