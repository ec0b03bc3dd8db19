package contract

import (
	"quorate.dev/chaincode/ledger"
	"quorate.dev/chaincode/privacy"
	"quorate.dev/chaincode/records"
)

// Quote says what a study can still cost, or what a mechanism on one data set would, on top of what is spent.
func (*Privacy) Quote(ctx *Context, q *records.QuoteRequest) (*records.LedgerQuote, error) {
	quote := &records.LedgerQuote{Schema: records.Version("ledger_quote", 1), Quotes: []records.QuoteLine{}}
	if q.Study == "" {
		charge := records.Charge{NoiseMultiplier: q.NoiseMultiplier, SampleRate: q.SampleRate, Steps: q.Steps}
		line, err := ctx.quote(q.MSP, q.Dataset, charge, 1)
		quote.Quotes = append(quote.Quotes, line)
		return quote, err
	}
	study, err := ctx.study(q.Study)
	if err != nil || !study.Terms.Privacy.Private() {
		return quote, err
	}
	terms := study.Terms.Privacy
	charge := records.Charge{NoiseMultiplier: terms.NoiseMultiplier, SampleRate: terms.SampleRate, Steps: terms.StepsPerRound}
	rounds, err := ledger.List[records.Round](ctx.Tx, "round", string(study.Study))
	if err != nil {
		return nil, err
	}
	for _, p := range study.Terms.Participants {
		left, err := ctx.roundsLeft(study, rounds, p)
		if err != nil {
			return nil, err
		}
		line, err := ctx.quote(p.MSP, p.Dataset, charge, left)
		if err != nil {
			return nil, err
		}
		quote.Quotes = append(quote.Quotes, line)
	}
	return quote, nil
}

// roundsLeft returns for how many rounds a study can still charge a participant: those not yet opened, and an open one
// that it has not answered.
func (c *call) roundsLeft(study *records.Study, opened []records.Round, p records.Participant) (int64, error) {
	if study.Closed != nil || study.Completed != nil {
		return 0, nil
	}
	left := study.Terms.MaxRounds - int64(len(opened))
	if len(opened) == 0 || opened[len(opened)-1].State != records.RoundOpen {
		return left, nil
	}
	reservation, err := ledger.Get[records.Reservation](c.Tx, seat{study, &opened[len(opened)-1], p}.reserveKey())
	if err == nil && reservation == nil {
		left++
	}
	return left, err
}

// checkQuote wants a study, or a data set and a mechanism, and not some of both.
func checkQuote(q *records.QuoteRequest) error {
	parts := 0
	for _, given := range []bool{q.MSP != "", q.Dataset != "", q.NoiseMultiplier != "", q.SampleRate != "", q.Steps != 0} {
		if given {
			parts++
		}
	}
	if (q.Study != "" && parts == 0) || (q.Study == "" && parts == 5) {
		return nil
	}
	return ledger.Refuse(ledger.InvalidArgument, "a quote is for a study, or for msp, dataset, noise_multiplier, sample_rate and steps together")
}

// quote returns what a charge, made a number of times, would cost a data set.
func (c *call) quote(msp records.MSPID, dataset records.ID, charge records.Charge, times int64) (records.QuoteLine, error) {
	account, err := c.account(msp, dataset)
	if err != nil {
		return records.QuoteLine{}, err
	}
	spent, err := spentOf(account)
	if err != nil {
		return records.QuoteLine{}, err
	}
	one, err := privacy.Charge(mechanism(charge))
	if err != nil {
		return records.QuoteLine{}, ledger.Refuse(ledger.InvalidArgument, "%v", err)
	}
	sum, err := addTimes(spent.Spent, one, times)
	if err != nil {
		return records.QuoteLine{}, ledger.Refuse(ledger.InvalidArgument, "%v", err)
	}
	epsilon, fits, err := fitsCap(account, sum)
	if err != nil {
		return records.QuoteLine{}, err
	}
	return records.QuoteLine{
		MSP: msp, Dataset: dataset, EpsilonNowNano: account.EpsilonNano,
		EpsilonAfterNano: nano(epsilon), CapNano: account.CapNano, Fits: fits,
	}, nil
}

// addTimes adds a charge a number of times by doubling it, exactly as that many rounds would.
func addTimes(sum, one privacy.Vector, times int64) (privacy.Vector, error) {
	var err error
	for ; times > 0; times >>= 1 {
		if times&1 == 1 {
			if sum, err = sum.Add(one); err != nil {
				return privacy.Vector{}, err
			}
		}
		if times == 1 {
			break
		}
		if one, err = one.Add(one); err != nil {
			return privacy.Vector{}, err
		}
	}
	return sum, nil
}
