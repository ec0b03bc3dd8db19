package contract

import (
	"fmt"

	"quorate.dev/chaincode/ledger"
	"quorate.dev/chaincode/records"
)

// Round holds rounds, from opening to a model that a quorum attested.
type Round struct{ base }

// Open opens a study's next round. The ledger sets its base, its deadline and its attesters.
func (*Round) Open(ctx *Context, q *records.RoundRequest) (*records.Round, error) {
	study, err := ctx.study(q.Study)
	if err != nil {
		return nil, err
	}
	stored, err := ledger.Get[records.Round](ctx.Tx, ledger.RoundKey(q.Study, q.Round))
	if err != nil || stored != nil {
		return stored, err
	}
	if err := checkRunning(study); err != nil {
		return nil, err
	}
	if q.Round > study.Terms.MaxRounds {
		return nil, ledger.Refuse(ledger.InvalidState, "study %s may open %d rounds; complete it", q.Study, study.Terms.MaxRounds)
	}
	var previous *records.Round
	if q.Round > 1 {
		if previous, err = ctx.round(q.Study, q.Round-1); err != nil {
			return nil, err
		}
	}
	round, err := openRound(study, previous, q.Round, ctx.Stamp())
	if err != nil {
		return nil, err
	}
	ctx.Emit(records.Event{Type: "round.opened", Study: q.Study, Round: q.Round, Digest: round.Base})
	return round, ctx.putRound(round)
}

// openRound is the round after previous, or a study's first.
func openRound(study *records.Study, previous *records.Round, number int64, stamp records.Stamp) (*records.Round, error) {
	round := &records.Round{
		Schema: ledger.SchemaOf[records.Round](), Study: study.Study, Round: number, State: records.RoundOpen,
		Base: study.Terms.Model.Initial, CommitBy: stamp.ClaimedTime + study.Terms.CommitTimeoutMS,
		Attesters: study.Terms.Attesters, M: study.Terms.M, Opened: stamp,
		Included: []records.Included{}, LeftOut: []records.LeftOut{}, Excluded: []records.Exclusion{}, AttestedBy: []records.MSPID{},
	}
	if previous == nil {
		return round, nil
	}
	switch previous.State {
	case records.RoundFinal:
		round.Base, round.FinalsBefore = previous.Model, previous.FinalsBefore+1
	case records.RoundAborted:
		round.Base, round.FinalsBefore = previous.Base, previous.FinalsBefore
	default:
		return nil, wrongState(nameOf(previous), previous.State, "FINAL or ABORTED")
	}
	return round, nil
}

// Abort ends an open round that can get no more, or no longer, the commits that it needs.
func (*Round) Abort(ctx *Context, q *records.RoundRequest) (*records.Round, error) {
	study, round, err := ctx.studyAndRound(q)
	if err != nil || round.State == records.RoundAborted {
		return round, err
	}
	if err := checkNotSuspended(study); err != nil {
		return nil, err
	}
	included, leftOut, err := ctx.divide(study, round)
	if err != nil {
		return nil, err
	}
	if int64(len(included)) >= study.Terms.MinimumCommits {
		return nil, wrongState(nameOf(round), fmt.Sprintf("%s with %d commits", round.State, len(included)),
			fmt.Sprintf("fewer than the minimum of %d; seal it instead", study.Terms.MinimumCommits))
	}
	if err := ctx.checkOver(round, leftOut); err != nil {
		return nil, err
	}
	round.LeftOut = leftOut
	return round, ctx.closeRound(round, "too-few-commits")
}

// closeRound aborts a round for a reason.
func (c *call) closeRound(round *records.Round, reason string) error {
	round.State, round.Closed = records.RoundAborted, c.closed(reason)
	c.Emit(records.Event{Type: "round.aborted", Study: round.Study, Round: round.Round, Reason: reason})
	return c.putRound(round)
}

func (c *call) studyAndRound(q *records.RoundRequest) (*records.Study, *records.Round, error) {
	study, err := c.study(q.Study)
	if err != nil {
		return nil, nil, err
	}
	round, err := c.round(q.Study, q.Round)
	return study, round, err
}

func (c *call) putRound(round *records.Round) error {
	return ledger.Put(c.Tx, ledger.RoundKey(round.Study, round.Round), round)
}
