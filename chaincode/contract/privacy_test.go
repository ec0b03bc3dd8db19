package contract_test

import (
	"encoding/json"
	"math/big"
	"testing"

	"quorate.dev/chaincode/privacy"
)

// expensive are changes to the terms under which a few rounds fit into a cap of 2, and ten do not.
func expensive() m {
	return m{"rounds": 10, "max_rounds": 10, "privacy": with(terms()["privacy"].(m), m{"noise_multiplier": "2", "sample_rate": "1/4", "steps_per_round": 4})}
}

func TestAReservationChargesTheAccount(t *testing.T) {
	w := opened(t, nil)
	reservation := w.reserve(alder, 1)
	cost, err := privacy.Charge(privacy.Mechanism{NoiseMultiplier: "4", SampleRate: "1/4", Steps: 6})
	if err != nil {
		t.Fatal(err)
	}
	epsilon, order, err := privacy.Epsilon(cost, "1e-5")
	if err != nil {
		t.Fatal(err)
	}
	if reservation["status"] != "GRANTED" || reservation["epsilon_before_nano"] != "0" || reservation["epsilon_after_nano"] != epsilon.String() || reservation["cap_nano"] != "2000000000" {
		t.Errorf("the reservation is %v", reservation)
	}
	account := w.read("privacy:Account", m{"msp": alder, "dataset": "rows"})
	if account["epsilon_nano"] != epsilon.String() || account["order"] != float64(order) || account["charges"] != float64(1) ||
		asText(t, account["histogram"]) != `[{"noise_multiplier":"4","sample_rate":"1/4","steps":6}]` {
		t.Errorf("the account is %v", account)
	}
	if want, _ := json.Marshal(cost); asText(t, account["rdp_nano"]) != string(want) {
		t.Errorf("the account has %v", account["rdp_nano"])
	}
}

func TestARepeatedReservationIsNotChargedAgain(t *testing.T) {
	w := opened(t, nil)
	first := w.reserve(alder, 1)
	again := w.repeated(w.as(alder, "agent"), "privacy:Reserve", m{"study": "one", "round": 1, "dataset": "rows"})
	if asText(t, first) != asText(t, again) {
		t.Errorf("%v and %v", first, again)
	}
	if account := w.read("privacy:Account", m{"msp": alder, "dataset": "rows"}); account["charges"] != float64(1) {
		t.Errorf("the account has %v charges", account["charges"])
	}
}

// The cap holds across rounds; a refusal is recorded, charges nothing, and stays what it is.
func TestACapRefusesWhatWouldExceedIt(t *testing.T) {
	w := running(t, expensive())
	granted, spent := 0, "0"
	for round := 1; ; round++ {
		w.must(w.as(alder, "aggregator"), "round:Open", m{"study": "one", "round": round})
		reservation := w.reserve(alder, round)
		if reservation["epsilon_before_nano"] != spent {
			t.Errorf("round %d began at %v, not at %s", round, reservation["epsilon_before_nano"], spent)
		}
		if reservation["status"] == "REFUSED" {
			checkRefusal(t, w, reservation, granted, spent)
			w.must(w.as(alder, "steward"), "dataset:Revise", m{
				"dataset": "rows", "title": "x", "purposes": []string{"research"}, "cap": m{"epsilon": "100", "delta": "1e-5"}, "fingerprint": digest("rows of rows"),
			})
			if again := w.repeated(w.as(alder, "agent"), "privacy:Reserve", m{"study": "one", "round": round, "dataset": "rows"}); again["status"] != "REFUSED" {
				t.Errorf("a refused round was granted later: %v", again)
			}
			return
		}
		granted, spent = granted+1, reservation["epsilon_after_nano"].(string)
		w.wait(10_000 + skew)
		w.must(w.as(alder, "aggregator"), "round:Abort", m{"study": "one", "round": round})
	}
}

func checkRefusal(t *testing.T, w *world, reservation m, granted int, spent string) {
	t.Helper()
	if granted < 1 {
		t.Error("nothing was granted")
	}
	after, _ := new(big.Int).SetString(reservation["epsilon_after_nano"].(string), 10)
	if after.Cmp(big.NewInt(2_000_000_000)) <= 0 {
		t.Errorf("a reservation that ends at %s was refused", after)
	}
	account := w.read("privacy:Account", m{"msp": alder, "dataset": "rows"})
	if account["epsilon_nano"] != spent || account["charges"] != float64(granted) {
		t.Errorf("the account is at %v after %v charges, not at %s after %d", account["epsilon_nano"], account["charges"], spent, granted)
	}
}

