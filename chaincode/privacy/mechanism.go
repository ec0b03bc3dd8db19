package privacy

import "math/big"

// A Mechanism is the Poisson-subsampled Gaussian, repeated.
type Mechanism struct {
	// NoiseMultiplier is σ, the noise's standard deviation in units of the clipping norm: a decimal.
	NoiseMultiplier string `json:"noise_multiplier"`
	// SampleRate is q, the probability that a record takes part in a step: a fraction in lowest terms.
	SampleRate string `json:"sample_rate"`
	// Steps is how often the mechanism runs.
	Steps uint64 `json:"steps"`
}

// parameters are a mechanism's values, read and bounded.
type parameters struct {
	inverseVariance *big.Rat // 1/σ²
	a, b            uint64   // q = a/b
}

// Validate returns nil when the parameters are in range and in their canonical text.
func (m Mechanism) Validate() error {
	_, err := m.parse(MaxSteps)
	return err
}

func (m Mechanism) parse(maxSteps uint64) (parameters, error) {
	sigma, err := parseNoiseMultiplier(m.NoiseMultiplier)
	if err != nil {
		return parameters{}, err
	}
	a, b, err := parseSampleRate(m.SampleRate)
	if err != nil {
		return parameters{}, err
	}
	if m.Steps < 1 || m.Steps > maxSteps {
		return parameters{}, refuse("steps", "%d is outside 1 to %d", m.Steps, maxSteps)
	}
	variance := new(big.Rat).Mul(sigma, sigma)
	return parameters{inverseVariance: variance.Inv(variance), a: a, b: b}, nil
}

// sampled tells whether the mechanism leaves records out; if not, it is the plain Gaussian.
func (p parameters) sampled() bool { return p.a < p.b }
