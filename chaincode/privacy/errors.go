package privacy

import (
	"errors"
	"fmt"
)

// A ParameterError says which parameter is refused and why.
type ParameterError struct {
	Parameter string // its name in documents, such as "noise_multiplier"
	Reason    string
}

func (e *ParameterError) Error() string { return e.Parameter + " " + e.Reason }

// ErrTooLarge is returned when a sum would leave the range that accounts can hold.
var ErrTooLarge = errors.New("the privacy account would exceed the range that it can hold")

func refuse(parameter, format string, args ...any) error {
	return &ParameterError{Parameter: parameter, Reason: fmt.Sprintf(format, args...)}
}

// quote shows text from outside, of which only the beginning may be wanted.
func quote(text string) string {
	const most = 40
	if len(text) > most {
		return fmt.Sprintf("%q…", text[:most])
	}
	return fmt.Sprintf("%q", text)
}
