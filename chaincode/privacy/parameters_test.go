package privacy

import (
	"errors"
	"strings"
	"testing"
)

func TestMechanismParameters(t *testing.T) {
	const fine = ""
	cases := []struct {
		name  string
		m     Mechanism
		wants string
	}{
		{"plain", Mechanism{"4", "1/4", 6}, fine},
		{"six decimals", Mechanism{"0.300001", "999999999/999999999", 1}, `has to be written "1/1"`},
		{"least noise", Mechanism{"0.3", "1/1", 1}, fine},
		{"most noise", Mechanism{"100000", "1/999999999", MaxSteps}, fine},
		{"too little noise", Mechanism{"0.299999", "1/4", 6}, "outside 0.3 to 100000"},
		{"no noise", Mechanism{"0", "1/4", 6}, "outside 0.3 to 100000"},
		{"too much noise", Mechanism{"100000.000001", "1/4", 6}, "outside 0.3 to 100000"},
		{"trailing zero", Mechanism{"4.0", "1/4", 6}, `has to be written "4"`},
		{"trailing zeros", Mechanism{"1.100000", "1/4", 6}, `has to be written "1.1"`},
		{"leading zero", Mechanism{"04", "1/4", 6}, "is not a decimal"},
		{"exponent", Mechanism{"4e0", "1/4", 6}, "is not a decimal"},
		{"sign", Mechanism{"+4", "1/4", 6}, "is not a decimal"},
		{"new line", Mechanism{"4\n", "1/4", 6}, "is not a decimal"},
		{"seven digits", Mechanism{"1000000", "1/4", 6}, "is not a decimal"},
		{"seven decimals", Mechanism{"1.1234567", "1/4", 6}, "is not a decimal"},
		{"empty", Mechanism{"", "1/4", 6}, "is not a decimal"},
		{"other digits", Mechanism{"٤", "1/4", 6}, "is not a decimal"},
		{"very long", Mechanism{strings.Repeat("9", 1<<16), "1/4", 6}, `"9999999999999999999999999999999999999999"… is not a decimal`},
		{"rate above one", Mechanism{"4", "5/4", 6}, "greater than one"},
		{"rate not in lowest terms", Mechanism{"4", "2/8", 6}, `has to be written "1/4"`},
		{"rate of zero", Mechanism{"4", "0/4", 6}, "is not a fraction"},
		{"rate over zero", Mechanism{"4", "1/0", 6}, "is not a fraction"},
		{"rate as decimal", Mechanism{"4", "0.25", 6}, "is not a fraction"},
		{"rate with ten digits", Mechanism{"4", "1/1000000000", 6}, "is not a fraction"},
		{"no steps", Mechanism{"4", "1/4", 0}, "outside 1 to 1000000000"},
		{"too many steps", Mechanism{"4", "1/4", MaxSteps + 1}, "outside 1 to 1000000000"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { checkRefusal(t, c.m.Validate(), c.wants) })
	}
}

func TestDelta(t *testing.T) {
	cases := map[string]string{
		"1e-5":          "",
		"2.5e-6":        "",
		"9.999999e-1":   "",
		"1.000001e-99":  "",
		"1.0e-5":        `has to be written "1e-5"`,
		"2.50e-6":       `has to be written "2.5e-6"`,
		"0.00001":       "is not of the form",
		"1E-5":          "is not of the form",
		"1e-05":         "is not of the form",
		"1e5":           "is not of the form",
		"1e-0":          "is not of the form",
		"1e-100":        "is not of the form",
		"10e-5":         "is not of the form",
		"0e-5":          "is not of the form",
		"1.0000001e-5":  "is not of the form",
		"0":             "is not of the form",
		"1":             "is not of the form",
		"":              "is not of the form",
		"1e-5 ":         "is not of the form",
		"0x1p-3":        "is not of the form",
		"1e-5\x00":      "is not of the form",
		"NaN":           "is not of the form",
		"1/100000":      "is not of the form",
		"1_0e-5":        "is not of the form",
		"1.e-5":         "is not of the form",
		"-1e-5":         "is not of the form",
		"1e--5":         "is not of the form",
		"1.5000000e-55": "is not of the form",
	}
	for text, wants := range cases {
		t.Run(text, func(t *testing.T) { checkRefusal(t, CheckDelta(text), wants) })
	}
}

func TestParseEpsilon(t *testing.T) {
	for text, want := range map[string]string{"2": "2000000000", "0.000001": "1000", "8.25": "8250000000", "999999.999999": "999999999999000"} {
		nano, err := ParseEpsilon("epsilon", text)
		if err != nil || nano.String() != want {
			t.Errorf("%s: %v, %v, want %s", text, nano, err, want)
		}
	}
	for text, wants := range map[string]string{"0": "greater than zero", "2.0": `has to be written "2"`, "-1": "is not a decimal", "": "is not a decimal"} {
		_, err := ParseEpsilon("epsilon", text)
		checkRefusal(t, err, wants)
	}
}

// checkRefusal wants no error when part is empty, and else a ParameterError that contains it.
func checkRefusal(t *testing.T, err error, part string) {
	t.Helper()
	if part == "" {
		if err != nil {
			t.Errorf("refused: %v", err)
		}
		return
	}
	var refusal *ParameterError
	if !errors.As(err, &refusal) {
		t.Fatalf("error %v is no ParameterError", err)
	}
	if !strings.Contains(err.Error(), part) {
		t.Errorf("error %q does not contain %q", err, part)
	}
	if len(err.Error()) > 250 {
		t.Errorf("error of %d bytes repeats what it was given", len(err.Error()))
	}
}
