package node_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	"google.golang.org/protobuf/proto"

	"quorate.dev/network/embedded/internal/chanconfig"
	"quorate.dev/network/embedded/internal/ledger"
	"quorate.dev/network/embedded/internal/msp"
	"quorate.dev/network/embedded/internal/order"
)

// failing is a disk that is full.
type failing struct{}

var errFull = errors.New("no space left on device")

func (failing) Commit(*cb.Block) error { return errFull }

// ordererOn starts an orderer of its own on the ledger that a stopped network has left.
func ordererOn(t *testing.T, r *running, committer order.Committer) (*order.Orderer, *ledger.Ledger) {
	t.Helper()
	l, err := ledger.Open(r.directory, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	genesis, err := l.Block(0)
	if err != nil {
		t.Fatal(err)
	}
	channel, err := chanconfig.Parse(genesis)
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(r.material.Folder, "orderer", "orderer")
	signer, err := msp.LoadSigner("OrdererMSP", folder+".pem", folder+".key")
	if err != nil {
		t.Fatal(err)
	}
	return order.Start(order.Config{
		Channel: channel, Ledger: l, Committer: committer, Signer: signer,
		Limits: order.Limits{Timeout: time.Millisecond, Count: 10, Bytes: 1 << 20, Absolute: 4096},
	}), l
}

// endorsed makes transactions and stops the network before they are ordered.
func endorsed(t *testing.T, calls ...[]string) (*running, []*cb.Envelope) {
	t.Helper()
	r := start(t, newMaterial(t, 1), t.TempDir())
	c := r.client(t, "alder")
	var envelopes []*cb.Envelope
	for _, call := range calls {
		envelope, _, err := c.Endorse(deadline(t), nil, call[0], call[1:]...)
		if err != nil {
			t.Fatal(err)
		}
		envelopes = append(envelopes, envelope)
	}
	stop(t, r)
	return r, envelopes
}

func TestOrdererStopsWhenABlockCannotBeWritten(t *testing.T) {
	r, envelopes := endorsed(t, []string{"Put", "a", "1"}, []string{"Put", "b", "1"})
	o, l := ordererOn(t, r, failing{})
	before, _ := l.Height()
	if err := o.Broadcast(deadline(t), envelopes[0]); err != nil {
		t.Fatal(err)
	}
	select {
	case <-o.Stopped():
	case <-time.After(time.Minute):
		t.Fatal("it goes on")
	}
	if !errors.Is(o.Err(), errFull) {
		t.Errorf("reason: %v", o.Err())
	}
	if err := o.Broadcast(deadline(t), envelopes[1]); !errors.Is(err, order.ErrClosed) {
		t.Errorf("it takes more: %v", err)
	}
	if after, _ := l.Height(); after != before {
		t.Errorf("height %d, was %d", after, before)
	}
}

func TestOrdererRefusals(t *testing.T) {
	r, envelopes := endorsed(t, []string{"Put", "a", string(make([]byte, 8192))}, []string{"Put", "b", "1"})
	o, _ := ordererOn(t, r, failing{})
	other := proto.Clone(envelopes[1]).(*cb.Envelope)
	other.Payload = append(other.Payload, 0xff)
	for name, test := range map[string]struct {
		envelope *cb.Envelope
		want     cb.Status
	}{
		"larger than allowed": {envelopes[0], cb.Status_BAD_REQUEST},
		"malformed":           {other, cb.Status_BAD_REQUEST},
		"empty":               {&cb.Envelope{}, cb.Status_BAD_REQUEST},
		"unsigned":            {&cb.Envelope{Payload: envelopes[1].Payload}, cb.Status_FORBIDDEN},
	} {
		var refusal *order.Refusal
		if err := o.Broadcast(deadline(t), test.envelope); !errors.As(err, &refusal) || refusal.Status != test.want {
			t.Errorf("%s: %v, want %s", name, err, test.want)
		}
	}
	if err := o.Close(deadline(t)); err != nil {
		t.Error(err)
	}
}

func TestOrdererDrainsBeforeItCloses(t *testing.T) {
	r := start(t, newMaterial(t, 1), t.TempDir())
	c := r.client(t, "alder")
	envelope, id, err := c.Endorse(context.Background(), nil, "Put", "key", "value")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Send(context.Background(), envelope, id); err != nil {
		t.Fatal(err)
	}
	stop(t, r)
	again := start(t, r.material, r.directory)
	defer stop(t, again)
	if got := evaluate(t, again.client(t, "alder"), "Get", "key"); got != "value" {
		t.Errorf("what was admitted was lost: %q", got)
	}
}
