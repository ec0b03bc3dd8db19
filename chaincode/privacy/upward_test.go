package privacy

import (
	"math/big"
	"testing"
)

// bits computes with the ledger's precision, reference with far more.
var (
	bits      = upward{precision}
	reference = upward{1000}
)

// checkBound wants got at or above want, by at most 2^-tolerance of it.
func checkBound(t *testing.T, what string, got, want *big.Float, tolerance int) {
	t.Helper()
	excess := new(big.Float).SetPrec(2000).Sub(got, want)
	if excess.Sign() < 0 {
		t.Errorf("%s: below the exact value", what)
	}
	if excess.Sign() > 0 && exponentOf(excess) > exponentOf(want)-tolerance {
		t.Errorf("%s: above the exact value by 2^%d of it", what, exponentOf(excess)-exponentOf(want))
	}
}

func TestExpBoundsFromAbove(t *testing.T) {
	for _, text := range []string{"0.0000000001", "0.001", "0.5", "1", "2.25", "11.111111111"} {
		x, _ := new(big.Rat).SetString(text)
		checkBound(t, "exp "+text, bits.exp(x), reference.exp(x), 170)
	}
}

func TestExpOfOneIsE(t *testing.T) {
	// The first 100 decimals of e.
	want, _ := new(big.Rat).SetString("2.7182818284590452353602874713526624977572470936999595749669676277240766303535475945713821785251664274")
	exact := new(big.Float).SetPrec(2000).SetRat(want)
	checkBound(t, "e", bits.exp(big.NewRat(1, 1)), exact, 170)
}

func TestLogBoundsFromAbove(t *testing.T) {
	cases := []struct {
		name     string
		n, d     int64
		exponent int
	}{
		{"just above one", 1_000_000_001, 1_000_000_000, 0},
		{"just below two", 1_999_999_999, 1_000_000_000, 0},
		{"three", 3, 1, 0},
		{"large", 7, 5, 8_000_000},
		{"far below one", 7, 5, -300},
		{"two thirds", 2, 3, 0},
	}
	for _, c := range cases {
		n, d := big.NewInt(c.n), big.NewInt(c.d)
		exact := reference.log(n, d, c.exponent)
		got := bits.log(n, d, c.exponent)
		if got.Cmp(exact) < 0 {
			t.Errorf("%s: below the exact value", c.name)
		}
		if excess := new(big.Float).SetPrec(2000).Sub(got, exact); excess.Sign() > 0 && exponentOf(excess) > max(exponentOf(exact), 0)-180 {
			t.Errorf("%s: above the exact value by 2^%d", c.name, exponentOf(excess))
		}
	}
}

func TestLogOfOneIsZero(t *testing.T) {
	if x := bits.log(big.NewInt(12), big.NewInt(3), -2); x.Sign() != 0 {
		t.Errorf("log 1 = %s", x)
	}
}

func TestConstantIsLogOfTwo(t *testing.T) {
	// log 2 = 2·atanh(1/3), summed by a reference of 1000 bits.
	third := reference.ratio(big.NewInt(1), big.NewInt(3))
	x := reference.twiceAtanh(third)
	n, _ := x.SetMantExp(x, ln2Bits).Int(nil)
	if n.Cmp(ln2) != 0 {
		t.Errorf("constant is %x, want %x", ln2, n)
	}
}

func TestLogUndoesExp(t *testing.T) {
	for _, text := range []string{"0.125", "1.5", "10.999"} {
		x, _ := new(big.Rat).SetString(text)
		e := bits.exp(x)
		n, shift := mantissaOf(e)
		checkBound(t, text, bits.log(n, big.NewInt(1), shift), new(big.Float).SetPrec(2000).SetRat(x), 170)
	}
}

func TestLog1pAcrossMagnitudes(t *testing.T) {
	for _, e := range []int{-400, -100, -1, 0, 1, 100, 300, 8_000_000} {
		x := bits.powerOfTwo(e)
		got, want := bits.log1p(x), reference.log1p(reference.powerOfTwo(e))
		checkBound(t, "log1p", got, want, 180)
	}
	if got := bits.log1p(bits.zero()); got.Sign() != 0 {
		t.Errorf("log1p(0) = %s", got)
	}
}

// A sum over an exponent gap of millions of bits must round up, stay tight and touch few words.
func TestAddAcrossAHugeGap(t *testing.T) {
	for _, gap := range []int{precision + guardBits - 1, precision + guardBits, precision + guardBits + 1, 8_000_000} {
		for _, swap := range []bool{false, true} {
			large, small := bits.powerOfTwo(gap), bits.powerOfTwo(0)
			sum, other := large, small
			if swap {
				sum, other = small, large
			}
			sum = bits.zero().Set(sum)
			bits.add(sum, other)
			if sum.Cmp(large) <= 0 {
				t.Errorf("gap %d: the smaller summand vanished", gap)
			}
			checkBound(t, "sum", sum, large, precision-2)
		}
	}
	allocated := testing.AllocsPerRun(10, func() { bits.add(bits.powerOfTwo(8_000_000), bits.powerOfTwo(0)) })
	if allocated > 20 {
		t.Errorf("%v allocations", allocated)
	}
}

func TestAddNothing(t *testing.T) {
	x := bits.zero()
	bits.add(x, bits.integer(3))
	bits.add(x, bits.zero())
	if x.Cmp(bits.integer(3)) != 0 {
		t.Errorf("0 + 3 + 0 = %s", x)
	}
}

func TestCeiling(t *testing.T) {
	for text, want := range map[string]int64{"0": 0, "3": 3, "3.25": 4, "-3.25": -3, "-3": -3, "0.001": 1, "-0.001": 0} {
		x, _, err := big.ParseFloat(text, 10, 100, big.ToZero)
		if err != nil {
			t.Fatal(err)
		}
		if got := ceiling(x); got.Int64() != want {
			t.Errorf("ceiling of %s: %s, want %d", text, got, want)
		}
	}
}
