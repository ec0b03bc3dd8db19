package contract

import (
	"slices"
	"strconv"
	"strings"

	"quorate.dev/chaincode/ledger"
	"quorate.dev/chaincode/records"
)

// What is voted on about a study.
const (
	motionApprove    = "approve"
	motionAccept     = "accept"
	motionAbort      = "abort"
	motionAbortRound = "abort-round/"
	motionResume     = "resume/"
)

// openStudy are the states in which a study can still be aborted.
var openStudy = []string{records.StudyProposed, records.StudyApproved, records.StudyReady, records.StudyRunning, records.StudySuspended}

// Vote votes for the caller's organisation. It has one vote per motion, and cannot change it.
func (*Study) Vote(ctx *Context, q *records.VoteRequest) (*records.Vote, error) {
	study, err := ctx.study(q.Study)
	if err != nil {
		return nil, err
	}
	if err := checkStudyVersion(study, q.Version); err != nil {
		return nil, err
	}
	if q.TermsDigest != study.TermsDigest {
		return nil, ledger.Refuse(ledger.Conflict, "version %d of study %s has the terms %s", study.Version, study.Study, study.TermsDigest)
	}
	key := ledger.VoteKey(q.Study, q.Version, q.Motion, ctx.Caller.MSP)
	stored, err := ledger.Get[records.Vote](ctx.Tx, key)
	if err != nil {
		return nil, err
	}
	if stored != nil {
		if stored.Choice != q.Choice {
			return nil, ledger.Refuse(ledger.Conflict, "%s has voted %s on %s already", ctx.Caller.MSP, stored.Choice, q.Motion)
		}
		return stored, nil
	}
	if err := ctx.checkVotable(study, string(q.Motion)); err != nil {
		return nil, err
	}
	vote := &records.Vote{
		Schema: ledger.SchemaOf[records.Vote](), Study: q.Study, Version: q.Version, MSP: ctx.Caller.MSP,
		TermsDigest: q.TermsDigest, Motion: q.Motion, Choice: q.Choice, Voted: ctx.Stamp(),
	}
	ctx.Emit(records.Event{Type: "study.voted", Study: q.Study, MSP: ctx.Caller.MSP, Reason: string(q.Motion), Version: q.Version})
	return vote, ledger.Put(ctx.Tx, key, vote)
}

// checkVotable wants a motion that can still pass.
func (c *call) checkVotable(study *records.Study, motion string) error {
	switch {
	case motion == motionApprove:
		if study.State != records.StudyProposed {
			return wrongState("study "+string(study.Study), study.State, records.StudyProposed)
		}
		if c.Time >= study.ExpiresTime {
			return ledger.Refuse(ledger.Expired, "the vote on study %s ended at %d, and the transaction claims %d", study.Study, study.ExpiresTime, c.Time)
		}
		return c.checkPolicyStill(study)
	case motion == motionAbort:
		if !slices.Contains(openStudy, study.State) {
			return wrongState("study "+string(study.Study), study.State, strings.Join(openStudy, ", "))
		}
		return nil
	case strings.HasPrefix(motion, motionResume):
		return checkResumable(study, motion)
	default:
		_, err := c.disputedRound(study, motion)
		return err
	}
}

// checkPolicyStill keeps a vote from being about terms of another policy than the one that members now see.
func (c *call) checkPolicyStill(study *records.Study) error {
	if study.Terms.PolicyVersion != c.policyVersion {
		return ledger.Refuse(ledger.InvalidState, "study %s was proposed under policy version %d, and version %d is in force; propose it again",
			study.Study, study.Terms.PolicyVersion, c.policyVersion)
	}
	return nil
}

// disputedRound returns the round that a motion would abort.
func (c *call) disputedRound(study *records.Study, motion string) (*records.Round, error) {
	number, err := numberIn(motion, motionAbortRound)
	if err != nil {
		return nil, err
	}
	round, err := c.round(study.Study, number)
	if err != nil {
		return nil, err
	}
	return round, checkRound(round, records.RoundDisputed)
}

// numberIn returns the number that a motion such as "resume/2" names.
func numberIn(motion, prefix string) (int64, error) {
	number, err := strconv.ParseInt(strings.TrimPrefix(motion, prefix), 10, 64)
	if err != nil {
		return 0, invalid("%.80q is not a motion", motion)
	}
	return number, nil
}

// countVotes counts the members' votes on a motion about a study.
func (c *call) countVotes(charter *records.Charter, study *records.Study, motion string) (count, error) {
	return countMembers(charter, charter.Quorum.Studies, func(msp records.MSPID) (string, error) {
		vote, err := ledger.Get[records.Vote](c.Tx, ledger.VoteKey(study.Study, study.Version, records.Motion(motion), msp))
		if vote == nil {
			return "", err
		}
		return vote.Choice, nil
	})
}
