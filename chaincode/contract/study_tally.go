package contract

import (
	"slices"
	"strings"

	"quorate.dev/chaincode/ledger"
	"quorate.dev/chaincode/records"
)

// Tally counts what was voted or accepted, and closes it when it is decided.
func (*Study) Tally(ctx *Context, q *records.StudyTallyRequest) (*records.Study, error) {
	charter, err := ctx.needCharter()
	if err != nil {
		return nil, err
	}
	study, err := ctx.study(q.Study)
	if err != nil {
		return nil, err
	}
	switch motion := string(q.Motion); {
	case motion == motionApprove:
		return ctx.tallyApproval(charter, study)
	case motion == motionAccept:
		return ctx.tallyAcceptance(study)
	case motion == motionAbort:
		return ctx.tallyAbort(charter, study)
	case strings.HasPrefix(motion, motionResume):
		return ctx.tallyResume(charter, study, motion)
	default:
		return ctx.tallyAbortRound(charter, study, motion)
	}
}

func (c *call) tallyApproval(charter *records.Charter, study *records.Study) (*records.Study, error) {
	if study.State == records.StudyAborted {
		return nil, wrongState("study "+string(study.Study), study.State, records.StudyProposed)
	}
	if study.State != records.StudyProposed {
		return study, nil
	}
	votes, err := c.countVotes(charter, study, motionApprove)
	if err != nil {
		return nil, err
	}
	expired := c.Time >= study.ExpiresTime+charter.ClockSkewMS
	state, reason := outcomeOfVote(votes, expired)
	if state == "" {
		return nil, wrongState("study "+string(study.Study), study.State+" with votes "+votes.String(), "that the vote is decided or expired")
	}
	return study, c.closeStudy(study, state, reason)
}

// outcomeOfVote returns the state that a vote on approval leads to, if it is over.
func outcomeOfVote(votes count, expired bool) (state, reason string) {
	switch {
	case votes.passed():
		return records.StudyApproved, ""
	case votes.failed():
		return records.StudyRejected, "rejected"
	case expired:
		return records.StudyRejected, "expired"
	default:
		return "", ""
	}
}

// closeStudy moves a study to a state; with a reason it is closed there.
func (c *call) closeStudy(study *records.Study, state, reason string) error {
	study.State = state
	if reason != "" {
		study.Closed = c.closed(reason)
	}
	c.emitStudy("study."+strings.ToLower(state), study)
	return c.putStudy(study)
}

func (c *call) tallyAcceptance(study *records.Study) (*records.Study, error) {
	if isAcceptanceOver(study) {
		return study, nil
	}
	if study.State != records.StudyApproved {
		return nil, wrongState("study "+string(study.Study), study.State, records.StudyApproved)
	}
	missing, withdrawn, err := c.acceptances(study)
	switch {
	case err != nil:
		return nil, err
	case withdrawn:
		return study, c.closeStudy(study, records.StudyRejected, "withdrawn")
	case len(missing) > 0:
		return nil, wrongState("study "+string(study.Study), "APPROVED and waiting for "+strings.Join(missing, ", "), "that all participants have accepted")
	default:
		return study, c.closeStudy(study, records.StudyReady, "")
	}
}

// isAcceptanceOver tells whether what participants say about taking part was counted already.
func isAcceptanceOver(study *records.Study) bool {
	switch study.State {
	case records.StudyReady, records.StudyRunning, records.StudySuspended, records.StudyCompleted:
		return true
	default:
		return study.State == records.StudyRejected && study.Closed.Reason == "withdrawn"
	}
}

// acceptances returns which participants have not accepted, and whether one has withdrawn.
func (c *call) acceptances(study *records.Study) (missing []string, withdrawn bool, err error) {
	for _, msp := range study.Organisations() {
		if withdrawn, err = c.hasWithdrawn(study, msp); err != nil || withdrawn {
			return nil, withdrawn, err
		}
		accept, err := ledger.Get[records.Accept](c.Tx, ledger.AcceptKey(study.Study, study.Version, msp))
		if err != nil {
			return nil, false, err
		}
		if accept == nil {
			missing = append(missing, string(msp))
		}
	}
	return missing, false, nil
}

func (c *call) tallyAbort(charter *records.Charter, study *records.Study) (*records.Study, error) {
	if study.State == records.StudyAborted {
		return study, nil
	}
	if !slices.Contains(openStudy, study.State) {
		return nil, wrongState("study "+string(study.Study), study.State, strings.Join(openStudy, ", "))
	}
	votes, err := c.countVotes(charter, study, motionAbort)
	if err != nil {
		return nil, err
	}
	if !votes.passed() {
		return nil, wrongState("study "+string(study.Study), study.State+" with votes to abort it "+votes.String(), "enough for it")
	}
	return study, c.closeStudy(study, records.StudyAborted, "voted")
}

func (c *call) tallyAbortRound(charter *records.Charter, study *records.Study, motion string) (*records.Study, error) {
	round, err := c.disputedRound(study, motion)
	if round != nil && round.State == records.RoundAborted && round.Closed.Reason == "voted" {
		return study, nil
	}
	if err != nil {
		return nil, err
	}
	votes, err := c.countVotes(charter, study, motion)
	if err != nil {
		return nil, err
	}
	if !votes.passed() {
		return nil, wrongState(nameOf(round), round.State+" with votes to abort it "+votes.String(), "enough for it")
	}
	return study, c.closeRound(round, "voted")
}
