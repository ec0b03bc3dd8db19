package contract

import (
	"fmt"
	"slices"

	"quorate.dev/chaincode/ledger"
	"quorate.dev/chaincode/records"
)

// maxAttempts is how often attesters may try to agree.
const maxAttempts = 3

// Finalize makes the model final that a quorum attested, or aborts a round of which a quorum says that too few of its
// updates can be used.
func (*Round) Finalize(ctx *Context, q *records.RoundRequest) (*records.Round, error) {
	study, round, err := ctx.studyAndRound(q)
	if err != nil || isFinalized(round) {
		return round, err
	}
	if err := checkRunning(study); err != nil {
		return nil, err
	}
	if err := checkRound(round, records.RoundSealed); err != nil {
		return nil, err
	}
	tally, err := ctx.attestations(round)
	if err != nil {
		return nil, err
	}
	equal := tally.quorum(round.M)
	if equal == nil {
		return nil, wrongState(nameOf(round), attemptOf(round)+" with "+tally.String(), fmt.Sprintf("%d equal attestations", round.M))
	}
	taken, err := ctx.isTaken(equal[0].Model)
	if err != nil {
		return nil, err
	}
	if taken {
		return round, ctx.dispute(round)
	}
	finalize(round, equal)
	if equal[0].Model == "" {
		return round, ctx.closeRound(round, "too-few-valid")
	}
	return round, ctx.finish(study, round)
}

func isFinalized(round *records.Round) bool {
	return round.State == records.RoundFinal || (round.State == records.RoundAborted && round.Closed.Reason == "too-few-valid")
}

// finalize notes in a round what a quorum said.
func finalize(round *records.Round, equal []*records.Attestation) {
	round.Excluded = equal[0].Excluded
	round.AttestedBy = []records.MSPID{}
	for _, attestation := range equal {
		round.AttestedBy = append(round.AttestedBy, attestation.MSP)
	}
	round.Model = records.Digest(equal[0].Model)
}

// isTaken tells whether a model is another round's already. Files name their round, so some quorum has lied: this one,
// or one of a study beside it that wants to keep the model from becoming final here.
func (c *call) isTaken(model records.ModelText) (bool, error) {
	if model == "" {
		return false, nil
	}
	known, err := ledger.Get[records.Model](c.Tx, ledger.ModelKey(records.Digest(model)))
	return known != nil, err
}

// dispute leaves a round to a vote.
func (c *call) dispute(round *records.Round) error {
	round.State = records.RoundDisputed
	c.Emit(records.Event{Type: "round.disputed", Study: round.Study, Round: round.Round, Attempt: round.Attempt})
	return c.putRound(round)
}

// finish writes the final round, its model, and with the last round wanted the end of the study.
func (c *call) finish(study *records.Study, round *records.Round) error {
	stamp := c.Stamp()
	round.State, round.Finalized = records.RoundFinal, &stamp
	if err := ledger.Put(c.Tx, ledger.ModelKey(round.Model), modelOf(study, round, stamp)); err != nil {
		return err
	}
	c.Emit(records.Event{Type: "round.finalized", Study: round.Study, Round: round.Round, Digest: round.Model, Attempt: round.Attempt})
	if round.FinalsBefore+1 >= study.Terms.Rounds {
		c.complete(study, "rounds-final")
		if err := c.putStudy(study); err != nil {
			return err
		}
	}
	return c.putRound(round)
}

func modelOf(study *records.Study, round *records.Round, stamp records.Stamp) *records.Model {
	model := &records.Model{
		Schema: ledger.SchemaOf[records.Model](), Digest: round.Model, Study: round.Study, Round: round.Round, Base: round.Base,
		TermsDigest: study.TermsDigest, Plan: study.Terms.Plan, PolicyVersion: study.Terms.PolicyVersion,
		Updates: []records.Update{}, Excluded: round.Excluded, AttestedBy: round.AttestedBy, State: records.ModelFinal, Finalized: stamp,
	}
	for _, update := range round.Included {
		if !slices.ContainsFunc(round.Excluded, func(e records.Exclusion) bool { return e.MSP == update.MSP && e.Dataset == update.Dataset }) {
			model.Updates = append(model.Updates, records.Update{MSP: update.MSP, Dataset: update.Dataset, Update: update.Update, Weight: update.Weight})
		}
	}
	return model
}

// Retry ends an attempt that found no quorum: another begins, or after the last one the round is disputed.
func (*Round) Retry(ctx *Context, q *records.RetryRequest) (*records.Round, error) {
	study, err := ctx.study(q.Study)
	if err != nil {
		return nil, err
	}
	round, err := ctx.round(q.Study, q.Round)
	if err != nil || isRetried(round, q.Attempt) {
		return round, err
	}
	if err := checkRunning(study); err != nil {
		return nil, err
	}
	if err := checkRound(round, records.RoundSealed); err != nil {
		return nil, err
	}
	if err := ctx.checkRetry(round, q.Attempt); err != nil {
		return nil, err
	}
	event := records.Event{Type: retry(round, ctx.Time, study.Terms.AttestTimeoutMS), Study: q.Study, Round: q.Round, Attempt: round.Attempt}
	ctx.Emit(event)
	return round, ctx.putRound(round)
}

// isRetried tells whether an attempt was ended already.
func isRetried(round *records.Round, attempt int64) bool {
	return round.Sealed != nil && (attempt < round.Attempt || (attempt == round.Attempt && round.State == records.RoundDisputed))
}

func (c *call) checkRetry(round *records.Round, attempt int64) error {
	if attempt != round.Attempt {
		return wrongState(nameOf(round), attemptOf(round), fmt.Sprintf("attempt %d", attempt))
	}
	tally, err := c.attestations(round)
	if err != nil {
		return err
	}
	if tally.quorum(round.M) != nil {
		return wrongState(nameOf(round), attemptOf(round)+" with a quorum", "none; finalize it instead")
	}
	if len(tally.waiting) > 0 && c.Time < round.AttestBy {
		return wrongState(nameOf(round), attemptOf(round)+" with "+tally.String(), fmt.Sprintf("that all have attested, or the time %d", round.AttestBy))
	}
	return nil
}

// retry moves a sealed round on, and returns what happened.
func retry(round *records.Round, now, timeout int64) string {
	if round.Attempt == maxAttempts {
		round.State = records.RoundDisputed
		return "round.disputed"
	}
	round.Attempt, round.AttemptTime, round.AttestBy = round.Attempt+1, now, now+timeout
	return "round.retried"
}
