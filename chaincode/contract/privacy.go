package contract

import (
	"math/big"

	"quorate.dev/chaincode/ledger"
	"quorate.dev/chaincode/privacy"
	"quorate.dev/chaincode/records"
)

// Privacy holds accounts and charges.
type Privacy struct{ base }

// Reserve charges a round to the account of the caller's data set, or records that it does not fit. A granted charge
// is spent, whatever happens next: the agent may have touched data.
func (*Privacy) Reserve(ctx *Context, q *records.ReserveRequest) (*records.Reservation, error) {
	seat, err := ctx.seat(q.Study, q.Round, q.Dataset)
	if err != nil {
		return nil, err
	}
	stored, err := ledger.Get[records.Reservation](ctx.Tx, seat.reserveKey())
	if err != nil || stored != nil {
		return stored, err
	}
	ctx.Expect(ledger.DatasetKey(ctx.Caller.MSP, q.Dataset), ledger.AccountKey(ctx.Caller.MSP, q.Dataset))
	if err := ctx.checkReservable(seat); err != nil {
		return nil, err
	}
	reservation, err := ctx.charge(seat)
	if err != nil {
		return nil, err
	}
	kind := "privacy.reserved"
	if reservation.Status == records.Refused {
		kind = "privacy.refused"
	}
	ctx.Emit(seat.event(kind))
	return reservation, ledger.Put(ctx.Tx, seat.reserveKey(), reservation)
}

func (c *call) checkReservable(s seat) error {
	if !s.study.Terms.Privacy.Private() {
		return wrongState("study "+string(s.study.Study), "without a privacy mechanism", "one that rounds are charged for")
	}
	if err := s.checkOpen(); err != nil {
		return err
	}
	if c.Time > s.round.CommitBy {
		return ledger.Refuse(ledger.Expired, "round %d took commits until %d, and the transaction claims %d", s.round.Round, s.round.CommitBy, c.Time)
	}
	if err := c.checkTakingPart(s); err != nil {
		return err
	}
	return c.checkUsable(s)
}

// checkUsable wants a data set that is still active and still for the study's purpose.
func (c *call) checkUsable(s seat) error {
	dataset, err := c.dataset(s.participant.MSP, s.participant.Dataset)
	if err != nil {
		return err
	}
	if dataset.State != active {
		return wrongState("data set "+string(dataset.Dataset), dataset.State, active)
	}
	if !hasPurpose(dataset, s.study.Terms.Purpose) {
		return wrongState("data set "+string(dataset.Dataset), "no longer for "+string(s.study.Terms.Purpose), "that purpose")
	}
	return nil
}

// charge computes what a round costs, and writes the account when it fits.
func (c *call) charge(s seat) (*records.Reservation, error) {
	account, err := c.account(s.participant.MSP, s.participant.Dataset)
	if err != nil {
		return nil, err
	}
	spent, err := spentOf(account)
	if err != nil {
		return nil, err
	}
	terms := s.study.Terms.Privacy
	cost := records.Charge{NoiseMultiplier: terms.NoiseMultiplier, SampleRate: terms.SampleRate, Steps: terms.StepsPerRound}
	after, err := spent.Add(mechanism(cost))
	if err != nil {
		return nil, ledger.Refuse(ledger.InvalidState, "the charge cannot be added to the account: %v", err)
	}
	epsilon, fits, err := fitsCap(account, after.Spent)
	if err != nil {
		return nil, err
	}
	reservation := &records.Reservation{
		Schema: ledger.SchemaOf[records.Reservation](), Study: s.study.Study, Round: s.round.Round,
		MSP: s.participant.MSP, Dataset: s.participant.Dataset, Status: records.Refused, Charge: cost,
		Delta: account.Delta, EpsilonBeforeNano: account.EpsilonNano, EpsilonAfterNano: nano(epsilon),
		CapNano: account.CapNano, Reserved: c.Stamp(),
	}
	if !fits {
		return reservation, nil
	}
	reservation.Status = records.Granted
	dataset, err := c.dataset(account.MSP, account.Dataset)
	if err != nil {
		return nil, err
	}
	return reservation, c.storeAccount(account, dataset.Cap, after)
}

// fitsCap returns the ε of a sum at the account's own δ, and whether the cap allows it.
func fitsCap(account *records.Account, sum privacy.Vector) (*big.Int, bool, error) {
	epsilon, _, err := privacy.Epsilon(sum, string(account.Delta))
	if err != nil {
		return nil, false, ledger.Refuse(ledger.Defect, "the stored account: %v", err)
	}
	limit, err := integerOf(account.CapNano)
	if err != nil {
		return nil, false, err
	}
	return epsilon, epsilon.Cmp(limit) <= 0, nil
}

// Account returns what was charged to a data set.
func (*Privacy) Account(ctx *Context, q *records.AccountRequest) (*records.Account, error) {
	return ctx.account(q.MSP, q.Dataset)
}
