package contract

import (
	"fmt"
	"slices"

	"quorate.dev/chaincode/ledger"
	"quorate.dev/chaincode/records"
)

// maxSuspensions is how often one organisation may suspend a study, so that none can hold it up for ever.
const maxSuspensions = 3

// Suspend stops a study for a participant or an attester, each at most three times: no round opens, and the one in
// progress stands still. The caller names the last round that was opened.
func (*Study) Suspend(ctx *Context, q *records.SuspendRequest) (*records.Study, error) {
	study, err := ctx.studyForParty(q.Study)
	if err != nil {
		return nil, err
	}
	own, _ := study.SuspendedBy(ctx.Caller.MSP)
	if study.State == records.StudySuspended && own.Number > 0 && own.Lifted == nil {
		return repeatedSuspension(study, own, q)
	}
	if err := checkSuspendable(study, own); err != nil {
		return nil, err
	}
	if err := ctx.checkLastRound(study, q.Round); err != nil {
		return nil, err
	}
	suspend(study, own.Times+1, q, ctx.Stamp())
	ctx.emitSuspension("study.suspended", study, q.Reason)
	return study, ctx.putStudy(study)
}

// studyForParty returns a study for those who work in it.
func (c *call) studyForParty(id records.ID) (*records.Study, error) {
	study, err := c.study(id)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(study.Organisations(), c.Caller.MSP) && !slices.Contains(study.Terms.Attesters, c.Caller.MSP) {
		return nil, ledger.Refuse(ledger.Denied, "%s is neither a participant nor an attester of study %s (terms)", c.Caller.MSP, id)
	}
	return study, nil
}

func repeatedSuspension(study *records.Study, own records.SuspendedBy, q *records.SuspendRequest) (*records.Study, error) {
	if own.Reason != q.Reason || study.Suspension.Round != q.Round {
		return nil, ledger.Refuse(ledger.Conflict, "%s has suspended study %s already, at round %d with reason %s",
			own.MSP, study.Study, study.Suspension.Round, own.Reason)
	}
	return study, nil
}

func checkSuspendable(study *records.Study, own records.SuspendedBy) error {
	if study.State != records.StudyRunning && study.State != records.StudySuspended {
		return wrongState("study "+string(study.Study), study.State, "RUNNING or SUSPENDED")
	}
	if own.Times >= maxSuspensions {
		return ledger.Refuse(ledger.InvalidState, "%s has suspended study %s %d times, and may not again; vote to abort it, or ask another member",
			own.MSP, study.Study, own.Times)
	}
	return nil
}

// checkLastRound wants the number of the last round that was opened, 0 when none was.
func (c *call) checkLastRound(study *records.Study, number int64) error {
	if number > 0 {
		if _, err := c.round(study.Study, number); err != nil {
			return err
		}
	}
	next, err := ledger.Get[records.Round](c.Tx, ledger.RoundKey(study.Study, number+1))
	if err != nil || next == nil {
		return err
	}
	return ledger.Refuse(ledger.Conflict, "round %d of study %s was opened after round %d; name the last one", next.Round, study.Study, number)
}

// suspend notes a suspension in a study.
func suspend(study *records.Study, times int64, q *records.SuspendRequest, stamp records.Stamp) {
	var before records.Suspension
	if study.Suspension != nil {
		before = *study.Suspension
	}
	own := records.SuspendedBy{MSP: stamp.MSP, Times: times, Number: before.Number + 1, Reason: q.Reason, Suspended: stamp}
	study.State = records.StudySuspended
	study.Suspension = &records.Suspension{Number: own.Number, Round: q.Round, By: withOwn(before.By, own)}
}

// withOwn returns the suspensions with one organisation's in place of its last, or at their end.
func withOwn(all []records.SuspendedBy, own records.SuspendedBy) []records.SuspendedBy {
	list := slices.Clone(all)
	at := slices.IndexFunc(list, func(by records.SuspendedBy) bool { return by.MSP == own.MSP })
	if at < 0 {
		return append(list, own)
	}
	list[at] = own
	return list
}

