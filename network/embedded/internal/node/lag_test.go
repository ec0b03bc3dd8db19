package node_test

import (
	"testing"
	"time"

	pb "github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/grpc/codes"

	"quorate.dev/network/embedded/internal/nettest"
)

func lagging(t *testing.T, organisations int, blocks uint64, patience time.Duration) (*running, *nettest.Material) {
	t.Helper()
	material := newMaterial(t, organisations)
	ms := patience.Milliseconds()
	last := &material.Config.Organisations[organisations-1]
	last.LagBlocks, last.LagMS = blocks, &ms
	return start(t, material, t.TempDir()), material
}

func TestLaggingPeerSeesAnOlderState(t *testing.T) {
	r, _ := lagging(t, 3, 2, 0)
	defer stop(t, r)
	fresh, stale := r.client(t, "alder"), r.client(t, "cedar")
	submitValid(t, fresh, "Put", "key", "one")
	submitValid(t, fresh, "Put", "key", "two")
	submitValid(t, fresh, "Delete", "key")
	if got := evaluate(t, stale, "Get", "key"); got != "one" {
		t.Errorf("two blocks behind reads %q", got)
	}
	if got := evaluate(t, stale, "Keys", "a", "z"); got != "key" {
		t.Errorf("two blocks behind lists %q", got)
	}
	if got := evaluate(t, stale, "History", "key"); got != "one/false" {
		t.Errorf("two blocks behind has history %q", got)
	}
	if got := evaluate(t, fresh, "Keys", "a", "z"); got != "" {
		t.Errorf("the others list %q", got)
	}
}

func TestLaggingPeerCausesMismatchesAndStaleReads(t *testing.T) {
	r, _ := lagging(t, 3, 1, 0)
	defer stop(t, r)
	fresh, stale := r.client(t, "alder"), r.client(t, "cedar")
	submitValid(t, fresh, "Increment", "n")

	// From a peer that is up to date, the one that is not is passed over as long as others suffice.
	submitValid(t, fresh, "Increment", "n")
	_, _, err := fresh.Endorse(deadline(t), []string{"AlderMSP", "CedarMSP"}, "Increment", "n")
	wantStatus(t, err, codes.Aborted, "failed to collect enough transaction endorsements")
	if got := details(err); len(got) != 1 || got["CedarMSP"] != "ProposalResponsePayloads do not match" {
		t.Errorf("details %v", got)
	}

	// From the stale peer, everybody else differs.
	_, _, err = stale.Endorse(deadline(t), nil, "Increment", "n")
	wantStatus(t, err, codes.Aborted, "failed to collect enough transaction endorsements")
	if got := details(err); len(got) != 2 {
		t.Errorf("details %v", got)
	}

	// What only the stale peer has endorsed is refused by its reads, were the policy satisfied.
	submitValid(t, fresh, "Own", "mine", "CedarMSP") // from then on Cedar alone endorses writes of the key
	submitValid(t, fresh, "Put", "other", "x")       // and has seen that
	envelope, id, err := stale.Endorse(deadline(t), []string{"CedarMSP"}, "Put", "mine", "6")
	if err != nil {
		t.Fatal(err)
	}
	if err := stale.Send(deadline(t), envelope, id); err != nil {
		t.Fatal(err)
	}
	if committed, err := stale.Status(deadline(t), id); err != nil || committed.Result != pb.TxValidationCode_VALID {
		t.Fatalf("%v %v", committed, err)
	}
	submitValid(t, fresh, "Put", "other", "y") // Cedar sees 6
	submitValid(t, stale, "Put", "mine", "9")  // and not this
	envelope, id, err = stale.Endorse(deadline(t), []string{"CedarMSP"}, "Increment", "mine")
	if err != nil {
		t.Fatal(err)
	}
	if err := stale.Send(deadline(t), envelope, id); err != nil {
		t.Fatal(err)
	}
	if committed, err := stale.Status(deadline(t), id); err != nil || committed.Result != pb.TxValidationCode_MVCC_READ_CONFLICT {
		t.Errorf("an increment of a value read too late: %v %v", committed, err)
	}
}

func TestLaggingPeerCatchesUp(t *testing.T) {
	r, _ := lagging(t, 3, 3, 100*time.Millisecond)
	defer stop(t, r)
	submitValid(t, r.client(t, "alder"), "Put", "key", "value")
	c := r.client(t, "cedar")
	for until := time.Now().Add(time.Minute); ; {
		if got, err := c.Evaluate(deadline(t), "Get", "key"); err == nil && got == "value" {
			return
		}
		if time.Now().After(until) {
			t.Fatal("no newer block came, and it never saw this one")
		}
	}
}

func TestLagOutlivesARestart(t *testing.T) {
	r, material := lagging(t, 3, 1, 0)
	c := r.client(t, "alder")
	submitValid(t, c, "Put", "key", "one")
	submitValid(t, c, "Put", "key", "two")
	stop(t, r)
	r = start(t, material, r.directory)
	defer stop(t, r)
	if got := evaluate(t, r.client(t, "cedar"), "Get", "key"); got != "one" {
		t.Errorf("got %q", got)
	}
}

func TestClocksThatDisagree(t *testing.T) {
	material := newMaterial(t, 3)
	material.Config.Organisations[1].ClockOffsetMS = 10 * 60 * 1000
	r := start(t, material, t.TempDir())
	defer stop(t, r)
	_, err := r.client(t, "birch").Evaluate(deadline(t), "Fresh", "key", "30000")
	wantStatus(t, err, codes.Unknown, "EXPIRED: the timestamp is too far from this peer's clock")
	submitValid(t, r.client(t, "alder"), "Fresh", "key", "30000") // two of three are enough
}
