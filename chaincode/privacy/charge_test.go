package privacy

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"sync"
	"testing"
)

func mustCharge(t testing.TB, m Mechanism) Vector {
	t.Helper()
	v, err := Charge(m)
	if err != nil {
		t.Fatalf("%+v: %v", m, err)
	}
	return v
}

// The corners of the allowed range, and some of what is usual.
func sampleMechanisms() []Mechanism {
	var list []Mechanism
	for _, sigma := range []string{"0.3", "0.5", "1.1", "3.3", "50", "1000", "100000"} {
		for _, rate := range []string{"1/999999999", "1/1000", "7/300", "1/4", "9/10", "999999998/999999999", "1/1"} {
			for _, steps := range []uint64{1, 48, MaxSteps} {
				list = append(list, Mechanism{sigma, rate, steps})
			}
		}
	}
	return list
}

func chargeAt(t *testing.T, c *accountant, m Mechanism) []*big.Int {
	t.Helper()
	p, err := m.parse(MaxSteps)
	if err != nil {
		t.Fatal(err)
	}
	if !p.sampled() {
		return plainCharge(p.inverseVariance, m.Steps)
	}
	return c.sampledCharge(c.logMoments(p), m.Steps)
}

func TestEveryPrecisionGivesTheSameIntegers(t *testing.T) {
	others := []*accountant{{upward: upward{160}}, {upward: upward{224}}, {upward: upward{256}}}
	for _, m := range sampleMechanisms() {
		want := mustCharge(t, m)
		for _, other := range others {
			if got := (Vector{nano: chargeAt(t, other, m)}); !got.Equal(want) {
				t.Errorf("%+v: %d bits give another charge than %d", m, other.prec, precision)
			}
		}
	}
}

func TestEveryPrecisionGivesTheSameOffsets(t *testing.T) {
	for _, text := range []string{"1e-5", "3.3e-6", "1e-99", "9.999999e-1", "2.5e-1", "8.192e-2", "1.000001e-10"} {
		delta, err := parseDelta(text)
		if err != nil {
			t.Fatal(err)
		}
		want := standard.offsets(delta)
		for _, bits := range []uint{160, 224, 256} {
			other := &accountant{upward: upward{bits}}
			for i, got := range other.offsets(delta) {
				if got.Cmp(want[i]) != 0 {
					t.Errorf("δ = %s, order %d: %s with %d bits, %s with %d", text, orders[i], got, bits, want[i], precision)
				}
			}
		}
	}
}

func TestPlainGaussianIsExact(t *testing.T) {
	v := mustCharge(t, Mechanism{"0.5", "1/1", 3})
	for _, a := range Orders() { // steps · a / (2σ²) = 6a
		if want := new(big.Int).Mul(big.NewInt(6*Unit), new(big.Int).SetUint64(uint64(a))); v.At(a).Cmp(want) != 0 {
			t.Errorf("order %d: %s, want %s", a, v.At(a), want)
		}
	}
	v = mustCharge(t, Mechanism{"3", "1/1", 1}) // a/18
	if got := v.At(2).String(); got != "111111112" {
		t.Errorf("order 2: %s, want 111111112", got)
	}
}

// At order 2, A = 1 + q²(e^{1/σ²}-1) by hand.
func TestOrderTwoByItsClosedForm(t *testing.T) {
	u := upward{256}
	for _, m := range sampleMechanisms() {
		p, err := m.parse(MaxSteps)
		if err != nil {
			t.Fatal(err)
		}
		if !p.sampled() {
			continue
		}
		a, b := new(big.Int).SetUint64(p.a), new(big.Int).SetUint64(p.b)
		x := u.lessOne(u.exp(p.inverseVariance))
		x.Mul(x, u.ratio(a.Mul(a, a), b.Mul(b, b)))
		x = u.log1p(x)
		x.Mul(x, exact(new(big.Int).Mul(big.NewInt(Unit), new(big.Int).SetUint64(m.Steps))))
		if got := mustCharge(t, m).At(2); got.Cmp(ceiling(x)) != 0 {
			t.Errorf("%+v: %s, want %s", m, got, ceiling(x))
		}
	}
}

