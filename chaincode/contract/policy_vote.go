package contract

import (
	"cmp"
	"slices"

	"quorate.dev/chaincode/authz"
	"quorate.dev/chaincode/ledger"
	"quorate.dev/chaincode/records"
)

// Propose proposes a policy set in place of the one in force, under a new name.
func (*Policy) Propose(ctx *Context, q *records.PolicyProposeRequest) (*records.PolicyProposal, error) {
	charter, err := ctx.needCharter()
	if err != nil {
		return nil, err
	}
	key, digest := ledger.PolicyProposalKey(q.Proposal), authz.DigestOf(q.Text)
	stored, err := ledger.Get[records.PolicyProposal](ctx.Tx, key)
	if err != nil {
		return nil, err
	}
	if stored != nil {
		if stored.Digest != digest || stored.Title != q.Title || stored.Base != q.Base || stored.Proposed.MSP != ctx.Caller.MSP {
			return nil, ledger.Refuse(ledger.AlreadyExists, "proposal %s is %s's, of the policy set %s; names are used once", q.Proposal, stored.Proposed.MSP, stored.Digest)
		}
		return stored, nil
	}
	if err := ctx.checkProposedPolicy(q, digest); err != nil {
		return nil, err
	}
	proposal := &records.PolicyProposal{
		Schema: ledger.SchemaOf[records.PolicyProposal](), Text: q.Text,
		PolicyMotion: records.PolicyMotion{
			Proposal: q.Proposal, Title: q.Title, Base: q.Base, BaseVersion: ctx.policyVersion, Digest: digest,
			State: records.MotionProposed, Proposed: ctx.Stamp(), ExpiresTime: ctx.Time + charter.VotingPeriodMS,
		},
	}
	ctx.emitPolicy("policy.proposed", &proposal.PolicyMotion)
	return proposal, ledger.Put(ctx.Tx, key, proposal)
}

