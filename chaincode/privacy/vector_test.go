package privacy

import (
	"encoding/json"
	"errors"
	"math/big"
	"strings"
	"testing"
)

func TestOrders(t *testing.T) {
	list := Orders()
	if len(list) != 75 || list[0] != 2 || list[62] != 64 || list[63] != 72 || list[74] != 1024 {
		t.Errorf("orders are %v", list)
	}
	list[0] = 99
	if Orders()[0] != 2 {
		t.Error("a caller can change the orders")
	}
}

func TestVectorJSONRoundTrip(t *testing.T) {
	for _, v := range []Vector{{}, mustCharge(t, Mechanism{"0.3", "1/1", MaxSteps}), mustCharge(t, Mechanism{"4", "1/4", 6})} {
		data, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		var back Vector
		if err := json.Unmarshal(data, &back); err != nil {
			t.Fatal(err)
		}
		if !back.Equal(v) {
			t.Errorf("%s reads back as another vector", data)
		}
	}
}

func TestVectorJSONIsCanonical(t *testing.T) {
	data, err := json.Marshal(mustCharge(t, Mechanism{"0.5", "1/1", 1}))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(data), `{"10":"20000000000","1024":"2048000000000","11":"22000000000",`) {
		t.Errorf("not the canonical form: %s", data)
	}
}

func TestVectorJSONRefuses(t *testing.T) {
	valid, err := json.Marshal(mustCharge(t, Mechanism{"0.5", "1/1", 1}))
	if err != nil {
		t.Fatal(err)
	}
	cases := map[string]string{
		"a number":       strings.Replace(string(valid), `"20000000000"`, `20000000000`, 1),
		"a missing one":  strings.Replace(string(valid), `"10":"20000000000",`, ``, 1),
		"another order":  strings.Replace(string(valid), `"10":`, `"65":`, 1),
		"one more order": strings.Replace(string(valid), `"10":`, `"65":"1","10":`, 1),
		"leading zero":   strings.Replace(string(valid), `"20000000000"`, `"020000000000"`, 1),
		"a sign":         strings.Replace(string(valid), `"20000000000"`, `"-1"`, 1),
		"no digits":      strings.Replace(string(valid), `"20000000000"`, `""`, 1),
		"null":           strings.Replace(string(valid), `"20000000000"`, `null`, 1),
		"above 10^30":    strings.Replace(string(valid), `"20000000000"`, `"1000000000000000000000000000001"`, 1),
		"very long":      strings.Replace(string(valid), `"20000000000"`, `"`+strings.Repeat("1", 1<<16)+`"`, 1),
		"an array":       `[]`,
	}
	for name, text := range cases {
		var v Vector
		if err := json.Unmarshal([]byte(text), &v); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}

func TestVectorAddIsBounded(t *testing.T) {
	v := mustCharge(t, Mechanism{"0.3", "1/1", MaxSteps})
	var err error
	for err == nil {
		v, err = v.Add(v)
	}
	if !errors.Is(err, ErrTooLarge) {
		t.Errorf("%v, want ErrTooLarge", err)
	}
}

func TestVectorsAreValues(t *testing.T) {
	v := mustCharge(t, Mechanism{"4", "1/4", 6})
	before := v.At(2).String()
	v.At(2).SetInt64(0)
	if _, err := v.Add(v); err != nil {
		t.Fatal(err)
	}
	if after := v.At(2).String(); after != before {
		t.Errorf("changed from %s to %s", before, after)
	}
	if v.At(65) != nil || v.At(1) != nil {
		t.Error("an amount at an order that is not accounted")
	}
	if again := mustCharge(t, Mechanism{"4", "1/4", 6}); again.At(2).String() != before {
		t.Error("a caller changed what is remembered")
	}
}

func TestZeroVector(t *testing.T) {
	var v Vector
	if !v.IsZero() || !v.Equal(Vector{}) || v.At(2).Cmp(new(big.Int)) != 0 {
		t.Error("the zero value is not nothing spent")
	}
	charge := mustCharge(t, Mechanism{"4", "1/4", 6})
	sum, err := v.Add(charge)
	if err != nil || !sum.Equal(charge) || sum.IsZero() {
		t.Errorf("0 + x = %v, %v", sum, err)
	}
}
