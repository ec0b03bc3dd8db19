package contract_test

import (
	"testing"
)

// The whole path: from a founding to a model that a quorum attested, and the study's end.
func TestTheWholePath(t *testing.T) {
	w := running(t, nil)
	base := digest("initial")
	for round := 1; round <= 2; round++ {
		opened := w.must(w.as(alder, "aggregator"), "round:Open", m{"study": "one", "round": round})
		if opened["base"] != base || opened["state"] != "OPEN" || opened["finals_before"] != float64(round-1) {
			t.Fatalf("round %d opened as %v", round, opened)
		}
		w.fill(round)
		sealed := w.must(w.as(cedar, "aggregator"), "round:Seal", m{"study": "one", "round": round})
		if got := len(sealed["included"].([]any)); got != 4 {
			t.Fatalf("round %d includes %d updates", round, got)
		}
		model := digest("model" + string(rune('0'+round)))
		for _, msp := range members[1:] {
			w.attest(msp, round, 1, model)
		}
		final := w.must(w.as(birch, "aggregator"), "round:Finalize", m{"study": "one", "round": round})
		if final["state"] != "FINAL" || final["model"] != model {
			t.Fatalf("round %d ended as %v", round, final)
		}
		base = model
	}
	if study := w.study(); study["state"] != "COMPLETED" {
		t.Errorf("the study is %v", study["state"])
	}
	lineage := w.read("model:Lineage", m{"model": base})
	if models := lineage["models"].([]any); len(models) != 2 || lineage["initial"] != digest("initial") {
		t.Errorf("the lineage is %v", lineage)
	}
}
