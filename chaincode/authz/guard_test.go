package authz

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files in testdata instead of comparing with them")

// golden compares a value with a file in testdata.
func golden(t *testing.T, name string, value any) {
	t.Helper()
	var data bytes.Buffer
	encoder := json.NewEncoder(&data)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	if err := encoder.Encode(value); err != nil {
		t.Fatal(err)
	}
	goldenText(t, name, data.Bytes())
}

func goldenText(t *testing.T, name string, data []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	expected, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(expected, data) {
		t.Errorf("%s is not what the test says; look at the difference, and run it with -update", path)
	}
}

// A guardCase is one text of the corpus that the Python twin is held to as well.
type guardCase struct {
	Name     string `json:"name"`
	Text     string `json:"text"`
	Accepted bool   `json:"accepted"`
	Reason   Reason `json:"reason"`
}

// when is a policy with a condition.
func when(condition string) string {
	return `@id("a") permit (principal, action, resource) when { ` + condition + ` };`
}

// scope is a policy with a scope.
func scope(action string) string { return `@id("a") permit (principal, ` + action + `, resource);` }

func policies(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "@id(\"p%d\") permit (principal, action, resource);\n", i)
	}
	return b.String()
}

// sized is a policy text of exactly so many bytes.
func sized(n int) string {
	return policies(1) + strings.Repeat(" ", n-len(policies(1)))
}

func nested(n int) string { return when(strings.Repeat("(", n) + "true" + strings.Repeat(")", n)) }

// sums is a policy of exactly so many tokens.
func sums(tokens int) string {
	const others = 17 + 3 // those of when, and of the first "1 == 1"
	return when("1 == 1" + strings.Repeat(" + 1", (tokens-others)/2))
}

