package privacy

import "math/big"

// guardBits is how far below the last bit of a sum a summand has to lie before its value is replaced by
// a bound. Aligning the mantissas of two numbers that are millions of bits apart would take tens of
// milliseconds and megabytes: a way to stall a peer.
const guardBits = 8

// upward is arithmetic on numbers of prec bits in which every operation rounds towards plus infinity.
// The Python twin does the same operations in the same order on integers, so all mantissas are equal.
type upward struct{ prec uint }

func (u upward) zero() *big.Float {
	return new(big.Float).SetPrec(u.prec).SetMode(big.ToPositiveInf)
}

func (u upward) integer(n uint64) *big.Float { return u.zero().SetUint64(n) }

// scaled returns the smallest number that is at least n times 2^exponent.
func (u upward) scaled(n *big.Int, exponent int) *big.Float {
	x := u.zero().SetInt(n)
	return x.SetMantExp(x, exponent)
}

// ratio returns the smallest number that is at least n/d, for d > 0.
func (u upward) ratio(n, d *big.Int) *big.Float { return u.zero().Quo(exact(n), exact(d)) }

// add sets x to x + y, both not negative.
func (u upward) add(x, y *big.Float) {
	if x.Sign() == 0 || y.Sign() == 0 {
		x.Add(x, y)
		return
	}
	gap := exponentOf(x) - exponentOf(y)
	limit := int(u.prec) + guardBits
	switch {
	case gap > limit:
		x.Add(x, u.powerOfTwo(exponentOf(x)-limit)) // more than y
	case -gap > limit:
		x.Add(y, u.powerOfTwo(exponentOf(y)-limit)) // more than x
	default:
		x.Add(x, y)
	}
}

// lessOne returns a bound of x - 1 from above, for x >= 1.
func (u upward) lessOne(x *big.Float) *big.Float {
	if exponentOf(x) > int(u.prec)+guardBits {
		return x
	}
	return u.zero().Sub(x, u.integer(1))
}

func (u upward) powerOfTwo(exponent int) *big.Float {
	return u.zero().SetMantExp(u.integer(1), exponent)
}

// exact returns n without rounding.
func exact(n *big.Int) *big.Float {
	return new(big.Float).SetPrec(max(uint(n.BitLen()), 1)).SetInt(n)
}

// exponentOf returns e with 2^(e-1) <= |x| < 2^e.
func exponentOf(x *big.Float) int { return x.MantExp(nil) }

// mantissaOf returns n and e with x = n·2^e, where n has at most as many bits as the precision.
func mantissaOf(x *big.Float) (n *big.Int, e int) {
	fraction := new(big.Float)
	bits := int(x.Prec())
	e = x.MantExp(fraction) - bits
	n, _ = fraction.SetMantExp(fraction, bits).Int(nil)
	return n, e
}

// ceiling returns the smallest integer that is at least x.
func ceiling(x *big.Float) *big.Int {
	n, accuracy := x.Int(nil)
	if accuracy == big.Below {
		n.Add(n, big.NewInt(1))
	}
	return n
}
