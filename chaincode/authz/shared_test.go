package authz

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/cedar-policy/cedar-go"
)

// sharedCases are decisions about other policies and entities than Quorate's, on which several engines agree.
type sharedCases struct {
	EntitySets map[string]cedar.EntityMap `json:"entity_sets"`
	Cases      []sharedCase               `json:"cases"`
}

type sharedCase struct {
	Name     string        `json:"name"`
	Entities string        `json:"entities"`
	Request  cedar.Request `json:"request"`
	Expect   struct {
		Decision string   `json:"decision"`
		Reasons  []string `json:"reasons"`
		Errors   []string `json:"errors"`
	} `json:"expect"`
}

// expected is the case's decision under our rule that any error denies.
func (c sharedCase) expected() Decision {
	decision := Decision{Allow: c.Expect.Decision == "allow", Policies: c.Expect.Reasons}
	if len(c.Expect.Errors) > 0 {
		decision = Decision{Policies: c.Expect.Errors}
	}
	slices.Sort(decision.Policies)
	return decision
}

func TestSharedDecisionCases(t *testing.T) {
	dir := os.Getenv("QUORATE_POLICY_CASES")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "data", "policy")
	}
	data, err := os.ReadFile(filepath.Join(dir, "cases.json"))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("needs the policy decision cases, in %s or where QUORATE_POLICY_CASES says", dir)
	}
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "default.cedar"))
	if err != nil {
		t.Fatal(err)
	}
	p, err := Parse(string(text))
	if err != nil {
		t.Fatal(err)
	}
	var shared sharedCases
	if err := json.Unmarshal(data, &shared); err != nil {
		t.Fatal(err)
	}
	for _, test := range shared.Cases {
		t.Run(test.Name, func(t *testing.T) {
			got, want := p.decide(shared.EntitySets[test.Entities], test.Request), test.expected()
			if got.Allow != want.Allow || !slices.Equal(got.Policies, want.Policies) {
				t.Errorf("got %v, want %v", got, want)
			}
		})
	}
	if len(shared.Cases) == 0 {
		t.Error("there are no cases")
	}
}
