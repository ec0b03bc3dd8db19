package ledger

import (
	"errors"
	"fmt"
)

// A Code is the stable part of an error, which programs act on.
type Code string

// The codes. Defect is ours alone: it says that the chaincode is wrong, not the caller.
const (
	NotFound           Code = "NOT_FOUND"
	AlreadyExists      Code = "ALREADY_EXISTS"
	Conflict           Code = "CONFLICT"
	InvalidArgument    Code = "INVALID_ARGUMENT"
	InvalidState       Code = "INVALID_STATE"
	Denied             Code = "DENIED"
	Expired            Code = "EXPIRED"
	UnsupportedVersion Code = "UNSUPPORTED_VERSION"
	Defect             Code = "DEFECT"
)

// Codes lists every code.
func Codes() []Code {
	return []Code{
		NotFound, AlreadyExists, Conflict, InvalidArgument, InvalidState, Denied, Expired, UnsupportedVersion, Defect,
	}
}

// An Error is a refusal: a code, and a sentence for people. The transaction then changes nothing.
type Error struct {
	Code    Code
	Message string
}

func (e *Error) Error() string { return string(e.Code) + ": " + e.Message }

// Refuse returns an Error.
func Refuse(code Code, format string, args ...any) error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// CodeOf returns an error's code; what has none is a defect.
func CodeOf(err error) Code {
	if refusal, ok := errors.AsType[*Error](err); ok {
		return refusal.Code
	}
	return Defect
}
