package contract

import (
	"quorate.dev/chaincode/ledger"
	"quorate.dev/chaincode/records"
)

// What a ballot is about.
const (
	aboutMembers  = "members"
	aboutPolicies = "policies"
)

// ballot writes the caller's vote on a proposal that is open. An organisation has one, and cannot change it.
func (c *call) ballot(about string, q *records.BallotRequest, open func() error) (*records.Ballot, error) {
	key := ledger.BallotKey(about, q.Proposal, c.Caller.MSP)
	stored, err := ledger.Get[records.Ballot](c.Tx, key)
	if err != nil {
		return nil, err
	}
	if stored != nil {
		if stored.Choice != q.Choice {
			return nil, ledger.Refuse(ledger.Conflict, "%s has voted %s on proposal %s already", c.Caller.MSP, stored.Choice, q.Proposal)
		}
		return stored, nil
	}
	if err := open(); err != nil {
		return nil, err
	}
	ballot := &records.Ballot{
		Schema: ledger.SchemaOf[records.Ballot](), About: about, Proposal: q.Proposal, MSP: c.Caller.MSP,
		Digest: q.Digest, Choice: q.Choice, Voted: c.Stamp(),
	}
	return ballot, ledger.Put(c.Tx, key, ballot)
}

// checkMotionOpen wants a proposal on which can still be voted.
func (c *call) checkMotionOpen(proposal records.ID, state string, expires int64) error {
	if state != records.MotionProposed {
		return wrongState("proposal "+string(proposal), state, records.MotionProposed)
	}
	if c.Time >= expires {
		return ledger.Refuse(ledger.Expired, "the vote on proposal %s ended at %d, and the transaction claims %d", proposal, expires, c.Time)
	}
	return nil
}

// checkBallotDigest wants a vote to be about the very proposal that is stored.
func checkBallotDigest(q *records.BallotRequest, digest records.Digest) error {
	if q.Digest != digest {
		return ledger.Refuse(ledger.Conflict, "proposal %s has the digest %s; read it again before voting", q.Proposal, digest)
	}
	return nil
}

// outcome counts the members' ballots and returns the state that they lead to. Until it is decided that is an error.
// A vote that nobody closed in its time has failed, whatever was cast: what was forgotten must not come into force later,
// when the charter or the policies happen to be what they were.
func (c *call) outcome(charter *records.Charter, about string, proposal records.ID, rule string, expires int64) (state, reason string, err error) {
	if c.Time >= expires+charter.ClockSkewMS {
		return records.MotionRejected, "expired", nil
	}
	votes, err := c.countBallots(charter, about, proposal, rule)
	switch {
	case err != nil:
		return "", "", err
	case votes.passed():
		return records.MotionAdopted, "voted", nil
	case votes.failed():
		return records.MotionRejected, "rejected", nil
	default:
		return "", "", wrongState("proposal "+string(proposal), records.MotionProposed+" with votes "+votes.String(), "that the vote is decided or expired")
	}
}

// countBallots counts the members' ballots on a proposal.
func (c *call) countBallots(charter *records.Charter, about string, proposal records.ID, rule string) (count, error) {
	return countMembers(charter, rule, func(msp records.MSPID) (string, error) {
		ballot, err := ledger.Get[records.Ballot](c.Tx, ledger.BallotKey(about, proposal, msp))
		if ballot == nil {
			return "", err
		}
		return ballot.Choice, nil
	})
}
