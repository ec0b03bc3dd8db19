package authz

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// Bounds of the profile.
const (
	MaxText     = 64 * 1024 // bytes
	maxPolicies = 200
	maxTokens   = 500 // of one policy
	maxNesting  = 16
	maxDots     = 16 // in a row
	maxUnary    = 4  // in a row
)

var idText = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,63}$`)

// Check returns nil when a policy text is within the profile that both engines decide alike, and otherwise a
// Refusal. It bounds what the engines are given; whether the text is Cedar is for them to say.
//
// The text is cut into tokens first, then looked at policy by policy; within each, the reasons are sought in the
// order in which the functions below are called, so that the Python twin gives the same reason.
func Check(source string) error {
	if len(source) > MaxText {
		return refusal(TooLarge)
	}
	if !utf8.ValidString(source) {
		return refusal(NotUTF8)
	}
	tokens, err := tokenize(source)
	if err != nil {
		return err
	}
	policies, err := split(tokens)
	if err != nil {
		return err
	}
	if len(policies) > maxPolicies {
		return refusal(TooManyPolicies)
	}
	ids := map[string]bool{}
	for _, policy := range policies {
		if err := checkPolicy(policy, ids); err != nil {
			return err
		}
	}
	return nil
}

// split cuts tokens into policies, each ending with its semicolon.
func split(tokens []token) (policies [][]token, err error) {
	start := 0
	for i, t := range tokens {
		if t.is(";") {
			policies = append(policies, tokens[start:i+1])
			start = i + 1
		}
	}
	if start < len(tokens) {
		return nil, refusal(UnfinishedPolicy)
	}
	return policies, nil
}

func checkPolicy(policy []token, ids map[string]bool) error {
	if len(policy) > maxTokens {
		return refusal(TooManyTokens)
	}
	for _, check := range []func([]token) error{checkNesting, checkDots, checkUnary, checkNames, checkValues, checkAction} {
		if err := check(policy); err != nil {
			return err
		}
	}
	return checkID(policy, ids)
}

// closers are the closing brackets by their opening ones.
var closers = map[string]string{"(": ")", "[": "]", "{": "}"}

func checkNesting(policy []token) error {
	var open []string
	for _, t := range policy {
		if t.kind != symbol {
			continue
		}
		if closer := closers[t.value]; closer != "" {
			open = append(open, closer)
		} else if strings.Contains(")]}", t.value) {
			if len(open) == 0 || open[len(open)-1] != t.value {
				return refusal(Unbalanced)
			}
			open = open[:len(open)-1]
		}
		if len(open) > maxNesting {
			return refusal(TooDeep)
		}
	}
	if len(open) > 0 {
		return refusal(Unbalanced)
	}
	return nil
}

// checkDots bounds chains such as a.b.c: dots with nothing but words between them.
func checkDots(policy []token) error {
	dots := 0
	for _, t := range policy {
		switch {
		case t.is("."):
			dots++
		case t.kind != word:
			dots = 0
		}
		if dots > maxDots {
			return refusal(DotChain)
		}
	}
	return nil
}

// checkUnary bounds runs such as !!!!true, and refuses runs of both operators, which one engine does not read.
func checkUnary(policy []token) error {
	run := 0
	for i, t := range policy {
		if !t.is("!") && !t.is("-") {
			run = 0
			continue
		}
		mixed := run > 0 && t.value != policy[i-1].value
		if run++; run > maxUnary || mixed {
			return refusal(UnaryChain)
		}
	}
	return nil
}

// checkNames refuses functions that the engines compute differently, wherever the words stand.
func checkNames(policy []token) error {
	for _, t := range policy {
		if t.kind == word && (t.value == "toDate" || t.value == "toTime" || t.value == "unknown") {
			return refusal(ForbiddenName)
		}
	}
	return nil
}

// checkValues refuses literals that the engines read differently.
func checkValues(policy []token) error {
	for i := 2; i < len(policy); i++ {
		if policy[i].kind != text || !policy[i-1].is("(") {
			continue
		}
		value := policy[i].value
		if policy[i-2].is("decimal") && (strings.HasPrefix(value, "+") || strings.Contains(value, `\`)) {
			return refusal(DecimalSign)
		}
		if policy[i-2].is("duration") && !isDuration(value) {
			return refusal(DurationRange)
		}
	}
	return nil
}

// checkAction refuses a scope that names something as an action that is not of type Action.
func checkAction(policy []token) error {
	var s position
	for i, t := range policy {
		if t.is("{") {
			return nil // the scope is over
		}
		s.step(t)
		if t.kind == text && s.ofAction && !isAction(policy, i) {
			return refusal(ActionType)
		}
	}
	return nil
}

// A position is where one is in a policy's head.
type position struct {
	depth    int
	ofAction bool
}

func (s *position) step(t token) {
	switch {
	case t.is("(") || t.is("["):
		s.depth++
	case t.is(")") || t.is("]"):
		s.depth--
	case t.is("action") && s.depth == 1:
		s.ofAction = true
	case t.is(",") && s.depth == 1:
		s.ofAction = false
	}
}

// isAction tells whether the text at i is the id of an entity of type Action, in no namespace.
func isAction(policy []token, i int) bool {
	return i >= 3 && policy[i-1].is("::") && policy[i-2].is("Action") && !policy[i-3].is("::")
}

// checkID wants exactly one annotation @id("…") before the policy's effect, with an id that no other policy has.
func checkID(policy []token, ids map[string]bool) error {
	found := 0
	for i := 0; i+4 < len(policy) && !policy[i].is("permit") && !policy[i].is("forbid"); i++ {
		if !policy[i].is("@") || !policy[i+1].is("id") {
			continue
		}
		id, valid := annotated(policy[i+2], policy[i+3])
		if found++; !valid || found > 1 {
			return refusal(BadID)
		}
		if ids[id] {
			return refusal(DuplicateID)
		}
		ids[id] = true
	}
	if found == 0 {
		return refusal(MissingID)
	}
	return nil
}

// annotated returns the id in the two tokens after @id.
func annotated(bracket, value token) (id string, valid bool) {
	return value.value, bracket.is("(") && value.kind == text && idText.MatchString(value.value)
}