// An account is the data set's, whatever the study: what one spends, another finds spent.
func TestTheAccountIsSharedByAllStudies(t *testing.T) {
	w := opened(t, nil)
	first := w.reserve(alder, 1)
	w.must(w.as(birch, "operator"), "study:Propose", m{"study": "two", "terms": with(terms(), m{
		"privacy": with(terms()["privacy"].(m), m{"noise_multiplier": "2.5", "sample_rate": "1/8"}),
	})})
	two := w.read("study:Get", m{"study": "two"})["study"].(m)
	for _, msp := range members {
		w.must(w.as(msp, "operator"), "study:Vote", m{"study": "two", "version": 1, "terms_digest": two["terms_digest"], "motion": "approve", "choice": "approve"})
	}
	w.must(w.as(alder, "operator"), "study:Tally", m{"study": "two", "motion": "approve"})
	for _, msp := range members {
		w.must(w.as(msp, "steward"), "study:Accept", m{"study": "two", "version": 1, "terms_digest": two["terms_digest"]})
	}
	w.must(w.as(alder, "operator"), "study:Tally", m{"study": "two", "motion": "accept"})
	w.must(w.as(alder, "operator"), "study:Start", m{"study": "two"})
	w.must(w.as(alder, "aggregator"), "round:Open", m{"study": "two", "round": 1})
	second := w.must(w.as(alder, "agent"), "privacy:Reserve", m{"study": "two", "round": 1, "dataset": "rows"})
	if second["epsilon_before_nano"] != first["epsilon_after_nano"] {
		t.Errorf("the second study began at %v, and the first ended at %v", second["epsilon_before_nano"], first["epsilon_after_nano"])
	}
	sum, err := privacy.Compose([]privacy.Mechanism{{NoiseMultiplier: "4", SampleRate: "1/4", Steps: 6}, {NoiseMultiplier: "2.5", SampleRate: "1/8", Steps: 6}})
	if err != nil {
		t.Fatal(err)
	}
	epsilon, _, err := privacy.Epsilon(sum.Spent, "1e-5")
	if err != nil {
		t.Fatal(err)
	}
	account := w.read("privacy:Account", m{"msp": alder, "dataset": "rows"})
	if account["epsilon_nano"] != epsilon.String() || account["charges"] != float64(2) ||
		asText(t, account["histogram"]) != `[{"noise_multiplier":"2.5","sample_rate":"1/8","steps":6},{"noise_multiplier":"4","sample_rate":"1/4","steps":6}]` {
		t.Errorf("the account is %v", account)
	}
}

// Neither other records under the same id nor the data set's end makes anything that was spent unspent.
func TestTheAccountOutlivesRevisionAndRetirement(t *testing.T) {
	w := opened(t, nil)
	w.reserve(alder, 1)
	steward := w.as(alder, "steward")
	of := m{"msp": alder, "dataset": "rows"}
	spent := w.read("privacy:Account", of)
	w.must(steward, "dataset:Revise", m{
		"dataset": "rows", "title": "Newer rows", "purposes": []string{"research"}, "cap": m{"epsilon": "2", "delta": "1e-5"}, "fingerprint": digest("newer rows"),
	})
	w.must(steward, "dataset:Retire", m{"dataset": "rows"})
	account := w.read("privacy:Account", of)
	delete(spent, "updated")
	delete(account, "updated")
	if spent["charges"] != float64(1) || asText(t, account) != asText(t, spent) {
		t.Errorf("the account was %v and is %v", spent, account)
	}
	w.refused(steward, "dataset:Register", dataset("rows"), "ALREADY_EXISTS", "rows")
	w.refused(steward, "dataset:Register", with(dataset("rows-again"), m{"fingerprint": digest("newer rows")}), "ALREADY_EXISTS", "rows")
}

func TestWhatCannotBeReserved(t *testing.T) {
	w := opened(t, nil)
	reserve := m{"study": "one", "round": 1, "dataset": "rows"}
	w.refused(w.as(alder, "agent"), "privacy:Reserve", with(reserve, m{"dataset": "plain"}), "DENIED", "not a participant")
	w.refused(w.as(alder, "agent"), "privacy:Reserve", with(reserve, m{"round": 2}), "NOT_FOUND", "round 2")
	w.refused(w.as(alder, "steward"), "privacy:Reserve", reserve, "DENIED", "no policy permits it")
	w.refused(w.as(alder, "agent"), "privacy:Reserve", with(reserve, m{"study": "absent"}), "NOT_FOUND", "study absent")
	w.must(w.as(birch, "agent"), "round:Decline", with(reserve, m{"reason": "data"}))
	w.refused(w.as(birch, "agent"), "privacy:Reserve", reserve, "CONFLICT", "has declined")
	w.must(w.as(cedar, "steward"), "study:Withdraw", m{"study": "one", "version": 1})
	w.refused(w.as(cedar, "agent"), "privacy:Reserve", reserve, "INVALID_STATE", "withdrawn")
	w.must(w.as(dogwd, "steward"), "dataset:Revise", m{
		"dataset": "rows", "title": "x", "purposes": []string{"care"}, "cap": m{"epsilon": "2", "delta": "1e-5"}, "fingerprint": digest("rows of rows"),
	})
	w.refused(w.as(dogwd, "agent"), "privacy:Reserve", reserve, "INVALID_STATE", "no longer for research")
	w.must(w.as(dogwd, "steward"), "dataset:Retire", m{"dataset": "rows"})
	w.refused(w.as(dogwd, "agent"), "privacy:Reserve", reserve, "INVALID_STATE", "RETIRED", "ACTIVE")
	w.wait(10_001)
	w.refused(w.as(alder, "agent"), "privacy:Reserve", reserve, "EXPIRED", "took commits until")
	for name, state := range map[string]string{"sealed": "SEALED", "final": "FINAL", "aborted": "ABORTED"} {
		t.Run(name, func(t *testing.T) {
			other := roundIn(t, state)
			other.refused(other.as(alder, "agent"), "privacy:Reserve", with(reserve, m{"dataset": "plain"}), "INVALID_STATE", "without a privacy mechanism")
		})
	}
	sealed := sealed(t, with(m{}, m{"participants": participants("rows", alder, birch, cedar), "minimum_commits": 2}))
	sealed.refused(sealed.as(dogwd, "agent"), "privacy:Reserve", reserve, "DENIED", "forbid-work-of-strangers-to-a-study")
}

