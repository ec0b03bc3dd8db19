package privacy

import "math/big"

// An Account is what a data set has spent. The vector is the sum of the charges as each was rounded up
// when it was made; an auditor gets exactly it by [Compose] of the individual charges. The histogram
// alone gives it within one nano-unit per charge; see [Account.Check].
type Account struct {
	Spent     Vector
	Histogram Histogram
	Charges   uint64 // how many were added
}

// Add returns the account with one more charge.
func (a Account) Add(m Mechanism) (Account, error) {
	cost, err := Charge(m)
	if err != nil {
		return Account{}, err
	}
	spent, err := a.Spent.Add(cost)
	if err != nil {
		return Account{}, err
	}
	histogram, err := a.Histogram.Add(m)
	if err != nil {
		return Account{}, err
	}
	return Account{Spent: spent, Histogram: histogram, Charges: a.Charges + 1}, nil
}

// Compose returns the account that the charges make, in any order.
func Compose(charges []Mechanism) (Account, error) {
	var account Account
	for _, m := range charges {
		var err error
		if account, err = account.Add(m); err != nil {
			return Account{}, err
		}
	}
	return account, nil
}

// Check returns nil when the vector can be the sum of as many charges as the account has, of the
// mechanisms in its histogram: ceil(x+y) <= ceil(x)+ceil(y) <= ceil(x+y)+1, so at every order the vector is
// at least the histogram's and exceeds it by at most charges minus entries.
func (a Account) Check() error {
	if err := a.Histogram.Validate(); err != nil {
		return err
	}
	entries := uint64(len(a.Histogram))
	if a.Charges < entries {
		return refuse("charges", "are %d, fewer than the %d mechanisms in the histogram", a.Charges, entries)
	}
	least, err := a.Histogram.Vector()
	if err != nil {
		return err
	}
	slack := new(big.Int).SetUint64(a.Charges - entries)
	for i, order := range orders {
		excess := new(big.Int).Sub(a.Spent.at(i), least.at(i))
		if excess.Sign() < 0 || excess.Cmp(slack) > 0 {
			return refuse("rdp_nano", "at order %d is %s, which %d charges of the histogram cannot sum to", order, a.Spent.at(i), a.Charges)
		}
	}
	return nil
}
