package contract_test

import (
	"testing"
)

func TestTermsAreChecked(t *testing.T) {
	w := registered(t)
	w.must(w.as(dogwd, "steward"), "dataset:Register", with(dataset("groups"), m{"unit": "group"}))
	w.must(w.as(dogwd, "steward"), "dataset:Register", dataset("gone"))
	w.must(w.as(dogwd, "steward"), "dataset:Retire", m{"dataset": "gone"})
	four := participants("rows", members...)
	instead := func(dataset string) []m {
		return append(append([]m{}, four[:3]...), m{"msp": dogwd, "dataset": dataset, "weight": 1})
	}
	dp := func(changes m) m { return m{"privacy": with(terms()["privacy"].(m), changes)} }
	tensors := func(list ...m) m {
		return m{"model": m{"tensors": append([]m{}, list...), "initial": digest("initial")}}
	}
	for _, test := range []struct {
		name    string
		changes m
		code    string
		says    string
	}{
		{"participants out of order", m{"participants": []m{four[1], four[0], four[2]}}, "INVALID_ARGUMENT", "ascending order"},
		{"a participant twice", m{"participants": []m{four[0], four[0], four[1]}}, "INVALID_ARGUMENT", "once each"},
		{"a participant that is no member", m{"participants": append(append([]m{}, four...), m{"msp": "StrangerMSP", "dataset": "rows", "weight": 1})}, "INVALID_ARGUMENT", "is not a member"},
		{"a data set that is not there", m{"participants": instead("absent")}, "NOT_FOUND", "data set absent"},
		{"a retired data set", m{"participants": instead("gone")}, "INVALID_STATE", "RETIRED"},
		{"a data set of another unit", m{"participants": instead("groups")}, "INVALID_ARGUMENT", "per group"},
		{"another purpose", m{"purpose": "commerce"}, "INVALID_ARGUMENT", "not for the purpose commerce"},
		{"privacy for an unprotected data set", m{"participants": instead("plain")}, "INVALID_ARGUMENT", "no budget"},
		{"no privacy for a capped data set", m{"privacy": m{"mechanism": "none"}}, "INVALID_ARGUMENT", "has a privacy cap"},
		{"a weight of zero", m{"participants": append(append([]m{}, four[:3]...), m{"msp": dogwd, "dataset": "rows", "weight": 0})}, "INVALID_ARGUMENT", "0 is outside"},

		{"attesters out of order", m{"attesters": []string{birch, alder, cedar}, "m": 2}, "INVALID_ARGUMENT", "ascending order"},
		{"an attester that is no member", m{"attesters": []string{alder, birch, "StrangerMSP"}, "m": 2}, "INVALID_ARGUMENT", "StrangerMSP is not a member"},
		{"one attester", m{"attesters": []string{alder}, "m": 2}, "INVALID_ARGUMENT", "1 entries is outside 2 to 64"},
		{"m of one", m{"m": 1}, "INVALID_ARGUMENT", "1 is outside 2 to 64"},
		{"m of half", m{"m": 2}, "INVALID_ARGUMENT", "more than half"},
		{"m above all", m{"m": 5}, "INVALID_ARGUMENT", "more than half and at most all"},

		{"fewer rounds than wanted", m{"rounds": 5, "max_rounds": 4}, "INVALID_ARGUMENT", "fewer than the 5 rounds"},
		{"too many rounds", m{"max_rounds": 10_001}, "INVALID_ARGUMENT", "10001 is outside"},
		{"a minimum above all", m{"minimum_commits": 5}, "INVALID_ARGUMENT", "more than the 4 participants"},
		{"no minimum", m{"minimum_commits": 0}, "INVALID_ARGUMENT", "0 is outside"},
		{"a time-out below four skews", m{"commit_timeout_ms": 4*skew - 1}, "INVALID_ARGUMENT", "four times the clock skew"},
		{"attempts that a member's clock could end at once", m{"attest_timeout_ms": 3*skew - 1}, "INVALID_ARGUMENT", "three times the clock skew"},
		{"another policy version", m{"policy_version": 2}, "INVALID_ARGUMENT", "version 1 is in force"},
		{"another rule", m{"aggregation": m{"rule": "median", "parameters": m{}}}, "INVALID_ARGUMENT", "is none of weighted-mean"},
		{"a scale of zero", m{"scale_bits": 0}, "INVALID_ARGUMENT", "0 is outside 1 to 40"},
		{"a scale too large", m{"scale_bits": 41}, "INVALID_ARGUMENT", "41 is outside 1 to 40"},
		{"a bound too large", m{"bound": 1 << 31}, "INVALID_ARGUMENT", "is outside 1 to 2147483647"},
		{"sums that overflow", m{"bound": 2147483647, "participants": heavy(four, 1<<29+1)}, "INVALID_ARGUMENT", "could overflow"},

		{"a tensor twice", tensors(m{"name": "w", "shape": []int{1}}, m{"name": "w", "shape": []int{2}}), "INVALID_ARGUMENT", `"w" is there twice`},
		{"no tensors", tensors(), "INVALID_ARGUMENT", "0 entries is outside 1 to 4096"},
		{"an empty tensor", tensors(m{"name": "w", "shape": []int{3, 0}}), "INVALID_ARGUMENT", "0 is outside"},
		{"a tensor too large", tensors(m{"name": "w", "shape": []int{1 << 17, 1 << 16}}), "INVALID_ARGUMENT", "more than 2^32 elements"},
		{"a product that would wrap", tensors(m{"name": "w", "shape": []int{1 << 32, 1 << 32}}), "INVALID_ARGUMENT", "more than 2^32 elements"},
		{"a model too large", tensors(m{"name": "v", "shape": []int{1 << 32}}, m{"name": "w", "shape": []int{1}}), "INVALID_ARGUMENT", "more than 2^32 elements"},
		{"a tensor by the name of a file's header", tensors(m{"name": "__metadata__", "shape": []int{1}}), "INVALID_ARGUMENT", "no name of a tensor"},
		{"a tensor whose name no program takes", tensors(m{"name": "é", "shape": []int{1}}), "INVALID_ARGUMENT", "no name of a tensor"},
		{"too many dimensions", tensors(m{"name": "w", "shape": []int{1, 1, 1, 1, 1, 1, 1, 1, 1}}), "INVALID_ARGUMENT", "9 entries is outside 0 to 8"},

		{"parameters without a mechanism", m{"privacy": m{"mechanism": "none", "delta": "1e-5"}}, "INVALID_ARGUMENT", "no parameters"},
		{"a mechanism without parameters", m{"privacy": m{"mechanism": "dp-sgd"}}, "INVALID_ARGUMENT", "needs all of"},
		{"a parameter missing", dp(m{"delta": nil}), "INVALID_ARGUMENT", "needs all of"},
		{"another mechanism", dp(m{"mechanism": "laplace"}), "INVALID_ARGUMENT", "is none of none,dp-sgd"},
		{"little noise", dp(m{"noise_multiplier": "0.2"}), "INVALID_ARGUMENT", "noise_multiplier"},
		{"a rate above one", dp(m{"sample_rate": "3/2"}), "INVALID_ARGUMENT", "greater than one"},
		{"a rate not in lowest terms", dp(m{"sample_rate": "2/8"}), "INVALID_ARGUMENT", "1/4"},
		{"a rate as a decimal", dp(m{"sample_rate": "0.25"}), "INVALID_ARGUMENT", "is not of the form"},
		{"no steps", dp(m{"steps_per_round": 0}), "INVALID_ARGUMENT", "0 is outside"},
		{"a norm of zero", dp(m{"clipping_norm": "0"}), "INVALID_ARGUMENT", "clipping_norm must be greater than zero"},
		{"a norm with a leading zero", dp(m{"clipping_norm": "01"}), "INVALID_ARGUMENT", "is not of the form"},
		{"a metric twice", m{"evaluation": m{"digest": digest("public"), "metrics": []string{"accuracy", "accuracy"}}}, "INVALID_ARGUMENT", "metrics name accuracy twice"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w.t = t
			w.refused(w.as(alder, "operator"), "study:Propose", m{"study": "one", "terms": with(terms(), test.changes)}, test.code, test.says)
		})
	}
	for name, changes := range map[string]m{
		"the heaviest":    {"bound": 2147483647, "participants": heavy(four, 1<<29)},
		"an evaluation":   {"evaluation": m{"digest": digest("public"), "metrics": []string{"accuracy", "auc"}}},
		"a scalar tensor": tensors(m{"name": "w", "shape": []int{}}),
		"few attesters":   {"attesters": []string{alder, cedar, dogwd}, "m": 2},
		"a short rest":    {"commit_timeout_ms": 4 * skew, "attest_timeout_ms": 3 * skew},
		"every step":      dp(m{"sample_rate": "1/1"}),
		"part of members": {"participants": four[:3]},
	} {
		t.Run(name, func(t *testing.T) {
			w.t = t
			if _, err := w.as(alder, "operator").Simulate("study:Propose", withSchema("study:Propose", m{"study": "one", "terms": with(terms(), changes)})); err != nil {
				t.Error(err)
			}
		})
	}
}

// heavy gives the first participant a weight.
func heavy(list []m, weight int) []m {
	return append([]m{with(list[0], m{"weight": weight})}, list[1:]...)
}
