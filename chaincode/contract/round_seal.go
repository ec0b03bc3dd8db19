package contract

import (
	"encoding/hex"
	"fmt"

	"quorate.dev/chaincode/ledger"
	"quorate.dev/chaincode/merkle"
	"quorate.dev/chaincode/records"
)

// Seal closes an open round to updates, and fixes which are included and why the others are not.
func (*Round) Seal(ctx *Context, q *records.RoundRequest) (*records.Round, error) {
	study, round, err := ctx.studyAndRound(q)
	if err != nil || round.Sealed != nil {
		return round, err
	}
	if err := checkRunning(study); err != nil {
		return nil, err
	}
	included, leftOut, err := ctx.divide(study, round)
	if err != nil {
		return nil, err
	}
	if err := ctx.checkOver(round, leftOut); err != nil {
		return nil, err
	}
	if int64(len(included)) < study.Terms.MinimumCommits {
		return nil, wrongState(nameOf(round), fmt.Sprintf("%s with %d commits", round.State, len(included)),
			fmt.Sprintf("the minimum of %d; abort it instead", study.Terms.MinimumCommits))
	}
	if err := seal(round, included, leftOut, study.Terms.AttestTimeoutMS, ctx.Stamp()); err != nil {
		return nil, err
	}
	ctx.Emit(records.Event{Type: "round.sealed", Study: q.Study, Round: q.Round, Attempt: round.Attempt})
	return round, ctx.putRound(round)
}

// divide lists the updates that an open round includes, and the participants without one and why, both in canonical order.
func (c *call) divide(study *records.Study, round *records.Round) (included []records.Included, leftOut []records.LeftOut, err error) {
	if err := checkRound(round, records.RoundOpen); err != nil {
		return nil, nil, err
	}
	standings, err := c.standings(study, round)
	if err != nil {
		return nil, nil, err
	}
	included, leftOut = []records.Included{}, []records.LeftOut{}
	for _, s := range standings {
		if reason := s.leftOut(); reason != "" {
			leftOut = append(leftOut, records.LeftOut{MSP: s.participant.MSP, Dataset: s.participant.Dataset, Reason: reason})
			continue
		}
		included = append(included, records.Included{
			MSP: s.participant.MSP, Dataset: s.participant.Dataset, Weight: s.participant.Weight,
			Update: s.commit.Update, Leaf: s.commit.Leaf,
		})
	}
	return included, leftOut, nil
}

// checkOver wants that every participant has said something, or that the time to do so is over on every clock.
func (c *call) checkOver(round *records.Round, leftOut []records.LeftOut) error {
	waiting := ""
	for _, participant := range leftOut {
		if participant.Reason == missing {
			waiting = fmt.Sprintf("%s/%s", participant.MSP, participant.Dataset)
			break
		}
	}
	if until := round.CommitBy + c.clockSkew(); waiting != "" && c.Time < until {
		return wrongState(nameOf(round), round.State+" and waiting for "+waiting, fmt.Sprintf("that all have answered, or the time %d", until))
	}
	return nil
}

// seal moves an open round to its first attempt at a quorum.
func seal(round *records.Round, included []records.Included, leftOut []records.LeftOut, timeout int64, stamp records.Stamp) error {
	leaves, err := leavesOf(included)
	if err != nil {
		return err
	}
	root := merkle.Root(leaves)
	round.State, round.Sealed = records.RoundSealed, &stamp
	round.Included, round.LeftOut, round.Root = included, leftOut, records.Hex(hex.EncodeToString(root[:]))
	round.Attempt, round.AttemptTime, round.AttestBy = 1, stamp.ClaimedTime, stamp.ClaimedTime+timeout
	return nil
}

func leavesOf(included []records.Included) ([]merkle.Hash, error) {
	leaves := make([]merkle.Hash, len(included))
	for i, update := range included {
		if n, err := hex.Decode(leaves[i][:], []byte(update.Leaf)); err != nil || n != len(leaves[i]) {
			return nil, ledger.Refuse(ledger.Defect, "the leaf %.80q cannot be read", update.Leaf)
		}
	}
	return leaves, nil
}
