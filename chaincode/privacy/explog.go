package privacy

import "math/big"

// ln2 is the integer part of log(2)·2^384.
var ln2 = mustInteger("b17217f7d1cf79abc9e3b39803f2f6af40f343267298b62d8a0d175b8baafa2be7b876206debac98559552fb4afa1b10")

const ln2Bits = 384

func mustInteger(hexadecimal string) *big.Int {
	n, ok := new(big.Int).SetString(hexadecimal, 16)
	if !ok {
		panic("privacy: malformed constant")
	}
	return n
}

// exp returns an upper bound of exp(x), for a rational x >= 0.
//
// x is halved until it is below 2^-8, the Taylor series is summed, and the result squared as often. All
// terms are positive; what is left out is less than the last term, which is added twice for that.
func (u upward) exp(x *big.Rat) *big.Float {
	y := u.ratio(x.Num(), x.Denom())
	halvings := max(exponentOf(y)+8, 0)
	y.SetMantExp(y, -halvings)
	sum, term := u.integer(1), u.integer(1)
	for i := uint64(1); term.Sign() != 0 && exponentOf(term) >= -int(u.prec)-2; i++ {
		term.Mul(term, y)
		term.Quo(term, u.integer(i))
		u.add(sum, term)
	}
	u.add(sum, term)
	for range halvings {
		sum.Mul(sum, sum)
	}
	return sum
}

// log returns an upper bound of log(n/d · 2^exponent), for n, d > 0.
//
// The argument is written m·2^e with 1 <= m < 2, and log m = 2·atanh((m-1)/(m+1)).
func (u upward) log(n, d *big.Int, exponent int) *big.Float {
	n, d, shift := normalise(n, d)
	z := u.ratio(new(big.Int).Sub(n, d), new(big.Int).Add(n, d))
	result := u.twiceAtanh(z)
	if e := exponent + shift; e != 0 {
		result.Add(result, u.timesLog2(e))
	}
	return result
}

// log1p returns an upper bound of log(1+x), for x >= 0.
func (u upward) log1p(x *big.Float) *big.Float {
	if x.Sign() == 0 {
		return u.zero()
	}
	one := big.NewInt(1)
	n, e := mantissaOf(x)
	if e >= 0 { // 1 + n·2^e <= (n+1)·2^e
		return u.log(n.Add(n, one), one, e)
	}
	d := new(big.Int).Lsh(one, uint(-e))
	return u.log(n.Add(n, d), d, 0)
}

// twiceAtanh returns an upper bound of 2·atanh(z), for 0 <= z <= 1/3, by the power series; what is left out
// is less than an eighth of the last term, which is added twice for that.
func (u upward) twiceAtanh(z *big.Float) *big.Float {
	if z.Sign() == 0 {
		return u.zero()
	}
	square := u.zero().Mul(z, z)
	limit := exponentOf(z) - int(u.prec) - 2
	power, sum, term := u.zero().Set(z), u.zero().Set(z), u.zero().Set(z)
	for i := uint64(3); exponentOf(term) >= limit; i += 2 {
		power.Mul(power, square)
		term.Quo(power, u.integer(i))
		u.add(sum, term)
	}
	u.add(sum, term)
	return sum.SetMantExp(sum, 1)
}

// timesLog2 returns an upper bound of e·log(2).
func (u upward) timesLog2(e int) *big.Float {
	constant := new(big.Int).Set(ln2)
	if e > 0 {
		constant.Add(constant, big.NewInt(1))
	}
	return u.scaled(constant.Mul(constant, big.NewInt(int64(e))), -ln2Bits)
}

// normalise shifts n or d so that 1 <= n/d < 2, and returns by how many bits n/d was too large.
func normalise(n, d *big.Int) (*big.Int, *big.Int, int) {
	shift := n.BitLen() - d.BitLen()
	n, d = new(big.Int).Lsh(n, uint(max(-shift, 0))), new(big.Int).Lsh(d, uint(max(shift, 0)))
	if n.Cmp(d) < 0 {
		n.Lsh(n, 1)
		shift--
	}
	return n, d, shift
}
