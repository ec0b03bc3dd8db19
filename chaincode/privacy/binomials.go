package privacy

import (
	"math/big"
	"sync"
)

// binomials holds upper bounds of C(a,k) for every order a and k <= a/2.
type binomials struct {
	once sync.Once
	rows [largestOrder + 1][]*big.Float
}

// row returns the bounds of C(a,k) for k <= a/2.
func (b *binomials) row(u upward, a uint) []*big.Float {
	b.once.Do(func() { b.fill(u) })
	return b.rows[a]
}

func (b *binomials) fill(u upward) {
	var factor big.Int
	for _, a := range orders {
		row := make([]*big.Float, a/2+1)
		c := big.NewInt(1)
		for k := range row {
			if k > 0 {
				c.Mul(c, factor.SetUint64(uint64(a)-uint64(k)+1))
				c.Quo(c, factor.SetUint64(uint64(k)))
			}
			row[k] = u.zero().SetInt(c)
		}
		b.rows[a] = row
	}
}
