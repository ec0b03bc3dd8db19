package contract

import (
	"strings"

	"quorate.dev/chaincode/authz"
	"quorate.dev/chaincode/ledger"
)

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
	return c.policies.Decide(world, authz.Request{
		Principal: authz.Principal{MSP: c.Caller.MSP, Role: c.Caller.Role, Certificate: c.Caller.Certificate},
		Action:    authz.ActionOf(r.function.name),
		Resource:  resource,
		Now:       c.Time,
	}), nil
}

// deciders names the policies that denied; none did when merely nothing permits.
func deciders(decision authz.Decision) string {
	if len(decision.Policies) == 0 {
		return "no policy permits it"
	}
	return strings.Join(decision.Policies, ", ")
}
