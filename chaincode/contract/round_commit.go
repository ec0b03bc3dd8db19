package contract

import (
	"encoding/hex"
	"fmt"

	"quorate.dev/chaincode/document"
	"quorate.dev/chaincode/ledger"
	"quorate.dev/chaincode/merkle"
	"quorate.dev/chaincode/records"
)

// Decline says that one of the caller's data sets takes no part in a round.
func (*Round) Decline(ctx *Context, q *records.DeclineRequest) (*records.Decline, error) {
	seat, err := ctx.seat(q.Study, q.Round, q.Dataset)
	if err != nil {
		return nil, err
	}
	stored, err := ledger.Get[records.Decline](ctx.Tx, seat.declineKey())
	if err != nil {
		return nil, err
	}
	if stored != nil {
		if stored.Reason != q.Reason {
			return nil, ledger.Refuse(ledger.Conflict, "round %d is declined with reason %s already", q.Round, stored.Reason)
		}
		return stored, nil
	}
	if err := seat.checkOpen(); err != nil {
		return nil, err
	}
	if commit, err := ledger.Get[records.Commit](ctx.Tx, seat.commitKey()); err != nil || commit != nil {
		return nil, conflictIf(err, "data set %s has committed to round %d already", q.Dataset, q.Round)
	}
	decline := &records.Decline{
		Schema: ledger.SchemaOf[records.Decline](), Study: q.Study, Round: q.Round, MSP: ctx.Caller.MSP,
		Dataset: q.Dataset, Reason: q.Reason, Declined: ctx.Stamp(),
	}
	event := seat.event("round.declined")
	event.Reason = q.Reason
	ctx.Emit(event)
	return decline, ledger.Put(ctx.Tx, seat.declineKey(), decline)
}

// Commit commits one of the caller's data sets to an update, by its digest. One that comes late is recorded as such
// and never included.
func (*Round) Commit(ctx *Context, q *records.CommitRequest) (*records.Commit, error) {
	seat, err := ctx.seat(q.Study, q.Round, q.Dataset)
	if err != nil {
		return nil, err
	}
	stored, err := ledger.Get[records.Commit](ctx.Tx, seat.commitKey())
	if err != nil {
		return nil, err
	}
	if stored != nil {
		if stored.Base != q.Base || stored.Update != q.Update {
			return nil, ledger.Refuse(ledger.Conflict, "data set %s has committed to %s in round %d", q.Dataset, stored.Update, q.Round)
		}
		return stored, nil
	}
	if err := ctx.checkCommittable(seat, q); err != nil {
		return nil, err
	}
	leaf, err := leafOf(seat, q.Base, q.Update)
	if err != nil {
		return nil, err
	}
	commit := &records.Commit{
		Schema: ledger.SchemaOf[records.Commit](), Study: q.Study, Round: q.Round, MSP: ctx.Caller.MSP, Dataset: q.Dataset,
		Base: q.Base, Update: q.Update, Status: timeliness(seat.round, ctx.Time), Leaf: leaf, Committed: ctx.Stamp(),
	}
	event := seat.event("round.committed")
	event.Digest, event.Reason = q.Update, commit.Status
	ctx.Emit(event)
	return commit, ledger.Put(ctx.Tx, seat.commitKey(), commit)
}

// timeliness decides whether a commit can still be included.
func timeliness(round *records.Round, claimed int64) string {
	if round.State != records.RoundOpen || claimed > round.CommitBy {
		return records.Late
	}
	return records.OnTime
}

func (c *call) checkCommittable(s seat, q *records.CommitRequest) error {
	if err := checkRunning(s.study); err != nil {
		return err
	}
	if s.round.State != records.RoundOpen && s.round.State != records.RoundSealed {
		return wrongState(nameOf(s.round), s.round.State, "OPEN or SEALED")
	}
	if q.Base != s.round.Base {
		return ledger.Refuse(ledger.Conflict, "round %d has the base %s", s.round.Round, s.round.Base)
	}
	if err := c.checkTakingPart(s); err != nil {
		return err
	}
	return c.checkCharged(s)
}

// checkCharged wants the round's granted reservation, where rounds are charged.
func (c *call) checkCharged(s seat) error {
	if !s.study.Terms.Privacy.Private() {
		return nil
	}
	reservation, err := ledger.Get[records.Reservation](c.Tx, s.reserveKey())
	if err != nil {
		return err
	}
	is := "not made"
	if reservation != nil {
		is = reservation.Status
	}
	if is != records.Granted {
		return wrongState(fmt.Sprintf("the reservation of data set %s for round %d", s.participant.Dataset, s.round.Round), is, records.Granted)
	}
	return nil
}

// leafOf returns the hash that stands for a commit in the round's Merkle tree.
func leafOf(s seat, base, update records.Digest) (records.Hex, error) {
	data, err := document.Encode(records.Leaf{
		Schema: records.Version("leaf", 1), Study: s.study.Study, Round: s.round.Round,
		MSP: s.participant.MSP, Dataset: s.participant.Dataset, Base: base, Update: update,
	})
	if err != nil {
		return "", ledger.Refuse(ledger.Defect, "%v", err)
	}
	hash := merkle.LeafHash(data)
	return records.Hex(hex.EncodeToString(hash[:])), nil
}
