package contract_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"quorate.dev/chaincode/authz"
	"quorate.dev/chaincode/ledgertest"
)

// m is a document.
type m = map[string]any

const (
	alder = "AlderMSP"
	birch = "BirchMSP"
	cedar = "CedarMSP"
	dogwd = "DogwoodMSP"

	skew = 1000 // ms
)

var members = []string{alder, birch, cedar, dogwd}

// A world is a network with a client for every role of every member.
type world struct {
	*ledgertest.Network
	t       *testing.T
	clients map[string]*ledgertest.Client
	data    string // the data set with which every member takes part
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{Network: ledgertest.New(t, append(members, "ElmMSP", "StrangerMSP")...), t: t, clients: map[string]*ledgertest.Client{}, data: "rows"}
	return w
}

// as returns a member's client with a role.
func (w *world) as(msp, role string) *ledgertest.Client {
	w.t.Helper()
	if w.clients[msp+role] == nil {
		w.clients[msp+role] = w.Client(msp, role)
	}
	return w.clients[msp+role]
}

func (w *world) wait(ms int64) { w.Advance(time.Duration(ms) * time.Millisecond) }

// try submits a call, whose document gets its schema, and returns the result.
func (w *world) try(c *ledgertest.Client, function string, doc m) (m, error) {
	w.t.Helper()
	data, err := c.Submit(function, withSchema(function, doc))
	if err != nil {
		return nil, err
	}
	var result m
	if err := json.Unmarshal(data, &result); err != nil {
		w.t.Fatal(err)
	}
	return result, nil
}

func (w *world) must(c *ledgertest.Client, function string, doc m) m {
	w.t.Helper()
	result, err := w.try(c, function, doc)
	if err != nil {
		w.t.Fatalf("%s by %s: %v", function, c.MSP, err)
	}
	return result
}

// refused submits a call that must fail with a code and a message that contains all of some words.
func (w *world) refused(c *ledgertest.Client, function string, doc m, code string, words ...string) {
	w.t.Helper()
	before := fmt.Sprint(w.Dump())
	_, err := w.try(c, function, doc)
	if err == nil {
		w.t.Fatalf("%s by %s was not refused", function, c.MSP)
	}
	if !strings.HasPrefix(err.Error(), code+": ") {
		w.t.Fatalf("%s by %s: got %q, want %s", function, c.MSP, err, code)
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			w.t.Errorf("%s by %s: %q does not say %q", function, c.MSP, err, word)
		}
	}
	if fmt.Sprint(w.Dump()) != before {
		w.t.Errorf("%s was refused and has changed the state", function)
	}
}

// repeated submits a call that must return what is stored, write nothing and emit nothing.
func (w *world) repeated(c *ledgertest.Client, function string, doc m) m {
	w.t.Helper()
	tx, err := c.Simulate(function, withSchema(function, doc))
	if err != nil {
		w.t.Fatalf("repeating %s: %v", function, err)
	}
	if writes := tx.RWSet.Writes(); len(writes) > 0 || tx.Event != nil {
		w.t.Errorf("repeating %s wrote %q and emitted %v", function, writes, tx.Event)
	}
	var result m
	if err := json.Unmarshal(tx.Result, &result); err != nil {
		w.t.Fatal(err)
	}
	return result
}

func (w *world) read(function string, doc m) m {
	w.t.Helper()
	data, err := w.as(birch, "officer").Evaluate(function, withSchema(function, doc))
	if err != nil {
		w.t.Fatalf("%s: %v", function, err)
	}
	var result m
	if err := json.Unmarshal(data, &result); err != nil {
		w.t.Fatal(err)
	}
	return result
}

// unreadable calls a reading function that must fail with a code and a message that contains some words.
func (w *world) unreadable(function string, doc m, code, words string) {
	w.t.Helper()
	_, err := w.as(birch, "officer").Evaluate(function, withSchema(function, doc))
	if err == nil || !strings.HasPrefix(err.Error(), code+": ") || !strings.Contains(err.Error(), words) {
		w.t.Fatalf("%s: got %v, want %s: … %s", function, err, code, words)
	}
}

