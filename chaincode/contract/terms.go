package contract

import (
	"cmp"
	"math/big"
	"regexp"
	"slices"
	"strings"

	"quorate.dev/chaincode/ledger"
	"quorate.dev/chaincode/privacy"
	"quorate.dev/chaincode/records"
)

// checkTerms refuses terms that a vote could not repair: what documents cannot say of themselves.
func (c *call) checkTerms(charter *records.Charter, t *records.Terms) error {
	for _, check := range []func() error{
		func() error { return checkSchema(t.Schema, records.Version("terms", 1)) },
		func() error { return checkParticipants(t) },
		func() error { return checkAttesters(charter, t) },
		func() error { return checkCounts(charter, t) },
		func() error { return checkTensors(t.Model.Tensors) },
		func() error { return checkOverflow(t) },
		func() error { return checkPrivacyTerms(t.Privacy) },
		func() error { return checkEvaluation(t.Evaluation) },
		func() error { return c.checkPolicyVersion(t) },
	} {
		if err := check(); err != nil {
			return err
		}
	}
	for _, p := range t.Participants {
		if err := c.checkParticipant(charter, t, p); err != nil {
			return err
		}
	}
	return nil
}

func invalid(format string, args ...any) error {
	return ledger.Refuse(ledger.InvalidArgument, format, args...)
}

func checkParticipants(t *records.Terms) error {
	order := func(a, b records.Participant) int { return compareSeats(a.MSP, a.Dataset, b.MSP, b.Dataset) }
	for i := 1; i < len(t.Participants); i++ {
		if order(t.Participants[i-1], t.Participants[i]) >= 0 {
			return invalid("participants are not in ascending order of (msp, dataset), once each")
		}
	}
	if t.MinimumCommits > int64(len(t.Participants)) {
		return invalid("minimum_commits is %d, more than the %d participants", t.MinimumCommits, len(t.Participants))
	}
	return nil
}

// compareSeats is the canonical order of updates.
func compareSeats(aMSP records.MSPID, aDataset records.ID, bMSP records.MSPID, bDataset records.ID) int {
	return cmp.Or(strings.Compare(string(aMSP), string(bMSP)), strings.Compare(string(aDataset), string(bDataset)))
}

func checkAttesters(charter *records.Charter, t *records.Terms) error {
	for i, msp := range t.Attesters {
		if i > 0 && t.Attesters[i-1] >= msp {
			return invalid("attesters are not in ascending order, once each")
		}
		if !charter.Has(msp) {
			return invalid("the attester %s is not a member", msp)
		}
	}
	if n := int64(len(t.Attesters)); t.M > n || 2*t.M <= n {
		return invalid("m is %d, and of %d attesters it must be more than half and at most all", t.M, n)
	}
	return nil
}

func checkCounts(charter *records.Charter, t *records.Terms) error {
	if t.MaxRounds < t.Rounds {
		return invalid("max_rounds is %d, fewer than the %d rounds wanted", t.MaxRounds, t.Rounds)
	}
	if least := 4 * charter.ClockSkewMS; t.CommitTimeoutMS < least {
		return invalid("commit_timeout_ms is %d, less than %d, which is four times the clock skew", t.CommitTimeoutMS, least)
	}
	// Who seals with a clock that is late, and ends the attempt with one that is early, takes two skews from the others.
	if least := 3 * charter.ClockSkewMS; t.AttestTimeoutMS < least {
		return invalid("attest_timeout_ms is %d, less than %d, which is three times the clock skew", t.AttestTimeoutMS, least)
	}
	return nil
}

// maxElements bounds a model: an update of so many elements has 16 gibibytes.
const maxElements = 1 << 32

