package privacy

import (
	"encoding/json"
	"math/big"
	"os"
	"strconv"
	"testing"
)

type knownAnswer struct {
	Charges     []Mechanism       `json:"charges"`
	Delta       string            `json:"delta"`
	Order       uint              `json:"order"`
	Epsilon     string            `json:"epsilon"`
	EpsilonNano string            `json:"epsilon_nano"`
	RDPNano     map[string]string `json:"rdp_nano"`
}

func knownAnswers(t *testing.T) []knownAnswer {
	t.Helper()
	data, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Rows []knownAnswer `json:"rows"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Rows) != 200 {
		t.Fatalf("%d rows instead of 200", len(file.Rows))
	}
	return file.Rows
}

func TestKnownAnswers(t *testing.T) {
	for i, row := range knownAnswers(t) {
		account, err := Compose(row.Charges)
		if err != nil {
			t.Fatalf("row %d: %v", i, err)
		}
		checkAmounts(t, i, row.RDPNano, account.Spent)
		nano, order, err := Epsilon(account.Spent, row.Delta)
		if err != nil {
			t.Fatalf("row %d: %v", i, err)
		}
		if nano.String() != row.EpsilonNano || order != row.Order {
			t.Errorf("row %d: ε = %s nano at order %d, want %s at %d", i, nano, order, row.EpsilonNano, row.Order)
		}
	}
}

func checkAmounts(t *testing.T, row int, want map[string]string, got Vector) {
	t.Helper()
	for name, amount := range want {
		order, err := strconv.ParseUint(name, 10, 32)
		if err != nil {
			t.Fatal(err)
		}
		if value := got.At(uint(order)); value == nil || value.String() != amount {
			t.Errorf("row %d: order %s: %v, want %s", row, name, value, amount)
		}
	}
}

// The unrounded ε, known to 80 digits, must never be above ours, and ours must not exceed it by more than
// one nano-unit for the conversion and one for each charge.
func TestRoundingIsUpwardAndTight(t *testing.T) {
	for i, row := range knownAnswers(t) {
		account, err := Compose(row.Charges)
		if err != nil {
			t.Fatal(err)
		}
		nano, _, err := Epsilon(account.Spent, row.Delta)
		if err != nil {
			t.Fatal(err)
		}
		exact, ok := new(big.Rat).SetString(row.Epsilon)
		if !ok {
			t.Fatalf("row %d: malformed ε %q", i, row.Epsilon)
		}
		excess := new(big.Rat).SetInt(nano)
		excess.Sub(excess, exact.Mul(exact, big.NewRat(Unit, 1)))
		if excess.Sign() < 0 || excess.Cmp(big.NewRat(int64(len(row.Charges))+1, 1)) > 0 {
			t.Errorf("row %d: ε exceeds the exact value by %s nano", i, excess.FloatString(6))
		}
	}
}
