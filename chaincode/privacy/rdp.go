package privacy

import "math/big"

// precision is the number of bits that the ledger computes with. 160 to 256 give the same integers.
const precision = 192

// An accountant computes charges and conversions at one precision.
type accountant struct {
	upward
	binomials binomials
}

// logMoments returns upper bounds of log A(a) of one step for every order, for q < 1.
//
// A(a) - 1 is summed instead of A(a): the terms for k = 0 and 1 vanish and
// Σ_{k>=2} C(a,k) (1-q)^(a-k) q^k (E_k - 1), with E_k = exp((k²-k)/(2σ²)), has positive terms only.
func (c *accountant) logMoments(p parameters) []*big.Float {
	weights := c.weights(p)
	rest := new(big.Int).SetUint64(p.b - p.a)
	keep := c.ratio(rest, new(big.Int).SetUint64(p.b)) // 1-q
	power, reached := c.integer(1), uint(0)
	term := c.zero()
	moments := make([]*big.Float, len(orders))
	for i, a := range orders {
		for ; reached < a; reached++ {
			power.Mul(power, keep)
		}
		row := c.binomials.row(c.upward, a)
		sum := c.zero()
		for k := uint(2); k <= a; k++ {
			term.Mul(row[min(k, a-k)], weights[k])
			c.add(sum, term)
		}
		moments[i] = c.log1p(sum.Mul(sum, power))
	}
	return moments
}

// weights returns upper bounds of (q/(1-q))^k (E_k - 1) for 2 <= k <= the largest order.
func (c *accountant) weights(p parameters) []*big.Float {
	odds := c.ratio(new(big.Int).SetUint64(p.a), new(big.Int).SetUint64(p.b-p.a))
	base := c.exp(p.inverseVariance)
	oddsPower, basePower, product := c.zero().Set(odds), c.integer(1), c.integer(1)
	weights := make([]*big.Float, largestOrder+1)
	for k := 2; k <= largestOrder; k++ {
		oddsPower.Mul(oddsPower, odds)
		basePower.Mul(basePower, base)  // exp(1/σ²)^(k-1)
		product.Mul(product, basePower) // E_k = Π_{j<k} exp(1/σ²)^j
		weights[k] = c.zero().Mul(c.lessOne(product), oddsPower)
	}
	return weights
}

// sampledCharge returns ceil(steps · log A(a)/(a-1)) in nano-units for every order.
func (c *accountant) sampledCharge(moments []*big.Float, steps uint64) []*big.Int {
	factor := new(big.Int).SetUint64(steps)
	nanoSteps := exact(factor.Mul(factor, big.NewInt(Unit)))
	nano := make([]*big.Int, len(orders))
	for i, a := range orders {
		x := c.zero().Mul(moments[i], nanoSteps)
		nano[i] = ceiling(x.Quo(x, c.integer(uint64(a)-1)))
	}
	return nano
}

// plainCharge returns ceil(steps · a/(2σ²)) in nano-units for every order: the Gaussian without
// sampling. It is computed exactly, since rounding an integer upwards would add one to it.
func plainCharge(inverseVariance *big.Rat, steps uint64) []*big.Int {
	common := new(big.Int).SetUint64(steps)
	common.Mul(common, big.NewInt(Unit/2)).Mul(common, inverseVariance.Num())
	nano := make([]*big.Int, len(orders))
	for i, a := range orders {
		n := new(big.Int).Mul(common, new(big.Int).SetUint64(uint64(a)))
		nano[i] = ceilingQuotient(n, inverseVariance.Denom())
	}
	return nano
}

// ceilingQuotient returns the smallest integer that is at least n/d, for n >= 0 and d > 0.
func ceilingQuotient(n, d *big.Int) *big.Int {
	quotient, remainder := new(big.Int).QuoRem(n, d, new(big.Int))
	if remainder.Sign() > 0 {
		quotient.Add(quotient, big.NewInt(1))
	}
	return quotient
}
