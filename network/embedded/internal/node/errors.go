package node

import (
	"errors"
	"fmt"
)

// Exit codes of the program.
const (
	ExitDone        = 0
	ExitUsage       = 2
	ExitUnavailable = 3
	ExitDefect      = 70
)

// Error is a failure to start or to go on, with what the program exits with.
type Error struct {
	Exit  int
	What  string
	Cause error
	Hint  string
}

func (e *Error) Error() string { return fmt.Sprintf("%s: %v", e.What, e.Cause) }
func (e *Error) Unwrap() error { return e.Cause }

func usage(what string, cause error) error {
	return &Error{Exit: ExitUsage, What: what, Cause: cause, Hint: "correct the configuration"}
}

func unavailable(what string, cause error, hint string) error {
	return &Error{Exit: ExitUnavailable, What: what, Cause: cause, Hint: hint}
}

// ExitCode is what the program exits with after an error.
func ExitCode(err error) int {
	if err == nil {
		return ExitDone
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Exit
	}
	return ExitDefect
}