func withSchema(function string, doc m) m {
	all := m{"schema": "quorate." + string(authz.ActionOf(function)) + "/1"}
	for key, value := range doc {
		all[key] = value
	}
	return all
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256:" + hex.EncodeToString(sum[:])
}

// ---- the steps that most tests begin with

func charter() m {
	list := []m{}
	for _, msp := range members {
		list = append(list, m{"msp": msp, "fingerprint_key": digest("key of " + msp)})
	}
	return m{
		"title": "Hospitals", "members": list, "quorum": m{"studies": "majority", "members": "two-thirds", "policies": "all"},
		"clock_skew_ms": skew, "voting_period_ms": 60_000,
	}
}

// founded is a world with an active charter.
func founded(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	founding := w.must(w.as(alder, "operator"), "consortium:Found", charter())
	for _, msp := range members {
		w.must(w.as(msp, "operator"), "consortium:Confirm", m{"proposer": alder, "charter_digest": founding["charter_digest"]})
	}
	w.must(w.as(birch, "aggregator"), "consortium:Tally", m{"motion": "founding", "proposer": alder})
	return w
}

func dataset(id string) m {
	return m{
		"dataset": id, "title": "Rows of " + id, "unit": "record", "adjacency": "add-or-remove-one", "purposes": []string{"research"},
		"protection": "dp", "cap": m{"epsilon": "2", "delta": "1e-5"}, "fingerprint": digest("rows of " + id),
	}
}

// registered is a founded world in which every member has the data sets "rows", with a cap, and "plain", without.
func registered(t *testing.T) *world {
	t.Helper()
	w := founded(t)
	for _, msp := range members {
		w.must(w.as(msp, "steward"), "dataset:Register", dataset("rows"))
		w.must(w.as(msp, "steward"), "dataset:Register", with(dataset("plain"), m{"protection": "unprotected", "cap": nil}))
	}
	return w
}

// plain are changes to the terms: a study without privacy, on unprotected data.
func plain() m {
	return m{"privacy": m{"mechanism": "none"}, "participants": participants("plain", members...)}
}

func participants(dataset string, organisations ...string) []m {
	list := []m{}
	for _, msp := range organisations {
		list = append(list, m{"msp": msp, "dataset": dataset, "weight": 1})
	}
	return list
}

// with returns a document with some fields changed; a nil removes one.
func with(doc m, changes m) m {
	all := m{}
	for key, value := range doc {
		all[key] = value
	}
	for key, value := range changes {
		if value == nil {
			delete(all, key)
		} else {
			all[key] = value
		}
	}
	return all
}

func terms() m {
	return m{
		"schema": "quorate.terms/1", "title": "A study", "purpose": "research", "participants": participants("rows", members...), "plan": digest("plan"),
		"model":       m{"tensors": []m{{"name": "weight", "shape": []int{1, 30}}, {"name": "bias", "shape": []int{1}}}, "initial": digest("initial")},
		"aggregation": m{"rule": "weighted-mean", "parameters": m{}}, "scale_bits": 24, "bound": 1 << 30,
		"rounds": 2, "max_rounds": 4, "minimum_commits": 3, "commit_timeout_ms": 10_000, "attest_timeout_ms": 8000,
		"attesters": members, "m": 3, "unit": "record", "adjacency": "add-or-remove-one",
		"privacy": m{
			"mechanism": "dp-sgd", "noise_multiplier": "4", "sample_rate": "1/4", "steps_per_round": 6,
			"clipping_norm": "1", "expected_batch_size": 32, "delta": "1e-5",
		},
		"policy_version": 1,
	}
}

// proposed is a registered world with the study "one".
func proposed(t *testing.T, changes m) *world {
	t.Helper()
	w := registered(t)
	if privacy, changed := changes["privacy"]; changed && privacy.(m)["mechanism"] == "none" {
		w.data = "plain"
	}
	w.must(w.as(alder, "operator"), "study:Propose", m{"study": "one", "terms": with(terms(), changes)})
	return w
}