func TestAQuoteForAStudyCountsEveryRoundItMayOpen(t *testing.T) {
	w := opened(t, nil)
	w.reserve(alder, 1)
	quotes := w.read("privacy:Quote", m{"study": "one"})["quotes"].([]any)
	if len(quotes) != 4 {
		t.Fatalf("there are %d quotes", len(quotes))
	}
	charges := make([]privacy.Mechanism, 4)
	for i := range charges {
		charges[i] = privacy.Mechanism{NoiseMultiplier: "4", SampleRate: "1/4", Steps: 6}
	}
	for i := range quotes { // Alder has reserved once, and three may follow; the others have four before them
		sum, err := privacy.Compose(charges)
		if err != nil {
			t.Fatal(err)
		}
		epsilon, _, err := privacy.Epsilon(sum.Spent, "1e-5")
		if err != nil {
			t.Fatal(err)
		}
		if quote := quotes[i].(m); quote["epsilon_after_nano"] != epsilon.String() || quote["fits"] != true || quote["cap_nano"] != "2000000000" {
			t.Errorf("the quote is %v, not for %s", quote, epsilon)
		}
	}
}

func TestAQuoteForAStudyCountsWhatItCanStillCharge(t *testing.T) {
	w := opened(t, nil) // round 1 of at most 4
	after := func(msp string) string {
		for _, line := range w.read("privacy:Quote", m{"study": "one"})["quotes"].([]any) {
			if line.(m)["msp"] == msp {
				return line.(m)["epsilon_after_nano"].(string)
			}
		}
		return ""
	}
	four := after(alder)
	w.reserve(alder, 1)
	if after(alder) != four || after(birch) != four {
		t.Errorf("one round is charged, three are left: %s and %s instead of %s", after(alder), after(birch), four)
	}
	w.wait(10_000 + skew)
	w.must(w.as(alder, "aggregator"), "round:Abort", m{"study": "one", "round": 1})
	if after(alder) != four || after(birch) == four {
		t.Errorf("after a round without Birch: %s and %s of %s", after(alder), after(birch), four)
	}
	for _, msp := range members[:3] {
		w.vote(msp, "abort", "approve")
	}
	w.must(w.as(alder, "operator"), "study:Tally", m{"study": "one", "motion": "abort"})
	for _, line := range w.read("privacy:Quote", m{"study": "one"})["quotes"].([]any) {
		if line := line.(m); line["epsilon_after_nano"] != line["epsilon_now_nano"] || line["fits"] != true {
			t.Errorf("an aborted study costs nothing more: %v", line)
		}
	}
}

func TestAQuoteForAMechanism(t *testing.T) {
	w := registered(t)
	quote := m{"msp": alder, "dataset": "rows", "noise_multiplier": "0.5", "sample_rate": "1/2", "steps": 1000}
	line := w.read("privacy:Quote", quote)["quotes"].([]any)[0].(m)
	if line["fits"] != false || line["epsilon_now_nano"] != "0" {
		t.Errorf("the quote is %v", line)
	}
	for name, changes := range map[string]m{
		"nothing": {"msp": nil, "dataset": nil, "noise_multiplier": nil, "sample_rate": nil, "steps": nil},
		"a part":  {"steps": nil}, "both": {"study": "one"}, "little noise": {"noise_multiplier": "0.1"},
	} {
		t.Run(name, func(t *testing.T) {
			w.t = t
			w.refused(w.as(alder, "officer"), "privacy:Quote", with(quote, changes), "INVALID_ARGUMENT")
		})
	}
	w.t = t
	w.refused(w.as(alder, "officer"), "privacy:Quote", with(quote, m{"dataset": "plain"}), "NOT_FOUND", "account")
	w.refused(w.as(alder, "officer"), "privacy:Quote", m{"study": "absent"}, "NOT_FOUND")
}

func TestAQuoteForAStudyWithoutPrivacyIsEmpty(t *testing.T) {
	w := proposed(t, plain())
	if quotes := w.read("privacy:Quote", m{"study": "one"})["quotes"].([]any); len(quotes) != 0 {
		t.Errorf("the quotes are %v", quotes)
	}
}
