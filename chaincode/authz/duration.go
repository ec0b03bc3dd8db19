package authz

import (
	"math/big"
	"regexp"
)

// durationText is Cedar's duration: an optional sign, and amounts in falling units, at least one.
var durationText = regexp.MustCompile(`^-?(?:([0-9]{1,20})d)?(?:([0-9]{1,20})h)?(?:([0-9]{1,20})m)?(?:([0-9]{1,20})s)?(?:([0-9]{1,20})ms)?$`)

var milliseconds = []int64{86_400_000, 3_600_000, 60_000, 1000, 1}

// isDuration tells whether a literal is a duration whose milliseconds are smaller in size than 2^63: with the
// smallest int64 the engines decide differently.
func isDuration(value string) bool {
	parts := durationText.FindStringSubmatch(value)
	if parts == nil || value == "" || value == "-" {
		return false
	}
	total := new(big.Int)
	for i, unit := range milliseconds {
		if parts[i+1] == "" {
			continue
		}
		amount, _ := new(big.Int).SetString(parts[i+1], 10)
		total.Add(total, amount.Mul(amount, big.NewInt(unit)))
	}
	return total.BitLen() <= 63
}
