package contract

import (
	"fmt"
	"slices"

	"quorate.dev/chaincode/ledger"
	"quorate.dev/chaincode/records"
)

// Attest says, for the caller's organisation, which model the included updates make.
func (*Round) Attest(ctx *Context, q *records.AttestRequest) (*records.Attestation, error) {
	study, err := ctx.study(q.Study)
	if err != nil {
		return nil, err
	}
	round, err := ctx.round(q.Study, q.Round)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(round.Attesters, ctx.Caller.MSP) {
		return nil, ledger.Refuse(ledger.Denied, "%s is not an attester of round %d (terms)", ctx.Caller.MSP, q.Round)
	}
	key := ledger.AttestKey(q.Study, q.Round, q.Attempt, ctx.Caller.MSP)
	stored, err := ledger.Get[records.Attestation](ctx.Tx, key)
	if err != nil {
		return nil, err
	}
	if stored != nil {
		return repeatedAttestation(stored, q)
	}
	if err := ctx.checkAttestable(study, round, q); err != nil {
		return nil, err
	}
	attestation := &records.Attestation{
		Schema: ledger.SchemaOf[records.Attestation](), Study: q.Study, Round: q.Round, Attempt: q.Attempt, MSP: ctx.Caller.MSP,
		Model: q.Model, Excluded: q.Excluded, Possession: q.Possession, Attested: ctx.Stamp(),
	}
	ctx.Emit(records.Event{
		Type: "round.attested", Study: q.Study, Round: q.Round, MSP: ctx.Caller.MSP, Digest: records.Digest(q.Model), Attempt: q.Attempt,
	})
	return attestation, ledger.Put(ctx.Tx, key, attestation)
}

func repeatedAttestation(stored *records.Attestation, q *records.AttestRequest) (*records.Attestation, error) {
	if stored.Model != q.Model || !slices.Equal(stored.Excluded, q.Excluded) || stored.Possession != q.Possession {
		return nil, ledger.Refuse(ledger.Conflict, "%s has attested something else in attempt %d of round %d", stored.MSP, q.Attempt, q.Round)
	}
	return stored, nil
}

func (c *call) checkAttestable(study *records.Study, round *records.Round, q *records.AttestRequest) error {
	if err := checkRunning(study); err != nil {
		return err
	}
	if err := checkRound(round, records.RoundSealed); err != nil {
		return err
	}
	if round.Attempt != q.Attempt {
		return wrongState(nameOf(round), attemptOf(round), fmt.Sprintf("attempt %d", q.Attempt))
	}
	if err := checkExcluded(round, q.Excluded); err != nil {
		return err
	}
	if err := checkModel(study, round, q); err != nil {
		return err
	}
	return c.checkUnavailable(study, round, q.Excluded)
}

// checkExcluded wants included updates, in canonical order and once each.
func checkExcluded(round *records.Round, excluded []records.Exclusion) error {
	for i, e := range excluded {
		if i > 0 && compareSeats(excluded[i-1].MSP, excluded[i-1].Dataset, e.MSP, e.Dataset) >= 0 {
			return invalid("excluded is not in ascending order of (msp, dataset), once each")
		}
		if !slices.ContainsFunc(round.Included, func(u records.Included) bool { return u.MSP == e.MSP && u.Dataset == e.Dataset }) {
			return invalid("excluded names %s/%s, which round %d does not include", e.MSP, e.Dataset, round.Round)
		}
	}
	return nil
}

// checkModel wants a model when enough updates are left, and only then.
func checkModel(study *records.Study, round *records.Round, q *records.AttestRequest) error {
	left := int64(len(round.Included) - len(q.Excluded))
	if enough := left >= study.Terms.MinimumCommits; enough == (q.Model != "") {
		return nil
	}
	return invalid("%d updates are left of the %d needed: the model is empty when there are fewer, and only then", left, study.Terms.MinimumCommits)
}

// checkUnavailable gives every attester half of the attempt's time to get the updates.
func (c *call) checkUnavailable(study *records.Study, round *records.Round, excluded []records.Exclusion) error {
	from := round.AttemptTime + (study.Terms.AttestTimeoutMS+1)/2
	for _, e := range excluded {
		if e.Reason == "unavailable" && c.Time < from {
			return ledger.Refuse(ledger.InvalidState, "the update of %s/%s may be called unavailable from %d on, and the transaction claims %d",
				e.MSP, e.Dataset, from, c.Time)
		}
	}
	return nil
}

// A tally is the attestations of a round's current attempt.
type tally struct {
	counted []*records.Attestation
	// waiting are attesters, still members, that have not attested.
	waiting []records.MSPID
}

// attestations reads those of the current attempt. An attester that is no longer a member does not count.
func (c *call) attestations(round *records.Round) (tally, error) {
	var t tally
	voters := slices.DeleteFunc(slices.Clone(round.Attesters), func(msp records.MSPID) bool { return c.charter == nil || !c.charter.Has(msp) })
	keyOf := func(msp records.MSPID) ledger.Key {
		return ledger.AttestKey(round.Study, round.Round, round.Attempt, msp)
	}
	for _, msp := range voters {
		c.Expect(keyOf(msp))
	}
	for _, msp := range voters {
		attestation, err := ledger.Get[records.Attestation](c.Tx, keyOf(msp))
		if err != nil {
			return t, err
		}
		if attestation == nil {
			t.waiting = append(t.waiting, msp)
		} else {
			t.counted = append(t.counted, attestation)
		}
	}
	return t, nil
}

// quorum returns m attestations, or more, that are equal in model and excluded; since 2m is more than the number of
// attesters, there are never two such groups.
func (t tally) quorum(m int64) []*records.Attestation {
	for _, first := range t.counted {
		var equal []*records.Attestation
		for _, other := range t.counted {
			if other.Model == first.Model && slices.Equal(other.Excluded, first.Excluded) {
				equal = append(equal, other)
			}
		}
		if int64(len(equal)) >= m {
			return equal
		}
	}
	return nil
}

func (t tally) String() string {
	return fmt.Sprintf("%d attested and %d waiting", len(t.counted), len(t.waiting))
}

// attemptOf says where a sealed round stands.
func attemptOf(round *records.Round) string {
	return fmt.Sprintf("%s in attempt %d", round.State, round.Attempt)
}