func (w *world) vote(msp, motion, choice string) m {
	w.t.Helper()
	study := w.study()
	return w.must(w.as(msp, "operator"), "study:Vote", m{
		"study": "one", "version": study["version"], "terms_digest": study["terms_digest"], "motion": motion, "choice": choice,
	})
}

func (w *world) study() m {
	w.t.Helper()
	return w.read("study:Get", m{"study": "one"})["study"].(m)
}

// approved is a proposed world in which three of four members have approved the study.
func approved(t *testing.T, changes m) *world {
	t.Helper()
	w := proposed(t, changes)
	for _, msp := range members[:3] {
		w.vote(msp, "approve", "approve")
	}
	w.must(w.as(dogwd, "aggregator"), "study:Tally", m{"study": "one", "motion": "approve"})
	return w
}

func (w *world) accept(msp string) m {
	w.t.Helper()
	study := w.study()
	return w.must(w.as(msp, "steward"), "study:Accept", m{"study": "one", "version": study["version"], "terms_digest": study["terms_digest"]})
}

// running is an approved world whose study has started.
func running(t *testing.T, changes m) *world {
	t.Helper()
	w := approved(t, changes)
	for _, msp := range w.participants() {
		w.accept(msp)
	}
	w.must(w.as(alder, "aggregator"), "study:Tally", m{"study": "one", "motion": "accept"})
	w.must(w.as(alder, "aggregator"), "study:Start", m{"study": "one"})
	return w
}

// suspend stops the study after a round.
func (w *world) suspend(msp string, round int, reason string) m {
	w.t.Helper()
	return w.must(w.as(msp, "operator"), "study:Suspend", m{"study": "one", "round": round, "reason": reason})
}

// opened is a running world with round 1 open.
func opened(t *testing.T, changes m) *world {
	t.Helper()
	w := running(t, changes)
	w.must(w.as(alder, "aggregator"), "round:Open", m{"study": "one", "round": 1})
	return w
}

func (w *world) round(number int) m {
	w.t.Helper()
	return w.read("round:Get", m{"study": "one", "round": number})["round"].(m)
}

func (w *world) reserve(msp string, round int) m {
	w.t.Helper()
	return w.must(w.as(msp, "agent"), "privacy:Reserve", m{"study": "one", "round": round, "dataset": w.data})
}

func (w *world) commitDoc(msp string, round int) m {
	w.t.Helper()
	return m{
		"study": "one", "round": round, "dataset": w.data, "base": w.round(round)["base"],
		"update": digest(fmt.Sprintf("update of %s in %d", msp, round)),
	}
}

func (w *world) commit(msp string, round int) m {
	w.t.Helper()
	return w.must(w.as(msp, "agent"), "round:Commit", w.commitDoc(msp, round))
}

// sealed is a world whose round 1 is sealed with all four updates.
func sealed(t *testing.T, changes m) *world {
	t.Helper()
	w := opened(t, changes)
	w.fill(1)
	w.must(w.as(cedar, "aggregator"), "round:Seal", m{"study": "one", "round": 1})
	return w
}

// participants are the organisations of the study.
func (w *world) participants() (list []string) {
	w.t.Helper()
	for _, participant := range w.study()["terms"].(m)["participants"].([]any) {
		list = append(list, participant.(m)["msp"].(string))
	}
	return list
}

// fill reserves and commits for every participant.
func (w *world) fill(round int) {
	w.t.Helper()
	for _, msp := range w.participants() {
		if w.data == "rows" {
			w.reserve(msp, round)
		}
		w.commit(msp, round)
	}
}

func (w *world) attestDoc(msp string, round, attempt int, model string) m {
	return m{
		"study": "one", "round": round, "attempt": attempt, "model": model, "excluded": []m{},
		"possession": digest(fmt.Sprintf("possession of %s in %d/%d", msp, round, attempt)),
	}
}

func (w *world) attest(msp string, round, attempt int, model string) m {
	w.t.Helper()
	return w.must(w.as(msp, "aggregator"), "round:Attest", w.attestDoc(msp, round, attempt, model))
}

func decoded(t *testing.T, data []byte) m {
	t.Helper()
	var value m
	if err := json.Unmarshal(data, &value); err != nil {
		t.Fatal(err)
	}
	return value
}
