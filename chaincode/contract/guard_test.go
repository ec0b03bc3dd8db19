package contract_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"

	"quorate.dev/chaincode/contract"
	"quorate.dev/chaincode/ledgertest"
)

// answer calls with raw arguments and returns the error's text, or "OK".
func answer(c *ledgertest.Client, args ...string) string {
	raw := make([][]byte, len(args))
	for i, arg := range args {
		raw[i] = []byte(arg)
	}
	if _, err := c.SimulateArgs(raw...); err != nil {
		return err.Error()
	}
	return "OK"
}

func TestTheFormOfACallIsChecked(t *testing.T) {
	w := founded(t)
	c := w.as(alder, "operator")
	const get = `{"schema":"quorate.study.get/1","study":"one"}`
	terms := func(change func(m)) string {
		doc := withSchema("study:Propose", m{"study": "one", "terms": terms()})
		change(doc)
		return asText(t, doc)
	}
	for _, test := range []struct {
		name string
		args []string
		says string
	}{
		{"no arguments", nil, "INVALID_ARGUMENT: a call has a function and one document, not 0"},
		{"no document", []string{"study:Get"}, "INVALID_ARGUMENT: a call has a function and one document, not 1"},
		{"an extra argument", []string{"study:Get", get, "{}"}, "INVALID_ARGUMENT: a call has a function and one document, not 3"},
		{"lower case", []string{"study:get", get}, `INVALID_ARGUMENT: there is no function "study:get"`},
		{"no contract", []string{"Get", get}, `INVALID_ARGUMENT: there is no function "Get"`},
		{"unknown contract", []string{"reward:Get", get}, `INVALID_ARGUMENT: there is no function "reward:Get"`},
		{"contract-api's own", []string{"org.hyperledger.fabric:GetMetadata", "{}"}, "INVALID_ARGUMENT: there is no function"},
		{"a method of the base", []string{"study:GetName", "{}"}, "INVALID_ARGUMENT: there is no function"},
		{"an endless function name", []string{strings.Repeat("x", 100_000), get}, "INVALID_ARGUMENT: there is no function"},
		{"an oversized document", []string{"study:Get", `{"schema":"quorate.study.get/1","study":"` + strings.Repeat("x", 65536) + `"}`}, "more than the 65536 allowed"},
		{"not JSON", []string{"study:Get", `{"schema":`}, "INVALID_ARGUMENT: study:Get: the document is not JSON"},
		{"empty", []string{"study:Get", ""}, "INVALID_ARGUMENT: study:Get: the document is not JSON"},
		{"a list", []string{"study:Get", "[]"}, `INVALID_ARGUMENT: the document's schema is "" instead of`},
		{"two documents", []string{"study:Get", get + get}, "something follows the document"},
		{"not UTF-8", []string{"study:Get", "{\"schema\":\"\xff\"}"}, "not UTF-8"},
		{"a lone surrogate", []string{"study:Get", `{"schema":"quorate.study.get/1","study":"\ud800"}`}, "not Unicode"},
		{"a name twice", []string{"study:Get", `{"schema":"quorate.study.get/1","study":"one","study":"two"}`}, `the name "study" appears twice`},
		{"a nested name twice", []string{"study:Get", `{"schema":"quorate.study.get/1","study":{"a":1,"a":2}}`}, `the name "a" appears twice`},
		{"too deep", []string{"study:Get", strings.Repeat("[", 33) + strings.Repeat("]", 33)}, "nested deeper than 32"},
		{"an unknown field", []string{"study:Get", `{"schema":"quorate.study.get/1","study":"one","more":1}`}, `document has the unknown field "more"`},
		{"a field in another case", []string{"study:Get", `{"schema":"quorate.study.get/1","Study":"one"}`}, "document.study is missing"},
		{"a field missing", []string{"study:Get", `{"schema":"quorate.study.get/1"}`}, "document.study is missing"},
		{"null", []string{"study:Get", `{"schema":"quorate.study.get/1","study":null}`}, "null is not allowed"},
		{"another type", []string{"study:Get", `{"schema":"quorate.study.get/1","study":1}`}, "document.study: a text was expected, not an integer"},
		{"an id that is none", []string{"study:Get", `{"schema":"quorate.study.get/1","study":"One"}`}, `document.study: "One" is not of the form`},
		{"no schema", []string{"study:Get", `{"study":"one"}`}, `INVALID_ARGUMENT: the document's schema is "" instead of quorate.study.get/1`},
		{"another schema", []string{"study:Get", `{"schema":"quorate.round.get/1","study":"one"}`}, "INVALID_ARGUMENT: the document's schema is"},
		{"a newer schema", []string{"study:Get", `{"schema":"quorate.study.get/2","study":"one"}`}, "UNSUPPORTED_VERSION: the document is quorate.study.get/2"},
		{"a number with a fraction", []string{"round:Get", `{"schema":"quorate.round.get/1","study":"one","round":1.0}`}, "1.0 is not an integer"},
		{"a number with an exponent", []string{"round:Get", `{"schema":"quorate.round.get/1","study":"one","round":1e0}`}, "1e0 is not an integer"},
		{"a number too large", []string{"round:Get", `{"schema":"quorate.round.get/1","study":"one","round":9007199254740992}`}, "is not an integer within"},
		{"a number out of range", []string{"round:Get", `{"schema":"quorate.round.get/1","study":"one","round":0}`}, "document.round: 0 is outside 1 to 10000"},
		{"an unknown field in the terms", []string{"study:Propose", terms(func(d m) { d["terms"].(m)["extra"] = 1 })}, `document.terms has the unknown field "extra"`},
		{"aggregation parameters", []string{"study:Propose", terms(func(d m) { d["terms"].(m)["aggregation"] = m{"rule": "weighted-mean", "parameters": m{"trim": 1}} })}, `document.terms.aggregation.parameters has the unknown field "trim"`},
		{"newer terms", []string{"study:Propose", terms(func(d m) { d["terms"].(m)["schema"] = "quorate.terms/2" })}, "UNSUPPORTED_VERSION: the document is quorate.terms/2"},
		{"an empty list", []string{"study:Propose", terms(func(d m) { d["terms"].(m)["participants"] = []m{} })}, "document.terms.participants: 0 entries is outside 1 to 64"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := answer(c, test.args...); !strings.Contains(got, test.says) || len(got) > 600 {
				t.Errorf("got %.700q, want %q", got, test.says)
			}
		})
	}
}