// Resume withdraws the caller's suspension of a study. With the last one that stands the study goes on.
func (*Study) Resume(ctx *Context, q *records.ResumeRequest) (*records.Study, error) {
	study, err := ctx.study(q.Study)
	if err != nil {
		return nil, err
	}
	own, found := study.SuspendedBy(ctx.Caller.MSP)
	if !found || own.Number != q.Number {
		return nil, ledger.Refuse(ledger.Conflict, "the suspension %d of study %s is not the last one by %s", q.Number, q.Study, ctx.Caller.MSP)
	}
	if own.Lifted != nil {
		return study, nil
	}
	if study.State != records.StudySuspended {
		return nil, wrongState("study "+string(study.Study), study.State, records.StudySuspended)
	}
	own.Lifted = ctx.closed("withdrawn")
	study.Suspension = &records.Suspension{
		Number: study.Suspension.Number, Round: study.Suspension.Round, By: withOwn(study.Suspension.By, own),
	}
	ctx.emitSuspension("study.suspension_withdrawn", study, own.Reason)
	if stands(study) {
		return study, ctx.putStudy(study)
	}
	return study, ctx.resume(study, "withdrawn")
}

// stands tells whether an organisation still wants the study stopped.
func stands(study *records.Study) bool {
	return slices.ContainsFunc(study.Suspension.By, func(by records.SuspendedBy) bool { return by.Lifted == nil })
}

// checkResumable wants a motion about the suspension that stands: each new one needs a vote that knows of it.
func checkResumable(study *records.Study, motion string) error {
	number, err := numberIn(motion, motionResume)
	if err != nil {
		return err
	}
	if study.State != records.StudySuspended {
		return wrongState("study "+string(study.Study), study.State, records.StudySuspended)
	}
	if number != study.Suspension.Number {
		return wrongState("study "+string(study.Study), fmt.Sprintf("%s by suspension %d", study.State, study.Suspension.Number),
			fmt.Sprintf("the motion %s%d", motionResume, study.Suspension.Number))
	}
	return nil
}

func (c *call) tallyResume(charter *records.Charter, study *records.Study, motion string) (*records.Study, error) {
	if isResumed(study, motion) {
		return study, nil
	}
	if err := checkResumable(study, motion); err != nil {
		return nil, err
	}
	votes, err := c.countVotes(charter, study, motion)
	if err != nil {
		return nil, err
	}
	if !votes.passed() {
		return nil, wrongState("study "+string(study.Study), study.State+" with votes to resume it "+votes.String(), "enough for it")
	}
	lift(study, c.closed("voted"))
	return study, c.resume(study, "voted")
}

// isResumed tells whether a study goes on already after the suspension that a motion is about.
func isResumed(study *records.Study, motion string) bool {
	return study.State == records.StudyRunning && study.Suspension != nil &&
		motion == fmt.Sprintf("%s%d", motionResume, study.Suspension.Number)
}

// lift ends every suspension that stands.
func lift(study *records.Study, end *records.Closed) {
	lifted := *study.Suspension
	lifted.By = slices.Clone(lifted.By)
	for i := range lifted.By {
		if lifted.By[i].Lifted == nil {
			lifted.By[i].Lifted = end
		}
	}
	study.Suspension = &lifted
}

// resume lets a suspended study go on, and gives its round the whole time again.
func (c *call) resume(study *records.Study, reason string) error {
	study.State = records.StudyRunning
	c.emitSuspension("study.resumed", study, reason)
	if err := c.prolong(study); err != nil {
		return err
	}
	return c.putStudy(study)
}

// prolong keeps the time of a suspension from being counted: who was charged for the round can still take part in it.
func (c *call) prolong(study *records.Study) error {
	if study.Suspension.Round == 0 {
		return nil
	}
	round, err := c.round(study.Study, study.Suspension.Round)
	if err != nil {
		return err
	}
	switch round.State {
	case records.RoundOpen:
		round.CommitBy = max(round.CommitBy, c.Time+study.Terms.CommitTimeoutMS)
	case records.RoundSealed:
		round.AttemptTime = max(round.AttemptTime, c.Time)
		round.AttestBy = max(round.AttestBy, c.Time+study.Terms.AttestTimeoutMS)
	default:
		return nil
	}
	return c.putRound(round)
}

func (c *call) emitSuspension(kind string, study *records.Study, reason string) {
	c.Emit(records.Event{
		Type: kind, Study: study.Study, Round: study.Suspension.Round, MSP: c.Caller.MSP, Reason: reason, Version: study.Version,
	})
}
