package authz

import "fmt"

// A Reason says why the guard refuses a policy text. The Python twin refuses with the same ones.
type Reason string

// The reasons.
const (
	TooLarge            Reason = "too-large"
	NotUTF8             Reason = "not-utf8"
	ControlCharacter    Reason = "control-character"
	NonASCII            Reason = "non-ascii"
	BlockComment        Reason = "block-comment"
	NewlineInText       Reason = "newline-in-text"
	UnfinishedText      Reason = "unfinished-text"
	Template            Reason = "template"
	UnexpectedCharacter Reason = "unexpected-character"
	TooManyPolicies     Reason = "too-many-policies"
	TooManyTokens       Reason = "too-many-tokens"
	TooDeep             Reason = "too-deep"
	Unbalanced          Reason = "unbalanced"
	UnfinishedPolicy    Reason = "unfinished-policy"
	DotChain            Reason = "dot-chain"
	UnaryChain          Reason = "unary-chain"
	ForbiddenName       Reason = "forbidden-name"
	DecimalSign         Reason = "decimal-sign"
	DurationRange       Reason = "duration-range"
	ActionType          Reason = "action-type"
	MissingID           Reason = "missing-id"
	BadID               Reason = "bad-id"
	DuplicateID         Reason = "duplicate-id"
)

// A Refusal is what Check returns.
type Refusal struct{ Reason Reason }

func (r *Refusal) Error() string { return fmt.Sprintf("the policy text is refused: %s", r.Reason) }

func refusal(reason Reason) error { return &Refusal{reason} }
