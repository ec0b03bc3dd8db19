package contract

import (
	"slices"

	"quorate.dev/chaincode/authz"
	"quorate.dev/chaincode/ledger"
	"quorate.dev/chaincode/records"
)

// Study holds studies, their terms, and what organisations said about them.
type Study struct{ base }

// Propose proposes a study. While it is PROPOSED or REJECTED its proposer may change the terms, as a new version.
func (*Study) Propose(ctx *Context, q *records.ProposeRequest) (*records.Study, error) {
	if q.Study == authz.ConsortiumID {
		return nil, ledger.Refuse(ledger.InvalidArgument, "no study is called %s: by that name policies mean the trail of all of them", q.Study)
	}
	charter, err := ctx.needCharter()
	if err != nil {
		return nil, err
	}
	digest, err := digestOf(q.Terms)
	if err != nil {
		return nil, err
	}
	stored, err := ledger.Get[records.Study](ctx.Tx, ledger.StudyKey(q.Study))
	if err != nil {
		return nil, err
	}
	version, repeated, err := nextVersion(stored, ctx.Caller.MSP, digest)
	if err != nil || repeated {
		return stored, err
	}
	if err := ctx.checkTerms(charter, &q.Terms); err != nil {
		return nil, err
	}
	study := &records.Study{
		Schema: ledger.SchemaOf[records.Study](), Study: q.Study, Version: version, State: records.StudyProposed,
		Proposer: ctx.Caller.MSP, Terms: q.Terms, TermsDigest: digest, Proposed: ctx.Stamp(),
		ExpiresTime: ctx.Time + charter.VotingPeriodMS,
	}
	ctx.emitStudy("study.proposed", study)
	return study, ctx.putStudy(study)
}

// nextVersion decides which version a proposal is, or that it repeats the stored one.
func nextVersion(stored *records.Study, proposer records.MSPID, digest records.Digest) (version int64, repeated bool, err error) {
	switch {
	case stored == nil:
		return 1, false, nil
	case stored.Proposer != proposer:
		return 0, false, ledger.Refuse(ledger.AlreadyExists, "the study %s was proposed by %s", stored.Study, stored.Proposer)
	case stored.TermsDigest == digest:
		return 0, true, nil
	case stored.State != records.StudyProposed && stored.State != records.StudyRejected:
		return 0, false, wrongState("study "+string(stored.Study), stored.State, "PROPOSED or REJECTED")
	default:
		return stored.Version + 1, false, nil
	}
}

// Accept agrees, for a participant that holds the plan and the initial model, to take part.
func (*Study) Accept(ctx *Context, q *records.AcceptRequest) (*records.Accept, error) {
	study, err := ctx.studyForParticipant(q.Study, q.Version)
	if err != nil {
		return nil, err
	}
	if q.TermsDigest != study.TermsDigest {
		return nil, ledger.Refuse(ledger.Conflict, "version %d of study %s has the terms %s", study.Version, study.Study, study.TermsDigest)
	}
	key := ledger.AcceptKey(q.Study, q.Version, ctx.Caller.MSP)
	stored, err := ledger.Get[records.Accept](ctx.Tx, key)
	if err != nil || stored != nil {
		return stored, err
	}
	if study.State != records.StudyApproved {
		return nil, wrongState("study "+string(study.Study), study.State, records.StudyApproved)
	}
	if withdrawn, err := ctx.hasWithdrawn(study, ctx.Caller.MSP); err != nil || withdrawn {
		return nil, conflictIf(err, "%s has withdrawn from study %s", ctx.Caller.MSP, study.Study)
	}
	accept := &records.Accept{
		Schema: ledger.SchemaOf[records.Accept](), Study: q.Study, Version: q.Version, MSP: ctx.Caller.MSP,
		TermsDigest: q.TermsDigest, Accepted: ctx.Stamp(),
	}
	ctx.Emit(records.Event{Type: "study.accepted", Study: q.Study, MSP: ctx.Caller.MSP, Version: q.Version})
	return accept, ledger.Put(ctx.Tx, key, accept)
}

// Withdraw takes the caller's organisation out of a study: its rounds go on without it from now on.
func (*Study) Withdraw(ctx *Context, q *records.WithdrawRequest) (*records.Withdrawal, error) {
	study, err := ctx.studyForParticipant(q.Study, q.Version)
	if err != nil {
		return nil, err
	}
	key := ledger.WithdrawKey(q.Study, q.Version, ctx.Caller.MSP)
	stored, err := ledger.Get[records.Withdrawal](ctx.Tx, key)
	if err != nil || stored != nil {
		return stored, err
	}
	if !slices.Contains([]string{records.StudyApproved, records.StudyReady, records.StudyRunning, records.StudySuspended}, study.State) {
		return nil, wrongState("study "+string(study.Study), study.State, "APPROVED, READY, RUNNING or SUSPENDED")
	}
	withdrawal := &records.Withdrawal{
		Schema: ledger.SchemaOf[records.Withdrawal](), Study: q.Study, Version: q.Version, MSP: ctx.Caller.MSP, Withdrawn: ctx.Stamp(),
	}
	ctx.Emit(records.Event{Type: "study.withdrawn", Study: q.Study, MSP: ctx.Caller.MSP, Version: q.Version})
	return withdrawal, ledger.Put(ctx.Tx, key, withdrawal)
}

// studyForParticipant returns a study at the version that is meant, for one of its participants.
func (c *call) studyForParticipant(id records.ID, version int64) (*records.Study, error) {
	study, err := c.study(id)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(study.Organisations(), c.Caller.MSP) {
		return nil, ledger.Refuse(ledger.Denied, "%s is not a participant of study %s (terms)", c.Caller.MSP, id)
	}
	return study, checkStudyVersion(study, version)
}

func checkStudyVersion(study *records.Study, version int64) error {
	if study.Version != version {
		return ledger.Refuse(ledger.Conflict, "study %s is at version %d, not %d", study.Study, study.Version, version)
	}
	return nil
}

func (c *call) hasWithdrawn(study *records.Study, msp records.MSPID) (bool, error) {
	withdrawal, err := ledger.Get[records.Withdrawal](c.Tx, withdrawKey(study, msp))
	return withdrawal != nil, err
}

func withdrawKey(study *records.Study, msp records.MSPID) ledger.Key {
	return ledger.WithdrawKey(study.Study, study.Version, msp)
}

// conflictIf returns an error that there is, or a CONFLICT.
func conflictIf(err error, format string, args ...any) error {
	if err != nil {
		return err
	}
	return ledger.Refuse(ledger.Conflict, format, args...)
}

func (c *call) putStudy(study *records.Study) error {
	return ledger.Put(c.Tx, ledger.StudyKey(study.Study), study)
}

func (c *call) emitStudy(kind string, study *records.Study) {
	event := records.Event{Type: kind, Study: study.Study, Digest: study.TermsDigest, Version: study.Version}
	if study.Closed != nil {
		event.Reason = study.Closed.Reason
	}
	c.Emit(event)
}
