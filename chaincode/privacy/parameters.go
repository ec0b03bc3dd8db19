package privacy

import (
	"fmt"
	"math/big"
	"regexp"
	"strconv"
	"strings"
)

// Bounds of the parameters. A smaller noise multiplier gives no useful privacy and numbers with millions
// of bits; a larger one drowns any update.
const (
	MaxSteps      = 1_000_000_000 // of one charge
	MaxTotalSteps = 1<<53 - 1     // of one histogram entry; JSON numbers are exact up to here
)

var (
	decimalText  = regexp.MustCompile(`^(0|[1-9][0-9]{0,5})(\.[0-9]{1,6})?$`)
	fractionText = regexp.MustCompile(`^([1-9][0-9]{0,8})/([1-9][0-9]{0,8})$`)
	deltaText    = regexp.MustCompile(`^([1-9])(?:\.([0-9]{1,6}))?e-([1-9][0-9]?)$`)

	minNoiseMultiplier = big.NewRat(3, 10)
	maxNoiseMultiplier = big.NewRat(100_000, 1)
)

// ParseDecimal reads a decimal of at most six digits before and after the point, in its canonical text:
// no leading zero, no trailing zero after the point, no sign, no exponent.
func ParseDecimal(name, text string) (*big.Rat, error) {
	if !decimalText.MatchString(text) {
		return nil, refuse(name, "%s is not a decimal such as \"4\" or \"1.1\" with at most six digits before and after the point", quote(text))
	}
	if plain := trimDecimal(text); plain != text {
		return nil, notCanonical(name, text, plain)
	}
	value, ok := new(big.Rat).SetString(text)
	if !ok {
		return nil, refuse(name, "%s is not a decimal", quote(text))
	}
	return value, nil
}

// ParseEpsilon reads a positive ε, such as a data set's cap, and returns it in nano-units, exactly.
func ParseEpsilon(name, text string) (*big.Int, error) {
	value, err := ParseDecimal(name, text)
	if err != nil {
		return nil, err
	}
	if value.Sign() == 0 {
		return nil, refuse(name, "must be greater than zero")
	}
	value.Mul(value, big.NewRat(Unit, 1))
	return new(big.Int).Set(value.Num()), nil // at most six decimals, so the denominator is one
}

// parseNoiseMultiplier reads σ.
func parseNoiseMultiplier(text string) (*big.Rat, error) {
	value, err := ParseDecimal("noise_multiplier", text)
	if err != nil {
		return nil, err
	}
	if value.Cmp(minNoiseMultiplier) < 0 || value.Cmp(maxNoiseMultiplier) > 0 {
		return nil, refuse("noise_multiplier", "%s is outside 0.3 to 100000", quote(text))
	}
	return value, nil
}

// parseSampleRate reads q = a/b in lowest terms, 0 < q <= 1.
func parseSampleRate(text string) (a, b uint64, err error) {
	match := fractionText.FindStringSubmatch(text)
	if match == nil {
		return 0, 0, refuse("sample_rate", "%s is not a fraction such as \"1/32\" with at most nine digits each", quote(text))
	}
	for i, target := range []*uint64{&a, &b} {
		if *target, err = strconv.ParseUint(match[i+1], 10, 64); err != nil {
			return 0, 0, refuse("sample_rate", "%s is not a fraction: %v", quote(text), err)
		}
	}
	if a > b {
		return 0, 0, refuse("sample_rate", "%s is greater than one", quote(text))
	}
	if g := greatestCommonDivisor(a, b); g > 1 {
		return 0, 0, notCanonical("sample_rate", text, fmt.Sprintf("%d/%d", a/g, b/g))
	}
	return a, b, nil
}

// parseDelta reads δ, 0 < δ < 1, in its canonical text: one digit that is not zero, at most six decimals
// of which the last is not zero, and a negative exponent, as in "1e-5" or "2.5e-6".
func parseDelta(text string) (*big.Rat, error) {
	match := deltaText.FindStringSubmatch(text)
	if match == nil {
		return nil, refuse("delta", "%s is not of the form \"1e-5\" or \"2.5e-6\", with at most six decimals and an exponent from -1 to -99", quote(text))
	}
	if digits := strings.TrimRight(match[2], "0"); digits != match[2] {
		mantissa := strings.TrimSuffix(match[1]+"."+digits, ".")
		return nil, notCanonical("delta", text, mantissa+"e-"+match[3])
	}
	value, ok := new(big.Rat).SetString(text)
	if !ok {
		return nil, refuse("delta", "%s is not a number", quote(text))
	}
	return value, nil
}

// CheckDelta returns nil when text is a δ in its canonical text.
func CheckDelta(text string) error {
	_, err := parseDelta(text)
	return err
}

func notCanonical(name, text, canonical string) error {
	return refuse(name, "%s has to be written %q: each value has one text only", quote(text), canonical)
}

func trimDecimal(text string) string {
	if !strings.Contains(text, ".") {
		return text
	}
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}

func greatestCommonDivisor(a, b uint64) uint64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
