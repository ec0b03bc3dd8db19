package privacy

import "slices"

// Unit is the number of nano-units in one unit of RDP or of ε.
const Unit = 1_000_000_000

const largestOrder = 1024

// orders are ascending; the JSON form of a vector, the accounts on the ledger and the Python twin depend
// on them, so a change needs a new version of the account record.
var orders = func() []uint {
	var list []uint
	for a := uint(2); a <= 64; a++ {
		list = append(list, a)
	}
	return append(list, 72, 80, 96, 112, 128, 160, 192, 256, 384, 512, 768, largestOrder)
}()

// Orders returns the Rényi orders at which charges are computed, ascending.
func Orders() []uint { return slices.Clone(orders) }
