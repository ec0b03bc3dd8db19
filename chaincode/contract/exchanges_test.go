package contract_test

import "testing"

// Every exchange with the peer costs either side more than most of what is computed between two of them.
func TestStepsOfARoundAskThePeerSeldom(t *testing.T) {
	round := m{"study": "one", "round": 1}
	for _, test := range []struct {
		world     func(*testing.T) *world
		call      func(*world) one
		exchanges int
	}{
		{reserved, func(*world) one { return one{alder, "steward", "dataset:Register", dataset("more")} }, 2},
		{func(t *testing.T) *world { return running(t, nil) }, func(*world) one { return one{alder, "aggregator", "round:Open", round} }, 2},
		{func(t *testing.T) *world { return opened(t, nil) }, func(*world) one {
			return one{alder, "agent", "privacy:Reserve", m{"study": "one", "round": 1, "dataset": "rows"}}
		}, 3},
		{reserved, func(w *world) one { return one{alder, "agent", "round:Commit", w.commitDoc(alder, 1)} }, 3},
		{func(t *testing.T) *world {
			w := opened(t, nil)
			w.fill(1)
			return w
		}, func(*world) one { return one{alder, "aggregator", "round:Seal", round} }, 3},
		{func(t *testing.T) *world { return sealed(t, nil) }, func(w *world) one {
			return one{alder, "aggregator", "round:Attest", w.attestDoc(alder, 1, 1, digest("model"))}
		}, 2},
		{func(t *testing.T) *world {
			w := sealed(t, nil)
			for _, msp := range members {
				w.attest(msp, 1, 1, digest("model"))
			}
			return w
		}, func(*world) one { return one{alder, "aggregator", "round:Finalize", round} }, 4},
	} {
		w := test.world(t)
		call := test.call(w)
		tx, err := w.as(call.msp, call.role).Simulate(call.function, withSchema(call.function, call.doc))
		if err != nil {
			t.Fatalf("%s: %v", call.function, err)
		}
		if tx.Exchanges != test.exchanges {
			t.Errorf("%s asks the peer %d times, not %d", call.function, tx.Exchanges, test.exchanges)
		}
	}
}
