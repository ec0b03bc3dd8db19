package privacy

import (
	"math/big"
	"testing"
)

func TestNothingSpentIsZero(t *testing.T) {
	nano, order, err := Epsilon(Vector{}, "1e-5")
	if err != nil || nano.Sign() != 0 || order != 0 {
		t.Errorf("%s at %d, %v", nano, order, err)
	}
}

func TestEpsilonIsClampedAtZero(t *testing.T) {
	nano, order, err := Epsilon(mustCharge(t, Mechanism{"100000", "1/999999999", 1}), "9e-1")
	if err != nil || nano.Sign() != 0 || order == 0 {
		t.Errorf("%s at %d, %v", nano, order, err)
	}
}

// At δ = 1/4 and order 2, log(1/2) - (log 1/4 + log 2) is exactly zero, and must not round up to one.
func TestAnOffsetOfExactlyZero(t *testing.T) {
	delta, err := parseDelta("2.5e-1")
	if err != nil {
		t.Fatal(err)
	}
	if offset := standard.offsets(delta)[0]; offset.Sign() != 0 {
		t.Errorf("offset is %s", offset)
	}
}

func TestEpsilonFallsWithDeltaAndGrowsWithWhatIsSpent(t *testing.T) {
	var spent Vector
	var err error
	last := new(big.Int)
	for range 20 {
		if spent, err = spent.Add(mustCharge(t, Mechanism{"4", "1/4", 6})); err != nil {
			t.Fatal(err)
		}
		tight, _, err := Epsilon(spent, "1e-6")
		if err != nil {
			t.Fatal(err)
		}
		loose, _, err := Epsilon(spent, "1e-5")
		if err != nil {
			t.Fatal(err)
		}
		if tight.Cmp(loose) <= 0 || loose.Cmp(last) <= 0 {
			t.Errorf("ε = %s at 1e-6, %s at 1e-5, %s before", tight, loose, last)
		}
		last = loose
	}
}

func TestFits(t *testing.T) {
	account := mustCharge(t, Mechanism{"4", "1/4", 42})
	charge := mustCharge(t, Mechanism{"4", "1/4", 6})
	sum, err := account.Add(charge)
	if err != nil {
		t.Fatal(err)
	}
	after, _, err := Epsilon(sum, "1e-5")
	if err != nil {
		t.Fatal(err)
	}
	less := new(big.Int).Sub(after, big.NewInt(1))
	for _, c := range []struct {
		limit *big.Int
		want  bool
	}{{after, true}, {less, false}, {new(big.Int), false}} {
		ok, got, err := Fits(account, charge, c.limit, "1e-5")
		if err != nil || ok != c.want || got.Cmp(after) != 0 {
			t.Errorf("cap %s: %t, %s, %v; want %t, %s", c.limit, ok, got, err, c.want, after)
		}
	}
}

func TestFitsRefusesMalformedDelta(t *testing.T) {
	_, _, err := Fits(Vector{}, Vector{}, big.NewInt(1), "0.00001")
	checkRefusal(t, err, "is not of the form")
}

func BenchmarkEpsilonNewDelta(b *testing.B) {
	delta, err := parseDelta("1e-5")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		standard.offsets(delta)
	}
}

func BenchmarkEpsilon(b *testing.B) {
	spent := mustCharge(b, Mechanism{"1.1", "1/32", 320})
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := Epsilon(spent, "1e-5"); err != nil {
			b.Fatal(err)
		}
	}
}
