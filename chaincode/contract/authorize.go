package contract

import (
	"slices"
	"strings"

	"quorate.dev/chaincode/authz"
	"quorate.dev/chaincode/ledger"
)

// selfRule are the actions that no policy set can take from the members' operators: with them they can always vote for
// another one.
var selfRule = []string{"policy:Propose", "policy:Vote", "policy:Tally"}

// floor stands for the charter where a decision names what decided.
const floor = "charter"

// authorize refuses a call that the policies in force do not allow.
func (c *call) authorize(r request) error {
	decision, err := c.decide(r)
	if err != nil {
		return err
	}
	if !decision.Allow {
		return ledger.Refuse(ledger.Denied, "%s may not call %s as %s (%s)",
			c.Caller.MSP, r.function.name, c.Caller.Role, deciders(decision))
	}
	return c.checkMembership(r)
}

// checkMembership is a floor below the policies: whatever they say, strangers change nothing.
func (c *call) checkMembership(r request) error {
	if r.function.mode == ledger.Submit && c.charter != nil && !c.charter.Has(c.Caller.MSP) {
		return ledger.Refuse(ledger.Denied, "%s is not a member of the consortium (charter)", c.Caller.MSP)
	}
	return nil
}

func (c *call) decide(r request) (authz.Decision, error) {
	world := c.world()
	resource, err := r.function.resource(c, world, r.document)
	if err != nil {
		return authz.Decision{}, err
	}
	if err := c.loadPolicy(); err != nil {
		return authz.Decision{}, err
	}
	decision := c.policies.Decide(world, authz.Request{
		Principal: authz.Principal{MSP: c.Caller.MSP, Role: c.Caller.Role, Certificate: c.Caller.Certificate},
		Action:    authz.ActionOf(r.function.name),
		Resource:  resource,
		Now:       c.Time,
	})
	if !decision.Allow && c.rulesItself(r) {
		return authz.Decision{Allow: true, Policies: []string{floor}}, nil
	}
	return decision, nil
}

// rulesItself tells whether the charter alone lets the caller do this: a text that was harmless when it was proposed
// may close the door later, by the time or to a member that was admitted since.
func (c *call) rulesItself(r request) bool {
	return c.charter != nil && c.charter.Has(c.Caller.MSP) && c.Caller.Role == "operator" && slices.Contains(selfRule, r.function.name)
}

// deciders names the policies that denied; none did when merely nothing permits.
func deciders(decision authz.Decision) string {
	if len(decision.Policies) == 0 {
		return "no policy permits it"
	}
	return strings.Join(decision.Policies, ", ")
}
