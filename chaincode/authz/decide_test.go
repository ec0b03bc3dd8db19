package authz

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/x/exp/schema"

	"quorate.dev/chaincode/records"
)

const (
	alder    = records.MSPID("AlderMSP")
	birch    = records.MSPID("BirchMSP")
	stranger = records.MSPID("StrangerMSP")
)

var (
	members = []records.MSPID{alder, birch, "CedarMSP"}
	study   = &records.Study{
		Study: "one", Proposer: alder, State: records.StudyRunning,
		Terms: records.Terms{
			Purpose: "research", Participants: []records.Participant{{MSP: alder, Dataset: "rows"}}, Attesters: []records.MSPID{alder, birch},
		},
	}
	round = &records.Round{Study: "one", Round: 3, State: records.RoundOpen, Attesters: []records.MSPID{alder, birch}}
	rows  = &records.Dataset{MSP: alder, Dataset: "rows", Purposes: []records.ID{"research"}, Protection: "dp", State: "ACTIVE"}
	model = &records.Model{Digest: records.Digest("sha256:" + strings.Repeat("a", 64)), Study: "one", Round: 2, State: records.ModelFinal}
)

// subjects are one resource of each kind.
var subjects = map[string]func(*World) Resource{
	"consortium": (*World).Consortium,
	"study":      func(w *World) Resource { return w.Study(study) },
	"round":      func(w *World) Resource { return w.Round(study, round) },
	"dataset":    func(w *World) Resource { return w.Dataset(rows) },
	"model":      func(w *World) Resource { return w.Model(study, model) },
	"trail":      func(w *World) Resource { return w.AuditTrail(ConsortiumID) },
}

// subjectOf is the resource that each action is done to; a missing one is a failing test.
var subjectOf = map[Action]string{
	"consortium.found": "consortium", "consortium.confirm": "consortium", "consortium.tally": "consortium",
	"consortium.announce": "consortium", "consortium.get": "consortium", "consortium.members": "consortium",
	"consortium.propose_member": "consortium", "consortium.propose_removal": "consortium", "consortium.vote": "consortium",
	"policy.get": "consortium", "policy.check": "consortium", "policy.proposal": "consortium", "policy.history": "consortium",
	"policy.propose": "consortium", "policy.vote": "consortium", "policy.tally": "consortium",
	"audit.record_review": "consortium", "audit.anchor_access_log": "consortium", "audit.reviews": "consortium", "audit.anchors": "consortium",
	"dataset.register": "dataset", "dataset.revise": "dataset", "dataset.retire": "dataset", "dataset.get": "dataset", "dataset.list": "consortium",
	"study.propose": "study", "study.vote": "study", "study.tally": "study", "study.accept": "study", "study.withdraw": "study",
	"study.start": "study", "study.complete": "study", "study.suspend": "study", "study.resume": "study", "study.get": "study", "study.list": "consortium",
	"privacy.reserve": "round", "privacy.account": "dataset", "privacy.quote": "dataset",
	"round.open": "study", "round.decline": "round", "round.commit": "round", "round.seal": "round", "round.attest": "round",
	"round.finalize": "round", "round.retry": "round", "round.abort": "round", "round.get": "round", "round.receipt": "round",
	"model.retire": "model", "model.get": "model", "model.lineage": "model", "audit.info": "consortium",
	ArtifactRead: "study", AuditRead: "trail", AuditExport: "trail", ModelInfer: "model", DataTrain: "dataset",
}

// rolesOf are the roles that a participant and attester of the study may do each action in.
var rolesOf = map[Action]string{
	"consortium.found": "operator", "consortium.confirm": "operator", "consortium.tally": "aggregator operator", "consortium.announce": "aggregator",
	"consortium.propose_member": "operator", "consortium.propose_removal": "operator", "consortium.vote": "operator",
	"policy.propose": "operator", "policy.vote": "operator", "policy.tally": "aggregator operator",
	"audit.record_review": "officer", "audit.anchor_access_log": "aggregator",
	"dataset.register": "steward", "dataset.revise": "steward", "dataset.retire": "steward",
	"study.propose": "operator", "study.vote": "operator", "study.tally": "aggregator operator", "study.accept": "steward", "study.withdraw": "steward",
	"study.start": "aggregator operator", "study.complete": "aggregator operator",
	"study.suspend": "operator steward", "study.resume": "operator",
	"privacy.reserve": "agent", "round.decline": "agent", "round.commit": "agent",
	"round.open": "aggregator", "round.seal": "aggregator", "round.attest": "aggregator", "round.finalize": "aggregator", "round.retry": "aggregator",
	"round.abort": "aggregator operator", "model.retire": "operator",
	ArtifactRead: "agent aggregator officer operator", AuditRead: "officer operator", AuditExport: "officer",
	ModelInfer: "agent aggregator operator steward", DataTrain: "agent",
}

