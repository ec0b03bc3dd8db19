package privacy

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"testing"
)

var severalCharges = []Mechanism{
	{"4", "1/4", 6}, {"1.1", "1/32", 10}, {"4", "1/4", 6}, {"10", "1/4", 1}, {"4", "1/8", 6}, {"4", "1/4", 7}, {"2", "1/1", 3},
}

func TestHistogramMergesAndSorts(t *testing.T) {
	account, err := Compose(severalCharges)
	if err != nil {
		t.Fatal(err)
	}
	want := Histogram{{"1.1", "1/32", 10}, {"10", "1/4", 1}, {"2", "1/1", 3}, {"4", "1/4", 19}, {"4", "1/8", 6}}
	if !slices.Equal(account.Histogram, want) {
		t.Errorf("%v, want %v", account.Histogram, want)
	}
}

func TestComposeDoesNotDependOnOrder(t *testing.T) {
	backwards := slices.Clone(severalCharges)
	slices.Reverse(backwards)
	one, err := Compose(severalCharges)
	if err != nil {
		t.Fatal(err)
	}
	other, err := Compose(backwards)
	if err != nil {
		t.Fatal(err)
	}
	if !one.Spent.Equal(other.Spent) || !slices.Equal(one.Histogram, other.Histogram) || one.Charges != other.Charges {
		t.Error("the order of the charges changes the account")
	}
}

func TestAccountsAreValues(t *testing.T) {
	first, err := Compose(severalCharges[:1])
	if err != nil {
		t.Fatal(err)
	}
	before := first.Spent.At(2).String()
	if _, err := first.Add(severalCharges[2]); err != nil {
		t.Fatal(err)
	}
	if first.Spent.At(2).String() != before || first.Histogram[0].Steps != 6 || first.Charges != 1 {
		t.Error("adding a charge changed the account it was added to")
	}
}

func TestAccountCheck(t *testing.T) {
	account, err := Compose(severalCharges)
	if err != nil {
		t.Fatal(err)
	}
	if err := account.Check(); err != nil {
		t.Fatal(err)
	}
	spoil := func(change func(*Account)) error {
		spoiled := Account{Histogram: slices.Clone(account.Histogram), Charges: account.Charges}
		spoiled.Spent.nano = slices.Clone(account.Spent.nano)
		change(&spoiled)
		return spoiled.Check()
	}
	checkRefusal(t, spoil(func(a *Account) { a.Charges = 4 }), "fewer than the 5 mechanisms")
	checkRefusal(t, spoil(func(a *Account) { a.Histogram[3].Steps++ }), "cannot sum to")
	checkRefusal(t, spoil(func(a *Account) { a.Histogram[3].Steps-- }), "cannot sum to")
	checkRefusal(t, spoil(func(a *Account) { a.Spent.nano[74] = big.NewInt(1) }), "cannot sum to")
	checkRefusal(t, spoil(func(a *Account) { a.Histogram[0], a.Histogram[1] = a.Histogram[1], a.Histogram[0] }), "is not after")
	checkRefusal(t, spoil(func(a *Account) { a.Histogram[1] = a.Histogram[0] }), "is not after")
	checkRefusal(t, spoil(func(a *Account) { a.Histogram[0].NoiseMultiplier = "1.10" }), "has to be written")
}

func TestHistogramIsBounded(t *testing.T) {
	var h Histogram
	var err error
	for i := range MaxHistogramEntries {
		if h, err = h.Add(Mechanism{fmt.Sprint(i + 1), "1/4", 1}); err != nil {
			t.Fatal(err)
		}
	}
	_, err = h.Add(Mechanism{"0.5", "1/4", 1})
	checkRefusal(t, err, "already holds 1024")
	if h, err = h.Add(Mechanism{"7", "1/4", MaxTotalSteps - 1}); err != nil {
		t.Fatal(err)
	}
	if _, err = h.Add(Mechanism{"7", "1/4", 1}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("%v, want ErrTooLarge", err)
	}
	if err := h.Validate(); err != nil {
		t.Error(err)
	}
	checkRefusal(t, append(h, Mechanism{"999", "1/9", 1}).Validate(), "1025 entries")
}

func TestHistogramJSON(t *testing.T) {
	for want, h := range map[string]Histogram{
		`[]`: nil,
		`[{"noise_multiplier":"4","sample_rate":"1/4","steps":6}]`: {{"4", "1/4", 6}},
	} {
		got, err := json.Marshal(h)
		if err != nil || string(got) != want {
			t.Errorf("%s, %v; want %s", got, err, want)
		}
	}
}

func TestMalformedChargeLeavesNoAccount(t *testing.T) {
	_, err := Compose([]Mechanism{{"4", "1/4", 6}, {"4", "2/8", 6}})
	checkRefusal(t, err, `has to be written "1/4"`)
}