func TestResultsAreCanonical(t *testing.T) {
	w := founded(t)
	data, err := w.as(alder, "officer").Evaluate("consortium:Get", withSchema("consortium:Get", nil))
	if err != nil {
		t.Fatal(err)
	}
	var value any
	if err := json.Unmarshal(data, &value); err != nil {
		t.Fatal(err)
	}
	sorted, err := json.Marshal(value) // Go sorts names, and these documents have no other freedom
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(sorted, data) {
		t.Errorf("the result is not canonical: %s", data)
	}
}

func TestInitDoesNothing(t *testing.T) {
	chaincode, err := contract.New()
	if err != nil {
		t.Fatal(err)
	}
	if response := chaincode.Init(nil); response.GetStatus() != shim.OK {
		t.Errorf("got %v", response)
	}
}

// A stub that breaks is met with an error that has a code, and with a full line in the log.
func TestAPanicIsLoggedAndAnswered(t *testing.T) {
	var log bytes.Buffer
	chaincode, err := contract.New(contract.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	if err != nil {
		t.Fatal(err)
	}
	response := chaincode.Invoke(brokenStub{})
	if !strings.HasPrefix(response.GetMessage(), "DEFECT: ") || response.GetStatus() == shim.OK {
		t.Errorf("got %v", response)
	}
	if text := log.String(); !strings.Contains(text, "the stub is broken") || !strings.Contains(text, "tx=t1") || !strings.Contains(text, "guard.go") {
		t.Errorf("the log says %q", text)
	}
}

func TestAnotherChaincodeMayReadAndNotWrite(t *testing.T) {
	w := founded(t)
	client := w.as(alder, "steward")
	document, err := json.Marshal(withSchema("dataset:Register", dataset("rows")))
	if err != nil {
		t.Fatal(err)
	}
	write := [][]byte{[]byte("dataset:Register"), document}
	read := [][]byte{[]byte("audit:Info"), []byte(`{"schema":"quorate.audit.info/1"}`)}
	for name, test := range map[string]struct {
		signed, args [][]byte
		refused      string
	}{
		"a write": {write, write, ""}, "a read": {read, read, ""}, "a read for another": {write, read, ""},
		"a write for another":         {[][]byte{[]byte("Forward"), write[0], write[1]}, write, "DENIED: another chaincode makes this call"},
		"the same function otherwise": {[][]byte{write[0], []byte("{}")}, write, "DENIED: another chaincode makes this call"},
		"a write for nobody":          {nil, write, "DENIED: another chaincode makes this call"},
	} {
		_, err := client.SimulateSigned(test.signed, test.args...)
		if (err == nil) != (test.refused == "") || (err != nil && !strings.HasPrefix(err.Error(), test.refused)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

type brokenStub struct{ shim.ChaincodeStubInterface }

func (brokenStub) GetTxID() string   { return "t1" }
func (brokenStub) GetArgs() [][]byte { panic("the stub is broken") }

func TestTheClockBoundsClaimedTimes(t *testing.T) {
	w := founded(t)
	for _, test := range []struct {
		off     time.Duration
		allowed bool
	}{
		{0, true}, {skew * time.Millisecond, true}, {-skew * time.Millisecond, true},
		{(skew + 1) * time.Millisecond, false}, {-(skew + 1) * time.Millisecond, false}, {time.Hour, false}, {-time.Hour, false},
	} {
		got := answer(w.as(alder, "operator").Off(test.off), "audit:Info", `{"schema":"quorate.audit.info/1"}`)
		if test.allowed != (got == "OK") || (!test.allowed && !strings.HasPrefix(got, "EXPIRED: ")) {
			t.Errorf("a clock that is off by %v: %s", test.off, got)
		}
	}
}

func TestBeforeACharterTheSkewIsAMinute(t *testing.T) {
	w := newWorld(t)
	c := w.as(alder, "operator")
	if got := answer(c.Off(time.Minute), "audit:Info", `{"schema":"quorate.audit.info/1"}`); got != "OK" {
		t.Error(got)
	}
	if got := answer(c.Off(time.Minute+time.Millisecond), "audit:Info", `{"schema":"quorate.audit.info/1"}`); !strings.HasPrefix(got, "EXPIRED: ") {
		t.Error(got)
	}
}

func TestACallerNeedsARole(t *testing.T) {
	w := founded(t)
	for _, test := range []struct {
		name       string
		attributes map[string]string
		says       string
	}{
		{"no attributes", nil, "has no attribute quorate.role"},
		{"other attributes", map[string]string{"hf.Type": "client"}, "has no attribute quorate.role"},
		{"an empty role", map[string]string{"quorate.role": ""}, "has no attribute quorate.role"},
		{"an unknown role", map[string]string{"quorate.role": "admin"}, `has the role "admin"`},
		{"a role in another case", map[string]string{"quorate.role": "Operator"}, `has the role "Operator"`},
	} {
		got := answer(w.ClientWith(alder, test.attributes), "audit:Info", `{"schema":"quorate.audit.info/1"}`)
		if !strings.HasPrefix(got, "DENIED: ") || !strings.Contains(got, test.says) {
			t.Errorf("%s: %s", test.name, got)
		}
	}
	if got := answer(w.ClientWith(alder, map[string]string{"quorate.role": "agent", "hf.Type": "client"}), "audit:Info", `{"schema":"quorate.audit.info/1"}`); got != "OK" {
		t.Error(got)
	}
}

// Every function is decided by policy: each submitted one denies some role, and all deny a stranger.
func TestEveryFunctionIsDecidedByPolicy(t *testing.T) {
	w := sealed(t, plain())
	for _, msp := range members[:3] {
		w.attest(msp, 1, 1, digest("model"))
	}
	w.must(w.as(alder, "aggregator"), "round:Finalize", m{"study": "one", "round": 1})
	documents := map[string]m{
		"consortium:Found": charter(), "consortium:Confirm": {"proposer": alder, "charter_digest": digest("x")},
		"consortium:Tally": {"motion": "founding", "proposer": alder}, "consortium:Announce": {"address": "localhost:1", "tls_root": w.Root(alder)},
		"consortium:ProposeMember":  {"proposal": "p", "member": m{"msp": "ElmMSP", "fingerprint_key": digest("x")}},
		"consortium:ProposeRemoval": {"proposal": "q", "msp": birch},
		"consortium:Vote":           {"proposal": "p", "digest": digest("x"), "choice": "approve"},
		"policy:Propose":            {"proposal": "p", "title": "x", "base": digest("x"), "text": "x"},
		"policy:Vote":               {"proposal": "p", "digest": digest("x"), "choice": "approve"},
		"policy:Tally":              {"proposal": "p"}, "policy:Proposal": {"proposal": "p"},
		"audit:RecordReview":    {"review": "r", "subject": "ledger", "state": "OPEN", "findings": m{}},
		"audit:AnchorAccessLog": {"entries": 1, "head": digest("x")},
		"policy:Check":          {"function": "audit:Info", "document": m{"schema": "quorate.audit.info/1"}},
		"dataset:Register":      dataset("more"), "dataset:Revise": {"dataset": "rows", "title": "x", "purposes": []string{"x"}, "fingerprint": digest("x")},
		"dataset:Retire": {"dataset": "rows"}, "dataset:Get": {"msp": alder, "dataset": "rows"},
		"study:Propose": {"study": "two", "terms": terms()},
		"study:Vote":    {"study": "one", "version": 1, "terms_digest": digest("x"), "motion": "abort", "choice": "approve"},
		"study:Tally":   {"study": "one", "motion": "abort"}, "study:Accept": {"study": "one", "version": 1, "terms_digest": digest("x")},
		"study:Withdraw": {"study": "one", "version": 1}, "study:Start": {"study": "one"}, "study:Complete": {"study": "one"}, "study:Get": {"study": "one"},
		"study:Suspend": {"study": "one", "round": 1, "reason": "key"}, "study:Resume": {"study": "one", "number": 1},
		"privacy:Reserve": {"study": "one", "round": 1, "dataset": "plain"}, "privacy:Account": {"msp": alder, "dataset": "rows"}, "privacy:Quote": {"study": "one"},
		"round:Decline": {"study": "one", "round": 1, "dataset": "plain", "reason": "data"}, "round:Commit": w.commitDoc(alder, 1),
		"round:Attest": w.attestDoc(alder, 1, 1, digest("model")), "round:Retry": {"study": "one", "round": 1, "attempt": 1},
		"round:Receipt": {"study": "one", "round": 1, "msp": alder, "dataset": "plain"},
		"model:Get":     {"model": digest("model")}, "model:Lineage": {"model": digest("model")}, "model:Retire": {"model": digest("model"), "reason": digest("x")},
	}
	var metadata struct {
		Functions map[string]struct{ Mode string }
	}
	published, err := contract.Metadata()
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(published, &metadata); err != nil {
		t.Fatal(err)
	}
	own := map[string]bool{"dataset:Revise": true, "dataset:Retire": true} // of which a stranger has none
	for function, described := range metadata.Functions {
		doc, given := documents[function]
		if !given && strings.HasPrefix(function, "round:") {
			doc = m{"study": "one", "round": 1}
		}
		got := answer(w.as("StrangerMSP", "operator"), function, asText(t, withSchema(function, doc)))
		if !own[function] && !strings.Contains(got, "forbid-outsiders") {
			t.Errorf("%s by a stranger: %s", function, got)
		}
		denied, coded := 0, regexp.MustCompile(`^(OK$|[A-Z_]+: )`)
		for _, role := range []string{"agent", "aggregator", "steward", "operator", "officer"} {
			got := answer(w.as(alder, role), function, asText(t, withSchema(function, doc)))
			if strings.HasPrefix(got, "DENIED: ") {
				denied++
			}
			if !coded.MatchString(got) {
				t.Errorf("%s answers without a code: %s", function, got)
			}
		}
		if (described.Mode == "read") != (denied == 0) || denied == 5 {
			t.Errorf("%s (%s) is denied to %d of 5 roles", function, described.Mode, denied)
		}
	}
}

// A reading function leaves no trace even when it is ordered by mistake.
func TestReadingFunctionsWriteNothing(t *testing.T) {
	w := sealed(t, nil)
	for function, doc := range map[string]m{
		"consortium:Get": nil, "consortium:Members": nil, "policy:Get": nil, "dataset:List": nil, "study:List": nil, "audit:Info": nil,
		"policy:History": nil, "audit:Reviews": nil, "audit:Anchors": nil,
		"study:Get": {"study": "one"}, "round:Get": {"study": "one", "round": 1}, "privacy:Quote": {"study": "one"},
	} {
		tx, err := w.as(alder, "officer").Simulate(function, withSchema(function, doc))
		if err != nil {
			t.Fatal(err)
		}
		if writes := tx.RWSet.Writes(); len(writes) > 0 || tx.Event != nil {
			t.Errorf("%s wrote %v", function, writes)
		}
	}
}