// tensorName is what every member's program can compute with; a study with other names could never have a round.
var tensorName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_./-]{0,127}$`)

// headerName stands in a tensor file where tensors do.
const headerName = "__metadata__"

func checkTensors(tensors []records.Tensor) error {
	names, total := map[records.Title]bool{}, int64(0)
	for _, tensor := range tensors {
		if !tensorName.MatchString(string(tensor.Name)) || tensor.Name == headerName {
			return invalid("%.80q is no name of a tensor: it has up to 128 letters, digits and any of _ . / -", tensor.Name)
		}
		if names[tensor.Name] {
			return invalid("the tensor %q is there twice", tensor.Name)
		}
		names[tensor.Name] = true
		elements := int64(1)
		for _, size := range tensor.Shape {
			if elements > maxElements/size {
				return invalid("the tensor %q has more than 2^32 elements", tensor.Name)
			}
			elements *= size
		}
		if total += elements; total > maxElements {
			return invalid("the model has more than 2^32 elements")
		}
	}
	return nil
}

// checkOverflow keeps every weighted sum of updates within int64.
func checkOverflow(t *records.Terms) error {
	heaviest := slices.MaxFunc(t.Participants, func(a, b records.Participant) int { return cmp.Compare(a.Weight, b.Weight) })
	sum := new(big.Int).Mul(big.NewInt(int64(len(t.Participants))), big.NewInt(heaviest.Weight))
	if sum.Mul(sum, big.NewInt(t.Bound)); sum.BitLen() > 62 {
		return invalid("participants × largest weight × bound is %s, and the aggregate could overflow from 2^62", sum)
	}
	return nil
}

func checkPrivacyTerms(p records.PrivacyTerms) error {
	given := 0
	for _, present := range []bool{
		p.NoiseMultiplier != "", p.SampleRate != "", p.StepsPerRound != 0, p.ClippingNorm != "", p.ExpectedBatchSize != 0, p.Delta != "",
	} {
		if present {
			given++
		}
	}
	if !p.Private() {
		if given > 0 {
			return invalid("privacy of mechanism none has no parameters")
		}
		return nil
	}
	if given < 6 {
		return invalid("privacy of mechanism dp-sgd needs all of noise_multiplier, sample_rate, steps_per_round, clipping_norm, expected_batch_size and delta")
	}
	return checkMechanism(p)
}

func checkMechanism(p records.PrivacyTerms) error {
	m := privacy.Mechanism{NoiseMultiplier: string(p.NoiseMultiplier), SampleRate: string(p.SampleRate), Steps: uint64(p.StepsPerRound)}
	if err := m.Validate(); err != nil {
		return invalid("privacy: %v", err)
	}
	norm, err := privacy.ParseDecimal("clipping_norm", string(p.ClippingNorm))
	if err == nil && norm.Sign() == 0 {
		return invalid("privacy: clipping_norm must be greater than zero")
	}
	if err == nil {
		err = privacy.CheckDelta(string(p.Delta))
	}
	if err != nil {
		return invalid("privacy: %v", err)
	}
	return nil
}

func checkEvaluation(e *records.Evaluation) error {
	if e == nil {
		return nil
	}
	return checkUnique("metrics", e.Metrics)
}

func (c *call) checkPolicyVersion(t *records.Terms) error {
	if t.PolicyVersion != c.policyVersion {
		return invalid("policy_version is %d, and version %d is in force", t.PolicyVersion, c.policyVersion)
	}
	return nil
}

// checkParticipant wants a data set that the terms may use.
func (c *call) checkParticipant(charter *records.Charter, t *records.Terms, p records.Participant) error {
	if !charter.Has(p.MSP) {
		return invalid("the participant %s is not a member", p.MSP)
	}
	dataset, err := c.dataset(p.MSP, p.Dataset)
	if err != nil {
		return err
	}
	return checkFit(t, dataset)
}

// checkFit wants a data set whose own rules agree with the terms.
func checkFit(t *records.Terms, dataset *records.Dataset) error {
	name := string(dataset.MSP) + "/" + string(dataset.Dataset)
	switch {
	case dataset.State != active:
		return wrongState("data set "+name, dataset.State, active)
	case dataset.Unit != t.Unit || dataset.Adjacency != t.Adjacency:
		return invalid("data set %s is protected per %s (%s), and the terms say %s (%s)", name, dataset.Unit, dataset.Adjacency, t.Unit, t.Adjacency)
	case !hasPurpose(dataset, t.Purpose):
		return invalid("data set %s is not for the purpose %s", name, t.Purpose)
	case t.Privacy.Private() && dataset.Cap == nil:
		return invalid("data set %s is unprotected and has no budget that rounds could be charged to", name)
	case !t.Privacy.Private() && dataset.Cap != nil:
		return invalid("data set %s has a privacy cap, and the terms have no privacy mechanism", name)
	}
	return nil
}

func hasPurpose(dataset *records.Dataset, purpose records.ID) bool {
	return slices.Contains(dataset.Purposes, purpose)
}
