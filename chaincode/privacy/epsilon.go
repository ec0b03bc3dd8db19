package privacy

import "math/big"

// Epsilon returns the smallest ε in nano-units, rounded up, for which the spent vector implies
// (ε, δ)-differential privacy at one of the orders, and the lowest order that gives it.
//
// Nothing spent is ε = 0 at no order (0).
func Epsilon(spent Vector, delta string) (nano *big.Int, order uint, err error) {
	value, err := parseDelta(delta)
	if err != nil {
		return nil, 0, err
	}
	if spent.IsZero() {
		return new(big.Int), 0, nil
	}
	offsets := offsetsMemo.get(delta, func() []*big.Int { return standard.offsets(value) })
	nano, order = smallest(spent, offsets)
	return nano, order, nil
}

// smallest returns the minimum over the orders of spent plus offset, at least zero. Since amounts are
// integers, ceil(spent + x) is spent + ceil(x): the offsets are all there is to round.
func smallest(spent Vector, offsets []*big.Int) (*big.Int, uint) {
	best, order := new(big.Int), uint(0)
	for i, a := range orders {
		candidate := new(big.Int).Add(spent.at(i), offsets[i])
		if order == 0 || candidate.Cmp(best) < 0 {
			best, order = candidate, a
		}
	}
	if best.Sign() < 0 {
		best.SetInt64(0)
	}
	return best, order
}

// offsets returns what has to be added to the RDP at every order a to have ε at δ, in nano-units and
// rounded up (Canonne, Kamath and Steinke 2020, proposition 12):
//
//	log((a-1)/a) - (log δ + log a)/(a-1)  =  log( (a-1)^(a-1) / (a^a δ) ) / (a-1)
//
// The right side has one logarithm, of an exact fraction, and so nothing that could cancel.
func (c *accountant) offsets(delta *big.Rat) []*big.Int {
	nano := make([]*big.Int, len(orders))
	unit := c.integer(Unit)
	for i, order := range orders {
		a, less := new(big.Int).SetUint64(uint64(order)), new(big.Int).SetUint64(uint64(order)-1)
		n := new(big.Int).Exp(less, less, nil)
		d := new(big.Int).Exp(a, a, nil)
		x := c.log(n.Mul(n, delta.Denom()), d.Mul(d, delta.Num()), 0)
		x.Mul(x, unit)
		nano[i] = ceiling(x.Quo(x, c.integer(uint64(order)-1)))
	}
	return nano
}

// Fits tells whether the account can bear the charge: whether ε at the account's own δ stays within the
// cap. It returns ε after the charge either way, so that a refusal can say what it would have been.
func Fits(account, charge Vector, capNano *big.Int, delta string) (ok bool, afterNano *big.Int, err error) {
	after, err := account.Add(charge)
	if err != nil {
		return false, nil, err
	}
	afterNano, _, err = Epsilon(after, delta)
	if err != nil {
		return false, nil, err
	}
	return afterNano.Cmp(capNano) <= 0, afterNano, nil
}