func TestChargeGrowsWithStepsRateAndOrderAndFallsWithNoise(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 60 {
		b := 2 + random.Uint64N(5000)
		m := Mechanism{fmt.Sprintf("%d.%d", 1+random.IntN(8), 1+random.IntN(9)), fmt.Sprintf("1/%d", b), 1 + random.Uint64N(100_000)}
		base := mustCharge(t, m)
		atLeast(t, "more steps", mustCharge(t, Mechanism{m.NoiseMultiplier, m.SampleRate, m.Steps + 1}), base)
		atLeast(t, "a higher rate", mustCharge(t, Mechanism{m.NoiseMultiplier, fmt.Sprintf("1/%d", b-1), m.Steps}), base)
		atLeast(t, "less noise", base, mustCharge(t, Mechanism{m.NoiseMultiplier + "1", m.SampleRate, m.Steps}))
		for i := 1; i < len(orders); i++ {
			if base.at(i).Cmp(base.at(i-1)) < 0 {
				t.Errorf("%+v: order %d costs less than order %d", m, orders[i], orders[i-1])
			}
		}
	}
}

func atLeast(t *testing.T, what string, more, less Vector) {
	t.Helper()
	for i, a := range orders {
		if more.at(i).Cmp(less.at(i)) < 0 {
			t.Errorf("%s: order %d: %s < %s", what, a, more.at(i), less.at(i))
		}
	}
}

func TestSplitChargesCostAtLeastAsMuchAndLittleMore(t *testing.T) {
	whole := mustCharge(t, Mechanism{"1.1", "1/32", 320})
	var parts Vector
	for range 320 {
		var err error
		if parts, err = parts.Add(mustCharge(t, Mechanism{"1.1", "1/32", 1})); err != nil {
			t.Fatal(err)
		}
	}
	atLeast(t, "320 charges", parts, whole)
	for i, a := range orders {
		if excess := new(big.Int).Sub(parts.at(i), whole.at(i)); excess.Cmp(big.NewInt(319)) > 0 {
			t.Errorf("order %d: 320 charges cost %s more than one", a, excess)
		}
	}
}

func TestConcurrentChargesAgree(t *testing.T) {
	mechanisms := sampleMechanisms()
	want := make([]Vector, len(mechanisms))
	for i, m := range mechanisms {
		want[i] = mustCharge(t, m)
	}
	var group sync.WaitGroup
	for worker := range 4 {
		group.Go(func() {
			for i := range mechanisms {
				i = (i*5 + worker) % len(mechanisms)
				got, err := Charge(mechanisms[i])
				if err != nil || !got.Equal(want[i]) {
					t.Errorf("%+v: another charge, or %v", mechanisms[i], err)
				}
			}
		})
	}
	group.Wait()
}

func FuzzChargeNeverPanics(f *testing.F) {
	f.Add("1.1", "1/32", uint64(320), "1e-5")
	f.Add("0.3", "1/999999999", uint64(MaxSteps), "9.999999e-1")
	f.Fuzz(func(t *testing.T, sigma, rate string, steps uint64, delta string) {
		v, err := Charge(Mechanism{sigma, rate, steps})
		if err != nil {
			return
		}
		if v.IsZero() {
			t.Error("a charge of nothing")
		}
		if nano, _, err := Epsilon(v, delta); err == nil && nano.Sign() < 0 {
			t.Errorf("ε = %s", nano)
		}
	})
}

func benchmarkCharge(b *testing.B, m Mechanism) {
	p, err := m.parse(MaxSteps)
	if err != nil {
		b.Fatal(err)
	}
	standard.binomials.row(standard.upward, 2)
	b.ReportAllocs()
	for b.Loop() {
		standard.sampledCharge(standard.logMoments(p), m.Steps)
	}
}

func BenchmarkCharge(b *testing.B)           { benchmarkCharge(b, Mechanism{"1.1", "1/32", 320}) }
func BenchmarkChargeLeastNoise(b *testing.B) { benchmarkCharge(b, Mechanism{"0.3", "1/4", 1}) }
func BenchmarkChargeTinyRate(b *testing.B)   { benchmarkCharge(b, Mechanism{"0.3", "1/999999999", 1}) }
func BenchmarkChargeHighRate(b *testing.B) {
	benchmarkCharge(b, Mechanism{"0.3", "999999998/999999999", 1})
}
func BenchmarkChargeMostNoise(b *testing.B) {
	benchmarkCharge(b, Mechanism{"100000", "1/999999999", 1})
}
func BenchmarkChargeLongestText(b *testing.B) {
	benchmarkCharge(b, Mechanism{"0.300001", "499999999/999999999", MaxSteps})
}

func BenchmarkChargeRemembered(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Charge(Mechanism{"1.1", "1/32", 320}); err != nil {
			b.Fatal(err)
		}
	}
}
