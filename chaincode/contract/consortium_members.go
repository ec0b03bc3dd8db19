package contract

import (
	"slices"
	"strings"

	"quorate.dev/chaincode/ledger"
	"quorate.dev/chaincode/records"
)

// What a charter allows as its number of members.
const (
	fewestMembers = 2
	mostMembers   = 64
)

// ProposeMember proposes to admit an organisation, or that a member takes another fingerprint key.
func (*Consortium) ProposeMember(ctx *Context, q *records.ProposeMemberRequest) (*records.MemberProposal, error) {
	change := records.MemberChange{Change: records.ChangeAdmit, MSP: q.Member.MSP, FingerprintKey: q.Member.FingerprintKey}
	if ctx.charter != nil && ctx.charter.Has(q.Member.MSP) {
		change.Change = records.ChangeRekey
	}
	return ctx.proposeChange(q.Proposal, change)
}

// ProposeRemoval proposes that an organisation is a member no longer.
func (*Consortium) ProposeRemoval(ctx *Context, q *records.ProposeRemovalRequest) (*records.MemberProposal, error) {
	return ctx.proposeChange(q.Proposal, records.MemberChange{Change: records.ChangeRemove, MSP: q.MSP})
}

func (c *call) proposeChange(id records.ID, change records.MemberChange) (*records.MemberProposal, error) {
	charter, err := c.needCharter()
	if err != nil {
		return nil, err
	}
	key := ledger.MemberProposalKey(id)
	stored, err := ledger.Get[records.MemberProposal](c.Tx, key)
	if err != nil {
		return nil, err
	}
	if stored != nil {
		return stored, c.checkSameChange(stored, change)
	}
	change.CharterDigest = charter.CharterDigest
	if _, err := amended(charter, change); err != nil {
		return nil, err
	}
	digest, err := digestOf(change)
	if err != nil {
		return nil, err
	}
	proposal := &records.MemberProposal{
		Schema: ledger.SchemaOf[records.MemberProposal](), Proposal: id, MemberChange: change, CharterVersion: charter.Version(), Digest: digest,
		State: records.MotionProposed, Proposed: c.Stamp(), ExpiresTime: c.Time + charter.VotingPeriodMS,
	}
	c.emitMembers("consortium.change_proposed", proposal)
	return proposal, ledger.Put(c.Tx, key, proposal)
}

// checkSameChange wants a repeated proposal to be its proposer's and to say the same. What it does to the charter may
// be named otherwise since: who is proposed for admission may be a member by now.
func (c *call) checkSameChange(stored *records.MemberProposal, change records.MemberChange) error {
	same := stored.MSP == change.MSP && stored.FingerprintKey == change.FingerprintKey && stored.Proposed.MSP == c.Caller.MSP
	if !same {
		return ledger.Refuse(ledger.AlreadyExists, "proposal %s is %s's, to %s %s; names are used once", stored.Proposal, stored.Proposed.MSP, stored.Change, stored.MSP)
	}
	return nil
}

// amended returns a charter's terms with a change, or says why there cannot be such a charter.
func amended(charter *records.Charter, change records.MemberChange) (records.CharterTerms, error) {
	terms := charter.CharterTerms
	at, found := slices.BinarySearchFunc(terms.Members, change.MSP, func(m records.Member, msp records.MSPID) int {
		return strings.Compare(string(m.MSP), string(msp))
	})
	entry := records.Member{MSP: change.MSP, FingerprintKey: change.FingerprintKey}
	terms.Members = slices.Clone(terms.Members)
	switch {
	case change.Change == records.ChangeAdmit && len(terms.Members) >= mostMembers:
		return terms, ledger.Refuse(ledger.InvalidState, "the consortium has %d members, and more cannot be", len(terms.Members))
	case change.Change == records.ChangeAdmit:
		terms.Members = slices.Insert(terms.Members, at, entry)
	case !found:
		return terms, ledger.Refuse(ledger.NotFound, "%s is not a member", change.MSP)
	case change.Change == records.ChangeRekey && terms.Members[at] == entry:
		return terms, ledger.Refuse(ledger.InvalidState, "%s is a member with this fingerprint key already", change.MSP)
	case change.Change == records.ChangeRekey:
		terms.Members[at] = entry
	case len(terms.Members) <= fewestMembers:
		return terms, ledger.Refuse(ledger.InvalidState, "the consortium has %d members, and fewer cannot be", len(terms.Members))
	default:
		terms.Members = slices.Delete(terms.Members, at, at+1)
	}
	return terms, nil
}