const everyRole = "agent aggregator officer operator steward"

func defaultPolicies(t testing.TB) *Policies {
	t.Helper()
	p, err := Parse(Default)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func ask(p *Policies, list []records.MSPID, msp records.MSPID, role string, action Action) (*World, Request, Decision) {
	w := NewWorld(list)
	request := Request{
		Principal: Principal{MSP: msp, Role: role, Certificate: records.Digest("sha256:" + strings.Repeat("c", 64))},
		Action:    action, Resource: subjects[subjectOf[action]](w), Now: 1_800_000_000_000,
	}
	if action == DataTrain {
		about := w.Study(study)
		request.Study = &about
	}
	return w, request, p.Decide(w, request)
}

func TestEveryActionIsPermittedToItsRolesAndNoOthers(t *testing.T) {
	p := defaultPolicies(t)
	for _, action := range Actions() {
		if subjectOf[action] == "" {
			t.Fatalf("%s has no resource in this test", action)
		}
		expected := rolesOf[action]
		if expected == "" {
			expected = everyRole
		}
		var got []string
		for _, role := range strings.Fields(everyRole) {
			if _, _, decision := ask(p, members, alder, role, action); decision.Allow {
				got = append(got, role)
			}
		}
		if strings.Join(got, " ") != expected {
			t.Errorf("%s is permitted to %v, not to %s", action, got, expected)
		}
	}
}

func TestEveryReadIsOpenToEveryRole(t *testing.T) {
	for _, action := range reads {
		if rolesOf[action] != "" {
			t.Errorf("%s reads, and is kept from some roles", action)
		}
	}
}

func TestStrangersMayDoNothing(t *testing.T) {
	p := defaultPolicies(t)
	for _, action := range Actions() {
		for _, role := range strings.Fields(everyRole) {
			_, _, decision := ask(p, members, stranger, role, action)
			if decision.Allow || !slices.Contains(decision.Policies, "forbid-outsiders") {
				t.Errorf("%s by a stranger's %s: %v", action, role, decision)
			}
		}
	}
}

func TestBeforeACharterOnlyFoundingAndReading(t *testing.T) {
	p := defaultPolicies(t)
	for _, action := range Actions() {
		allowed := false
		for _, role := range strings.Fields(everyRole) {
			_, _, decision := ask(p, nil, alder, role, action)
			allowed = allowed || decision.Allow
		}
		if expected := slices.Contains(founding, action) || slices.Contains(reads, action); allowed != expected {
			t.Errorf("%s before a charter: %v", action, allowed)
		}
	}
}

func TestOthersDataAndRoundsAreForbidden(t *testing.T) {
	p := defaultPolicies(t)
	for _, test := range []struct {
		msp    records.MSPID
		role   string
		action Action
		policy string
	}{
		{birch, "steward", "dataset.register", "forbid-foreign-dataset"},
		{birch, "steward", "dataset.revise", "forbid-foreign-dataset"},
		{birch, "agent", DataTrain, "forbid-foreign-dataset"},
		{birch, "agent", "privacy.reserve", "forbid-work-of-strangers-to-a-study"},
		{birch, "agent", "round.commit", "forbid-work-of-strangers-to-a-study"},
		{"CedarMSP", "aggregator", "round.attest", "forbid-attesting-by-others"},
	} {
		_, _, decision := ask(p, members, test.msp, test.role, test.action)
		if decision.Allow || !slices.Equal(decision.Policies, []string{test.policy}) {
			t.Errorf("%s by %s: %v", test.action, test.msp, decision)
		}
	}
}

func TestUnknownRolesAndActionsAreDenied(t *testing.T) {
	p := defaultPolicies(t)
	if _, _, decision := ask(p, members, alder, "", "round.seal"); decision.Allow || len(decision.Policies) != 0 {
		t.Errorf("no role: %v", decision)
	}
	w := NewWorld(members)
	decision := p.Decide(w, Request{Principal: Principal{MSP: alder, Role: "operator"}, Action: "round.invented", Resource: w.Consortium()})
	if decision.Allow {
		t.Error("an action that does not exist was allowed")
	}
}

func TestAnErrorDenies(t *testing.T) {
	p, err := Parse(`@id("b-permit") permit (principal, action, resource); @id("a-forbid") forbid (principal, action, resource) when { resource.absent };`)
	if err != nil {
		t.Fatal(err)
	}
	_, _, decision := ask(p, members, alder, "operator", "study.vote")
	if decision.Allow || !slices.Equal(decision.Policies, []string{"a-forbid"}) {
		t.Errorf("got %v", decision)
	}
}

func TestDecidingPoliciesAreSorted(t *testing.T) {
	p, err := Parse(`@id("c") permit (principal, action, resource); @id("a") permit (principal, action, resource); @id("b") permit (principal, action, resource);`)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, decision := ask(p, members, alder, "operator", "study.vote"); !slices.Equal(decision.Policies, []string{"a", "b", "c"}) {
		t.Errorf("got %v", decision)
	}
}

func TestEntitiesAreCompleteAndAcyclic(t *testing.T) {
	for _, action := range Actions() {
		w, _, _ := ask(defaultPolicies(t), members, alder, "agent", action)
		data, err := json.Marshal(w.entities)
		if err != nil {
			t.Fatal(err)
		}
		for _, uid := range references(t, data) {
			if _, known := w.entities[uid]; !known {
				t.Errorf("%s: %s is referred to and absent", action, uid)
			}
		}
		for uid := range w.entities {
			if reaches(w.entities, uid, uid) {
				t.Errorf("%s is its own ancestor", uid)
			}
		}
	}
}

// references finds every {"type", "id"} in JSON.
func references(t *testing.T, data []byte) (list []cedar.EntityUID) {
	t.Helper()
	var value any
	if err := json.Unmarshal(data, &value); err != nil {
		t.Fatal(err)
	}
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, item := range v {
				walk(item)
			}
		case map[string]any:
			kind, isKind := v["type"].(string)
			id, isID := v["id"].(string)
			if isKind && isID {
				list = append(list, cedar.NewEntityUID(cedar.EntityType(kind), cedar.String(id)))
			}
			for _, item := range v {
				walk(item)
			}
		}
	}
	walk(value)
	return list
}

