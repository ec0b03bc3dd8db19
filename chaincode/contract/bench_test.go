package contract_test

import (
	"syscall"
	"testing"

	"quorate.dev/chaincode/contract"
)

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		if _, err := contract.New(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSubmit simulates calls: what an endorser computes, without what a peer adds.
func BenchmarkSubmit(b *testing.B) {
	t := &testing.T{}
	w := reserved(t)
	for _, call := range []one{
		{alder, "agent", "round:Commit", w.commitDoc(alder, 1)},
		{alder, "agent", "round:Decline", m{"study": "one", "round": 1, "dataset": "rows", "reason": "data"}},
		{alder, "operator", "study:Vote", m{"study": "one", "version": 1, "terms_digest": w.study()["terms_digest"], "motion": "abort", "choice": "approve"}},
		{alder, "agent", "privacy:Reserve", m{"study": "one", "round": 2, "dataset": "rows"}},
		{alder, "steward", "dataset:Register", dataset("more")},
		{alder, "operator", "study:Propose", m{"study": "two", "terms": terms()}},
	} {
		if call.function == "privacy:Reserve" {
			w = opened(t, nil)
			call.doc["round"] = 1
		}
		client, doc := w.as(call.msp, call.role), withSchema(call.function, call.doc)
		b.Run(call.function, func(b *testing.B) {
			before := processorTime(b)
			for b.Loop() {
				if _, err := client.Simulate(call.function, doc); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(processorTime(b)-before)/float64(b.N), "cpu-ns/op")
		})
	}
}

// processorTime is what the process has used, which a busy machine does not distort.
func processorTime(b *testing.B) int64 {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return usage.Utime.Nano() + usage.Stime.Nano()
}
