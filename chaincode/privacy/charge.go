package privacy

import "math/big"

// The ledger's own accountant, and what it has computed lately. A set of moments takes about 8 KiB, a set
// of offsets 4 KiB.
var (
	standard    = &accountant{upward: upward{prec: precision}}
	momentsMemo = newMemo[momentsKey, []*big.Float](256)
	offsetsMemo = newMemo[string, []*big.Int](256)
)

// momentsKey are the exact parameters of one step; texts are canonical, so equal values have equal keys.
type momentsKey struct{ noiseMultiplier, sampleRate string }

// Charge returns what the mechanism costs: its RDP at every order in nano-units, each rounded up.
//
// Rounding is per charge: the cost of several charges is the sum of their charges, which is at least the
// charge of all their steps together.
func Charge(m Mechanism) (Vector, error) { return charge(m, MaxSteps) }

func charge(m Mechanism, maxSteps uint64) (Vector, error) {
	p, err := m.parse(maxSteps)
	if err != nil {
		return Vector{}, err
	}
	if !p.sampled() {
		return Vector{nano: plainCharge(p.inverseVariance, m.Steps)}, nil
	}
	moments := momentsMemo.get(momentsKey{m.NoiseMultiplier, m.SampleRate}, func() []*big.Float {
		return standard.logMoments(p)
	})
	return Vector{nano: standard.sampledCharge(moments, m.Steps)}, nil
}
