package authz

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/x/exp/ast"
	"github.com/cedar-policy/cedar-go/x/exp/schema"
	"github.com/cedar-policy/cedar-go/x/exp/schema/validate"

	"quorate.dev/chaincode/records"
)

// validator knows Quorate's schema.
func validator(t *testing.T) *validate.Validator {
	t.Helper()
	var s schema.Schema
	if err := s.UnmarshalCedar([]byte(Schema)); err != nil {
		t.Fatal(err)
	}
	resolved, err := s.Resolve()
	if err != nil {
		t.Fatal(err)
	}
	return validate.New(resolved, validate.WithStrict())
}

func TestTheDefaultPoliciesFitTheSchema(t *testing.T) {
	v := validator(t)
	for id, policy := range defaultPolicies(t).set.All() {
		if err := v.Policy(string(id), (*ast.Policy)(policy.AST())); err != nil {
			t.Errorf("%s: %v", id, err)
		}
	}
}

// What this package builds must be what the schema says, or a rule would err or fail open.
func TestEntitiesAndRequestsFitTheSchema(t *testing.T) {
	v := validator(t)
	for _, action := range Actions() {
		w, request, _ := ask(defaultPolicies(t), members, alder, "agent", action)
		if err := v.Entities(w.entities); err != nil {
			t.Errorf("%s: %v", action, err)
		}
		if err := v.Request(cedarRequest(w, request)); err != nil {
			t.Errorf("%s: %v", action, err)
		}
	}
}

// A decisionCase is what the Python twin must decide alike, in Cedar's JSON forms.
type decisionCase struct {
	Name     string         `json:"name"`
	Entities []cedar.Entity `json:"entities"`
	Request  jsonRequest    `json:"request"`
	Allow    bool           `json:"allow"`
	Policies []string       `json:"policies"`
}

type jsonRequest struct {
	Principal reference    `json:"principal"`
	Action    reference    `json:"action"`
	Resource  reference    `json:"resource"`
	Context   cedar.Record `json:"context"`
}

type reference struct {
	Type string `json:"type"`
	ID   string `json:"id"`
}

func referenceTo(uid cedar.EntityUID) reference { return reference{string(uid.Type), string(uid.ID)} }

func TestDecisionsAreAsPublished(t *testing.T) {
	p := defaultPolicies(t)
	var cases []decisionCase
	add := func(name string, list []records.MSPID, msp records.MSPID, role string, action Action) {
		w, request, decision := ask(p, list, msp, role, action)
		asked := cedarRequest(w, request)
		cases = append(cases, decisionCase{
			Name: name, Entities: besidesActions(w.entities), Allow: decision.Allow, Policies: decision.Policies,
			Request: jsonRequest{referenceTo(asked.Principal), referenceTo(asked.Action), referenceTo(asked.Resource), asked.Context},
		})
	}
	for _, action := range Actions() {
		for _, role := range []string{"agent", "aggregator", "steward", "operator", "officer"} {
			add(string(action)+" by a member's "+role, members, alder, role, action)
		}
		add(string(action)+" by a stranger", members, stranger, "operator", action)
		add(string(action)+" by another member", members, "CedarMSP", "agent", action)
		add(string(action)+" before a charter", nil, alder, "operator", action)
	}
	goldenText(t, "decisions.json", publish(t, p, cases))
}

// publish writes one case per line.
func publish(t *testing.T, p *Policies, cases []decisionCase) []byte {
	t.Helper()
	line := func(value any) string {
		data, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	var lines []string
	for _, one := range cases {
		lines = append(lines, line(one))
	}
	return fmt.Appendf(nil, "{\"policy_digest\":%s,\n\"actions\":%s,\n\"cases\":[\n%s\n]}\n",
		line(p.Digest), line(besides(actionEntities, nil)), strings.Join(lines, ",\n"))
}

func besidesActions(entities cedar.EntityMap) []cedar.Entity {
	return besides(entities, actionEntities)
}

func besides(entities, without cedar.EntityMap) []cedar.Entity {
	list := []cedar.Entity{}
	for _, uid := range slices.SortedFunc(maps.Keys(entities), func(a, b cedar.EntityUID) int {
		return strings.Compare(a.String(), b.String())
	}) {
		if _, skip := without[uid]; !skip {
			list = append(list, entities[uid])
		}
	}
	return list
}