// checkProposedPolicy wants a text that can be evaluated, changes what is in force, and does not pretend to take from
// the members what the charter gives them whatever the text says: to vote for another one.
func (c *call) checkProposedPolicy(q *records.PolicyProposeRequest, digest records.Digest) error {
	if q.Base != c.policies.Digest {
		return ledger.Refuse(ledger.Conflict, "the policy set in force is %s, and the proposal changes %s", c.policies.Digest, q.Base)
	}
	if digest == q.Base {
		return ledger.Refuse(ledger.InvalidState, "this policy set is in force already")
	}
	policies, err := c.checker.policies.Get(q.Text)
	if err != nil {
		return ledger.Refuse(ledger.InvalidArgument, "text: %v", err)
	}
	for _, member := range c.charter.Members {
		for _, function := range selfRule {
			if err := c.checkPermits(policies, member.MSP, function); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *call) checkPermits(policies *authz.Policies, msp records.MSPID, function string) error {
	world := c.world()
	decision := policies.Decide(world, authz.Request{
		Principal: authz.Principal{MSP: msp, Role: "operator", Certificate: c.Caller.Certificate},
		Action:    authz.ActionOf(function), Resource: world.Consortium(), Now: c.Time,
	})
	if decision.Allow {
		return nil
	}
	return ledger.Refuse(ledger.InvalidArgument, "text: under it the operators of %s could not call %s (%s), so they could not vote for another policy set",
		msp, function, deciders(decision))
}

// Vote votes for the caller's organisation on a proposed policy set. It has one vote, and cannot change it.
func (*Policy) Vote(ctx *Context, q *records.BallotRequest) (*records.Ballot, error) {
	proposal, err := ctx.policyProposal(q.Proposal)
	if err != nil {
		return nil, err
	}
	if err := checkBallotDigest(q, proposal.Digest); err != nil {
		return nil, err
	}
	return ctx.ballot(aboutPolicies, q, func() error {
		if err := ctx.checkMotionOpen(q.Proposal, proposal.State, proposal.ExpiresTime); err != nil {
			return err
		}
		if !proposal.IsFor(ctx.policyVersion, ctx.policies.Digest) {
			return ledger.Refuse(ledger.InvalidState, "proposal %s changes the policy set %s, and version %d, %s, is in force; propose it again",
				q.Proposal, proposal.Base, ctx.policyVersion, ctx.policies.Digest)
		}
		ctx.Emit(records.Event{Type: "policy.voted", MSP: ctx.Caller.MSP, Proposal: q.Proposal, Reason: q.Choice})
		return nil
	})
}

func (c *call) policyProposal(id records.ID) (*records.PolicyProposal, error) {
	return ledger.Need[records.PolicyProposal](c.Tx, ledger.PolicyProposalKey(id), "proposal "+string(id)+" about policies")
}

// Tally closes a vote on a policy set that is decided; one that is adopted is in force from the next transaction on.
func (*Policy) Tally(ctx *Context, q *records.PolicyTallyRequest) (*records.PolicyProposal, error) {
	charter, err := ctx.needCharter()
	if err != nil {
		return nil, err
	}
	proposal, err := ctx.policyProposal(q.Proposal)
	if err != nil || proposal.State != records.MotionProposed {
		return proposal, err
	}
	if !proposal.IsFor(ctx.policyVersion, ctx.policies.Digest) {
		return proposal, ctx.closePolicy(proposal, records.MotionRejected, "superseded")
	}
	state, reason, err := ctx.outcome(charter, aboutPolicies, q.Proposal, charter.Quorum.Policies, proposal.ExpiresTime)
	if err != nil {
		return nil, err
	}
	if state == records.MotionAdopted {
		if err := ctx.bringIntoForce(proposal); err != nil {
			return nil, err
		}
	}
	return proposal, ctx.closePolicy(proposal, state, reason)
}

func (c *call) closePolicy(proposal *records.PolicyProposal, state, reason string) error {
	proposal.State, proposal.Closed = state, c.closed(reason)
	if state == records.MotionRejected {
		c.emitPolicy("policy.rejected", &proposal.PolicyMotion)
	}
	return ledger.Put(c.Tx, ledger.PolicyProposalKey(proposal.Proposal), proposal)
}

func (c *call) bringIntoForce(proposal *records.PolicyProposal) error {
	proposal.Version = c.policyVersion + 1
	policy := &records.Policy{
		Schema: ledger.SchemaOf[records.Policy](), Version: proposal.Version, Digest: proposal.Digest, Text: proposal.Text,
		InForce: c.Stamp(), Proposal: proposal.Proposal,
	}
	current := &records.CurrentPolicy{Schema: ledger.SchemaOf[records.CurrentPolicy](), Version: policy.Version, Digest: policy.Digest}
	c.emitPolicy("policy.in_force", &proposal.PolicyMotion)
	return cmp.Or(ledger.Put(c.Tx, ledger.PolicyKey(policy.Version), policy), ledger.Put(c.Tx, ledger.CurrentPolicyKey(), current))
}

func (c *call) emitPolicy(kind string, motion *records.PolicyMotion) {
	c.Emit(records.Event{Type: kind, MSP: motion.Proposed.MSP, Proposal: motion.Proposal, Digest: motion.Digest, Version: motion.Version})
}

// Proposal returns a proposed policy set with its text and the votes on it.
func (*Policy) Proposal(ctx *Context, q *records.PolicyProposalRequest) (*records.PolicyProposalView, error) {
	proposal, err := ctx.policyProposal(q.Proposal)
	if err != nil {
		return nil, err
	}
	ballots, err := ledger.List[records.Ballot](ctx.Tx, "ballot", aboutPolicies, string(q.Proposal))
	return &records.PolicyProposalView{Schema: records.Version("policy_proposal_view", 1), Proposal: *proposal, Ballots: ballots}, err
}

// History returns every version of the policy set and every proposal of one, without their texts.
func (*Policy) History(ctx *Context, _ *records.PolicyHistoryRequest) (*records.PolicyHistory, error) {
	policies, err := ledger.List[records.Policy](ctx.Tx, "policy", "version")
	if err != nil {
		return nil, err
	}
	proposals, err := ledger.List[records.PolicyProposal](ctx.Tx, "proposal", aboutPolicies)
	if err != nil {
		return nil, err
	}
	ballots, err := ledger.List[records.Ballot](ctx.Tx, "ballot", aboutPolicies)
	if err != nil {
		return nil, err
	}
	history := &records.PolicyHistory{
		Schema: records.Version("policy_history", 1), Versions: []records.PolicyVersion{}, Proposals: []records.PolicyMotion{}, Ballots: ballots,
	}
	for _, policy := range policies {
		history.Versions = append(history.Versions, records.PolicyVersion{
			Version: policy.Version, Digest: policy.Digest, InForce: policy.InForce, Proposal: policy.Proposal,
		})
	}
	for _, proposal := range proposals {
		history.Proposals = append(history.Proposals, proposal.PolicyMotion)
	}
	slices.SortFunc(history.Proposals, func(a, b records.PolicyMotion) int {
		return cmp.Compare(a.Proposed.ClaimedTime, b.Proposed.ClaimedTime)
	})
	return history, nil
}