// Vote votes for the caller's organisation on a change of the members. It has one vote, and cannot change it.
func (*Consortium) Vote(ctx *Context, q *records.BallotRequest) (*records.Ballot, error) {
	charter, err := ctx.needCharter()
	if err != nil {
		return nil, err
	}
	proposal, err := ctx.memberProposal(q.Proposal)
	if err != nil {
		return nil, err
	}
	if err := checkBallotDigest(q, proposal.Digest); err != nil {
		return nil, err
	}
	return ctx.ballot(aboutMembers, q, func() error {
		if err := ctx.checkMotionOpen(q.Proposal, proposal.State, proposal.ExpiresTime); err != nil {
			return err
		}
		if !proposal.IsFor(charter) {
			return ledger.Refuse(ledger.InvalidState, "proposal %s is about the charter %s, and version %d, %s, is in force; propose it again",
				q.Proposal, proposal.CharterDigest, charter.Version(), charter.CharterDigest)
		}
		ctx.Emit(records.Event{Type: "consortium.voted", MSP: ctx.Caller.MSP, Proposal: q.Proposal, Reason: q.Choice})
		return nil
	})
}

func (c *call) memberProposal(id records.ID) (*records.MemberProposal, error) {
	return ledger.Need[records.MemberProposal](c.Tx, ledger.MemberProposalKey(id), "proposal "+string(id)+" about members")
}

// tallyMembers closes a vote on members that is decided, and returns the charter that is then in force.
func (c *call) tallyMembers(id records.ID) (*records.Charter, error) {
	charter, err := c.needCharter()
	if err != nil {
		return nil, err
	}
	proposal, err := c.memberProposal(id)
	if err != nil || proposal.State != records.MotionProposed {
		return charter, err
	}
	if !proposal.IsFor(charter) {
		return charter, c.rejectChange(proposal, "superseded")
	}
	state, reason, err := c.outcome(charter, aboutMembers, id, charter.Quorum.Members, proposal.ExpiresTime)
	switch {
	case err != nil:
		return nil, err
	case state == records.MotionRejected:
		return charter, c.rejectChange(proposal, reason)
	default:
		return c.amend(charter, proposal, reason)
	}
}

func (c *call) rejectChange(proposal *records.MemberProposal, reason string) error {
	proposal.State, proposal.Closed = records.MotionRejected, c.closed(reason)
	c.emitMembers("consortium.change_rejected", proposal)
	return ledger.Put(c.Tx, ledger.MemberProposalKey(proposal.Proposal), proposal)
}

// amend brings a charter with other members into force.
func (c *call) amend(charter *records.Charter, proposal *records.MemberProposal, reason string) (*records.Charter, error) {
	terms, err := amended(charter, proposal.MemberChange)
	if err != nil {
		return nil, err
	}
	digest, err := digestOf(terms)
	if err != nil {
		return nil, err
	}
	proposal.State, proposal.Closed = records.MotionAdopted, c.closed(reason)
	if err := ledger.Put(c.Tx, ledger.MemberProposalKey(proposal.Proposal), proposal); err != nil {
		return nil, err
	}
	next := *charter
	next.CharterTerms, next.CharterDigest = terms, digest
	next.Amended = &records.Amendment{Number: charter.Version(), Proposal: proposal.Proposal, Stamp: c.Stamp()}
	c.emitMembers("consortium.amended", proposal)
	return &next, ledger.Put(c.Tx, ledger.CharterKey(), &next)
}

func (c *call) emitMembers(kind string, proposal *records.MemberProposal) {
	c.Emit(records.Event{Type: kind, MSP: proposal.MSP, Proposal: proposal.Proposal, Digest: proposal.Digest, Reason: proposal.Change})
}