func reaches(entities cedar.EntityMap, from, to cedar.EntityUID) bool {
	for parent := range entities[from].Parents.All() {
		if parent == to || reaches(entities, parent, to) {
			return true
		}
	}
	return false
}

// The schema says what the entities are: every action in its groups, every attribute.
func TestTheSchemaNamesEveryActionAndItsGroups(t *testing.T) {
	var s schema.Schema
	if err := s.UnmarshalCedar([]byte(Schema)); err != nil {
		t.Fatal(err)
	}
	resolved, err := s.Resolve()
	if err != nil {
		t.Fatal(err)
	}
	for uid, entity := range actionEntities {
		declared, known := resolved.Actions[uid]
		if !known {
			t.Errorf("the schema does not declare %s", uid)
			continue
		}
		if !reflect.DeepEqual(setOf(declared.Entity.Parents), setOf(entity.Parents)) {
			t.Errorf("the schema puts %s into %v, the code into %v", uid, declared.Entity.Parents, entity.Parents)
		}
	}
	for uid := range resolved.Actions {
		if _, known := actionEntities[uid]; !known {
			t.Errorf("the schema declares %s, which the code does not know", uid)
		}
	}
}

func setOf(s cedar.EntityUIDSet) map[cedar.EntityUID]bool {
	all := map[cedar.EntityUID]bool{}
	for uid := range s.All() {
		all[uid] = true
	}
	return all
}

func TestTheCacheKeepsWhatItParsedAndForgetsTheOldest(t *testing.T) {
	var c Cache
	first, err := c.Get(Default)
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := c.Get(Default); again != first {
		t.Error("a known text was parsed again")
	}
	for i := range 3 * mostParsed {
		if _, err := c.Get(policies(i + 1)); err != nil {
			t.Fatal(err)
		}
		if len(c.parsed) > mostParsed {
			t.Fatalf("%d policy sets are kept", len(c.parsed))
		}
	}
	if _, err := c.Get("/* no */"); err == nil {
		t.Error("a refused text was parsed")
	}
}

func BenchmarkDecide(b *testing.B) {
	p := defaultPolicies(b)
	for b.Loop() {
		ask(p, members, alder, "agent", "round.commit")
	}
}
