package contract_test

import "testing"

func review(state string, findings m) m {
	return m{"review": "first", "subject": "round/one/3", "state": state, "findings": findings}
}

func TestAReviewIsOpenedAssignedAndConcluded(t *testing.T) {
	w := founded(t)
	officer, reviewer := w.as(alder, "officer"), digest("a person")[len("sha256:"):]
	w.must(officer, "audit:RecordReview", review("OPEN", m{}))
	w.repeated(officer, "audit:RecordReview", review("OPEN", m{}))
	w.must(officer, "audit:RecordReview", review("ASSIGNED", m{"reviewer": reviewer}))
	conclusion := m{"reviewer": reviewer, "meaning": "review", "outcome": "follow-up", "note": digest("note")}
	w.must(officer, "audit:RecordReview", review("CONCLUDED", conclusion))
	stored := w.repeated(officer, "audit:RecordReview", review("CONCLUDED", conclusion))
	for _, stamp := range []string{"opened", "assigned", "concluded"} {
		if stored[stamp] == nil {
			t.Errorf("%s is not recorded", stamp)
		}
	}
	if asText(t, stored["findings"]) != asText(t, conclusion) {
		t.Errorf("the findings are %v", stored["findings"])
	}
	w.refused(officer, "audit:RecordReview", review("CONCLUDED", with(conclusion, m{"outcome": "accepted"})), "INVALID_STATE", "is CONCLUDED")
	w.refused(officer, "audit:RecordReview", review("OPEN", m{}), "INVALID_STATE")
	w.refused(officer, "audit:RecordReview", with(review("OPEN", m{}), m{"subject": "ledger"}), "CONFLICT", "is about round/one/3")
	w.must(w.as(birch, "officer"), "audit:RecordReview", review("OPEN", m{})) // another organisation's is its own
	if all := w.read("audit:Reviews", nil)["reviews"].([]any); len(all) != 2 {
		t.Errorf("the reviews are %v", all)
	}
	if own := w.read("audit:Reviews", m{"msp": birch})["reviews"].([]any); len(own) != 1 || own[0].(m)["state"] != "OPEN" {
		t.Errorf("Birch's reviews are %v", own)
	}
}

func TestReviewsAreChecked(t *testing.T) {
	w := founded(t)
	officer, reviewer := w.as(alder, "officer"), digest("a person")[len("sha256:"):]
	for name, doc := range map[string]m{
		"open with a reviewer":        review("OPEN", m{"reviewer": reviewer}),
		"assigned to nobody":          review("ASSIGNED", m{}),
		"assigned with an outcome":    review("ASSIGNED", m{"reviewer": reviewer, "outcome": "accepted"}),
		"concluded without a meaning": review("CONCLUDED", m{"reviewer": reviewer, "outcome": "accepted"}),
		"concluded by nobody":         review("CONCLUDED", m{"meaning": "review", "outcome": "accepted"}),
		"a name instead of a digest":  review("ASSIGNED", m{"reviewer": "Alice"}),
		"about nothing":               with(review("OPEN", m{}), m{"subject": "the weather"}),
	} {
		t.Run(name, func(t *testing.T) {
			w := *w
			w.t = t
			w.refused(officer, "audit:RecordReview", doc, "INVALID_ARGUMENT")
		})
	}
}

func TestAnAccessLogIsAnchoredAndOnlyGrows(t *testing.T) {
	w := founded(t)
	gateway := w.as(alder, "aggregator")
	anchor := func(entries int, head string) m { return m{"entries": entries, "head": digest(head)} }
	w.must(gateway, "audit:AnchorAccessLog", anchor(5, "five"))
	w.repeated(gateway, "audit:AnchorAccessLog", anchor(5, "five"))
	w.refused(gateway, "audit:AnchorAccessLog", anchor(5, "other"), "CONFLICT", "only grows")
	w.refused(gateway, "audit:AnchorAccessLog", anchor(4, "four"), "CONFLICT", "with 5 entries")
	w.must(gateway, "audit:AnchorAccessLog", anchor(9, "nine"))
	w.must(w.as(birch, "aggregator"), "audit:AnchorAccessLog", anchor(1, "one"))
	if anchors := w.read("audit:Anchors", nil)["anchors"].([]any); len(anchors) != 2 || anchors[0].(m)["entries"] != 9.0 {
		t.Errorf("the anchors are %v", anchors)
	}
}
