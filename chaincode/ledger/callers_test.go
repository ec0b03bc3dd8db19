package ledger

import "testing"

func TestACallerIsReadOnce(t *testing.T) {
	creator := creatorOf(t, "AlderMSP", attributes(`{"attrs":{"quorate.role":"agent"}}`))
	other := creatorOf(t, "AlderMSP", attributes(`{"attrs":{"quorate.role":"steward"}}`))
	callers := &Callers{}
	for range 3 {
		for _, each := range [][]byte{creator, other} {
			want, err := callerOf(each)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := callers.of(each); err != nil || got != want {
				t.Errorf("got %+v, %v; want %+v", got, err, want)
			}
		}
	}
	if len(callers.known) != 2 {
		t.Errorf("%d callers are kept", len(callers.known))
	}
}

func TestARefusedCallerIsRefusedAgain(t *testing.T) {
	creator := creatorOf(t, "AlderMSP")
	callers := &Callers{}
	for range 2 {
		if _, err := callers.of(creator); CodeOf(err) != Denied {
			t.Errorf("got %v", err)
		}
	}
	if len(callers.known) != 0 {
		t.Error("a refused caller is kept")
	}
}

func TestCallersAreBounded(t *testing.T) {
	callers := &Callers{}
	for i := range mostCallers + 10 {
		callers.keep([32]byte{byte(i), byte(i >> 8)}, Caller{})
	}
	if len(callers.known) != 10 {
		t.Errorf("%d callers are kept", len(callers.known))
	}
}