var guardCases = []guardCase{
	{"empty", "", true, ""},
	{"only a comment", "// nothing is permitted\n", true, ""},
	{"comment without a line end", policies(1) + "// the end", true, ""},
	{"one policy", policies(1), true, ""},
	{"the default policies", Default, true, ""},
	{"letters outside ASCII in a comment", "// Größe, 大きさ\n" + policies(1), true, ""},
	{"letters outside ASCII in a text", when(`resource.purpose == "Größe"`), true, ""},
	{"an escaped quote in a text", when(`resource.purpose == "a\"b;c"`), true, ""},
	{"a comment sign in a text", when(`resource.purpose == "a//b/*c"`), true, ""},
	{"a question mark in a text", when(`resource.purpose == "why?"`), true, ""},
	{"a forbidden name in a text", when(`resource.purpose == "toDate"`), true, ""},

	{"as large as can be", sized(MaxText), true, ""},
	{"one byte too large", sized(MaxText + 1), false, TooLarge},
	{"as many policies as can be", policies(200), true, ""},
	{"one policy too many", policies(201), false, TooManyPolicies},
	{"as many tokens as can be", sums(500), true, ""},
	{"too many tokens", sums(502), false, TooManyTokens},
	{"as deep as can be", nested(15), true, ""},
	{"one too deep", nested(16), false, TooDeep},
	{"deep in lists", when("[" + strings.Repeat("[", 15) + strings.Repeat("]", 15) + "].isEmpty()"), false, TooDeep},
	{"as many dots as can be", when("context has a" + strings.Repeat(".a", 16)), true, ""},
	{"one dot too many", when("context has a" + strings.Repeat(".a", 17)), false, DotChain},
	{"dots that calls interrupt", when("context.a" + strings.Repeat(".b()", 17)), true, ""},
	{"as many unary operators as can be", when("!!!!true"), true, ""},
	{"one not too many", when("!!!!!true"), false, UnaryChain},
	{"one minus too many", when("1 == -----1"), false, UnaryChain},
	{"mixed unary operators", when("!-!-!true"), false, UnaryChain},
	{"minus before not", when("-!true"), false, UnaryChain},
	{"not before minus", when("!-1"), false, UnaryChain},
	{"not, and a minus in brackets", when("!(-1 == 1)"), true, ""},
	{"unequal is not unary", when("1 != -1 && 1 != -1"), true, ""},

	{"template slot", `@id("a") permit (principal == ?principal, action, resource);`, false, Template},
	{"question mark in a condition", when("a ? b"), false, Template},
	{"block comment", "/* no */" + policies(1), false, BlockComment},
	{"raw newline in a text", when("resource.purpose == \"a\nb\""), false, NewlineInText},
	{"escaped raw newline in a text", when("resource.purpose == \"a\\\nb\""), false, NewlineInText},
	{"raw tab in a text", when("resource.purpose == \"a\tb\""), false, ControlCharacter},
	{"text without an end", when(`resource.purpose == "a`), false, UnfinishedText},
	{"text that ends with an escape", `@id("a\`, false, UnfinishedText},
	{"carriage return", strings.ReplaceAll(policies(1), "\n", "\r\n"), false, ControlCharacter},
	{"carriage return in a comment", "// permits nothing\r" + policies(1), false, ControlCharacter},
	{"form feed", "\f" + policies(1), false, ControlCharacter},
	{"delete", policies(1) + "\x7f", false, ControlCharacter},
	{"byte order mark", "\ufeff" + policies(1), false, NonASCII},
	{"letter outside ASCII", when("größe"), false, NonASCII},
	{"no-break space", "\u00a0" + policies(1), false, NonASCII},
	{"percent", when("5 % 2 == 1"), false, UnexpectedCharacter},
	{"single equals", when("1 = 1"), false, UnexpectedCharacter},
	{"single ampersand", when("true & true"), false, UnexpectedCharacter},

	{"unfinished policy", strings.TrimSuffix(policies(1), ";\n"), false, UnfinishedPolicy},
	{"bracket never closed", when("(true"), false, Unbalanced},
	{"bracket never opened", when("true)"), false, Unbalanced},
	{"brackets crossed", when("([true)]"), false, Unbalanced},

	{"toDate", when("context.now.toDate() == context.now"), false, ForbiddenName},
	{"toTime", when("context.now.toTime() == context.now"), false, ForbiddenName},
	{"unknown", when(`unknown("a")`), false, ForbiddenName},
	{"a name that contains a forbidden one", when("context has toDates"), true, ""},
	{"decimal", when(`decimal("1.0") == decimal("-1.0")`), true, ""},
	{"decimal with a plus", when(`decimal("+1.0") == decimal("1.0")`), false, DecimalSign},
	{"decimal with an escaped plus", when(`decimal("\u{2b}1.0") == decimal("1.0")`), false, DecimalSign},
	{"duration", when(`duration("1d2h3m4s5ms") > duration("-1h")`), true, ""},
	{"largest duration", when(`duration("9223372036854775807ms") > duration("-9223372036854775807ms")`), true, ""},
	{"smallest duration", when(`duration("-9223372036854775808ms") < duration("0ms")`), false, DurationRange},
	{"smallest duration in parts", when(`duration("-106751991167d7h12m55s808ms") < duration("0ms")`), false, DurationRange},
	{"duration with an escape", when(`duration("\u{31}ms") < duration("0ms")`), false, DurationRange},
	{"duration without a unit", when(`duration("1") < duration("0ms")`), false, DurationRange},
	{"empty duration", when(`duration("") < duration("0ms")`), false, DurationRange},

	{"action", scope(`action == Action::"round.commit"`), true, ""},
	{"action list", scope(`action in [Action::"round.commit", Action::"round.seal"]`), true, ""},
	{"action of another type", scope(`action == Round::"round.commit"`), false, ActionType},
	{"action of a namespace", scope(`action == Other::Action::"round.commit"`), false, ActionType},
	{"action list with another type", scope(`action in [Action::"round.commit", Round::"x"]`), false, ActionType},
	{"principal of any type", `@id("a") permit (principal == Member::"x", action, resource in Study::"y");`, true, ""},
	{"other types in a condition", when(`action == Round::"x"`), true, ""},

	{"no id", `permit (principal, action, resource);`, false, MissingID},
	{"other annotations", `@note("x") @id("a") @severity("high") permit (principal, action, resource);`, true, ""},
	{"only other annotations", `@note("id") permit (principal, action, resource);`, false, MissingID},
	{"id after the effect", `permit (principal, action, resource) when { @id("a") };`, false, MissingID},
	{"id twice", policies(1) + policies(1), false, DuplicateID},
	{"two ids", `@id("a") @id("b") permit (principal, action, resource);`, false, BadID},
	{"id without a value", `@id permit (principal, action, resource);`, false, BadID},
	{"id with upper case", `@id("A") permit (principal, action, resource);`, false, BadID},
	{"id with an escape", `@id("\u{61}") permit (principal, action, resource);`, false, BadID},
	{"empty id", `@id("") permit (principal, action, resource);`, false, BadID},
	{"id of 64 characters", `@id("` + strings.Repeat("a", 64) + `") permit (principal, action, resource);`, true, ""},
	{"id of 65 characters", `@id("` + strings.Repeat("a", 65) + `") permit (principal, action, resource);`, false, BadID},
}

func TestGuard(t *testing.T) {
	for _, test := range guardCases {
		t.Run(test.Name, func(t *testing.T) {
			var got Reason
			if refused, ok := errors.AsType[*Refusal](Check(test.Text)); ok {
				got = refused.Reason
			}
			if got != test.Reason || test.Accepted != (test.Reason == "") {
				t.Errorf("got %q, want %q", got, test.Reason)
			}
		})
	}
	golden(t, "guard.json", map[string]any{"cases": guardCases})
}

func TestTextThatIsNotUTF8IsRefused(t *testing.T) {
	refused, ok := errors.AsType[*Refusal](Check("// \xff\n"))
	if !ok || refused.Reason != NotUTF8 {
		t.Errorf("got %v", refused)
	}
}

// What is accepted must be cheap for the engine, whatever it is.
func TestAcceptedTextsAreParsedOrRefusedByTheEngine(t *testing.T) {
	for _, test := range guardCases {
		if !test.Accepted {
			continue
		}
		if p, err := Parse(test.Text); err == nil && p.Digest != DigestOf(test.Text) {
			t.Errorf("%s: a policy set is not named by its text", test.Name)
		}
	}
}

func FuzzGuard(f *testing.F) {
	for _, test := range guardCases {
		f.Add(test.Text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if Check(text) == nil {
			_, _ = Parse(text) // neither crashes nor stalls
		}
	})
}
