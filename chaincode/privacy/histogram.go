package privacy

import (
	"cmp"
	"encoding/json"
	"slices"
)

// MaxHistogramEntries is how many different mechanisms one account can hold.
const MaxHistogramEntries = 1024

// A Histogram says how many steps of each mechanism an account was charged for, so that a tighter
// accounting can be computed later without the ledger's history. It is sorted by the texts of noise
// multiplier and sample rate, each pair once. Histograms are values: no method changes one.
type Histogram []Mechanism

// Add returns the histogram with the mechanism's steps added.
func (h Histogram) Add(m Mechanism) (Histogram, error) {
	if _, err := m.parse(MaxTotalSteps); err != nil {
		return nil, err
	}
	i, found := slices.BinarySearchFunc(h, m, compareMechanisms)
	if !found {
		if len(h) >= MaxHistogramEntries {
			return nil, refuse("histogram", "already holds %d different mechanisms", MaxHistogramEntries)
		}
		return slices.Insert(slices.Clone(h), i, m), nil
	}
	if h[i].Steps > MaxTotalSteps-m.Steps {
		return nil, ErrTooLarge
	}
	sum := slices.Clone(h)
	sum[i].Steps += m.Steps
	return sum, nil
}

// Validate returns nil when every entry is in range and the entries are sorted and different.
func (h Histogram) Validate() error {
	if len(h) > MaxHistogramEntries {
		return refuse("histogram", "has %d entries, more than %d", len(h), MaxHistogramEntries)
	}
	for i, m := range h {
		if _, err := m.parse(MaxTotalSteps); err != nil {
			return err
		}
		if i > 0 && compareMechanisms(h[i-1], m) >= 0 {
			return refuse("histogram", "entry %d is not after the one before it", i)
		}
	}
	return nil
}

// Vector returns what the histogram would cost if each entry were one charge: a lower bound of the
// account's vector, below it by less than one nano-unit for every charge merged away.
func (h Histogram) Vector() (Vector, error) {
	var sum Vector
	for _, m := range h {
		one, err := charge(m, MaxTotalSteps)
		if err != nil {
			return Vector{}, err
		}
		if sum, err = sum.Add(one); err != nil {
			return Vector{}, err
		}
	}
	return sum, nil
}

// MarshalJSON writes an array, also for nothing.
func (h Histogram) MarshalJSON() ([]byte, error) {
	if h == nil {
		return []byte("[]"), nil
	}
	return json.Marshal([]Mechanism(h))
}

func compareMechanisms(a, b Mechanism) int {
	return cmp.Or(cmp.Compare(a.NoiseMultiplier, b.NoiseMultiplier), cmp.Compare(a.SampleRate, b.SampleRate))
}
