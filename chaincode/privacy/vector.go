package privacy

import (
	"encoding/json"
	"fmt"
	"math/big"
	"regexp"
	"strconv"
)

// maxNano bounds every entry of a vector: 10^30, far above any charge and any sum of charges that occurs.
var maxNano = new(big.Int).Exp(big.NewInt(10), big.NewInt(30), nil)

var nanoText = regexp.MustCompile(`^(0|[1-9][0-9]{0,30})$`)

// A Vector is an amount of RDP in nano-units at every order. The zero value is nothing spent. Vectors are
// values: no method changes one.
//
// As JSON it is an object from each order to a decimal string, since amounts can exceed 2^53.
type Vector struct{ nano []*big.Int }

// At returns the amount at an order, or nil when charges are not computed at that order.
func (v Vector) At(order uint) *big.Int {
	for i, a := range orders {
		if a == order {
			return new(big.Int).Set(v.at(i))
		}
	}
	return nil
}

// IsZero tells whether nothing is spent.
func (v Vector) IsZero() bool {
	for i := range orders {
		if v.at(i).Sign() != 0 {
			return false
		}
	}
	return true
}

// Equal tells whether both hold the same amounts.
func (v Vector) Equal(w Vector) bool {
	for i := range orders {
		if v.at(i).Cmp(w.at(i)) != 0 {
			return false
		}
	}
	return true
}

// Add returns the sum, or [ErrTooLarge].
func (v Vector) Add(w Vector) (Vector, error) {
	sum := make([]*big.Int, len(orders))
	for i := range orders {
		sum[i] = new(big.Int).Add(v.at(i), w.at(i))
		if sum[i].Cmp(maxNano) > 0 {
			return Vector{}, ErrTooLarge
		}
	}
	return Vector{nano: sum}, nil
}

var zero = new(big.Int)

// at returns the amount at the i-th order, which the caller must not change.
func (v Vector) at(i int) *big.Int {
	if v.nano == nil {
		return zero
	}
	return v.nano[i]
}

// MarshalJSON writes all orders; their names are sorted as text, as RFC 8785 wants.
func (v Vector) MarshalJSON() ([]byte, error) {
	object := make(map[string]string, len(orders))
	for i, a := range orders {
		object[orderName(a)] = v.at(i).String()
	}
	return json.Marshal(object)
}

// UnmarshalJSON reads what MarshalJSON writes and refuses anything else: a missing or unknown order, a
// number that is not a string, a sign, a leading zero, or an amount above 10^30. Duplicate names are for
// the parser of the whole document to refuse.
func (v *Vector) UnmarshalJSON(data []byte) error {
	var object map[string]string
	if err := json.Unmarshal(data, &object); err != nil {
		return fmt.Errorf("rdp_nano is not an object of decimal strings: %w", err)
	}
	if len(object) != len(orders) {
		return refuse("rdp_nano", "has %d orders instead of %d", len(object), len(orders))
	}
	nano := make([]*big.Int, len(orders))
	for i, a := range orders {
		amount, err := parseNano(orderName(a), object[orderName(a)])
		if err != nil {
			return err
		}
		nano[i] = amount
	}
	v.nano = nano
	return nil
}

func parseNano(order, text string) (*big.Int, error) {
	if !nanoText.MatchString(text) {
		return nil, refuse("rdp_nano", "at order %s: %s is not a decimal integer", order, quote(text))
	}
	amount, ok := new(big.Int).SetString(text, 10)
	if !ok || amount.Cmp(maxNano) > 0 {
		return nil, refuse("rdp_nano", "at order %s: %s is too large", order, quote(text))
	}
	return amount, nil
}

func orderName(a uint) string { return strconv.FormatUint(uint64(a), 10) }
