package order

import (
	"context"
	"errors"
	"fmt"
	"time"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	"google.golang.org/protobuf/proto"

	"quorate.dev/network/embedded/internal/chanconfig"
	"quorate.dev/network/embedded/internal/fabtx"
	"quorate.dev/network/embedded/internal/ledger"
)

// Refusal is an orderer's answer to a transaction that it does not take.
type Refusal struct {
	Status cb.Status
	Info   string
}

func (r *Refusal) Error() string { return fmt.Sprintf("%s: %s", r.Status, r.Info) }

// Broadcast admits a transaction. It returns once the transaction is queued; whether it becomes valid is for the commit
// status to say. A transaction whose id is queued or committed already is dropped without an error, since the first
// copy decides anyway. The error is a *Refusal, ErrClosed or the context's.
func (o *Orderer) Broadcast(ctx context.Context, envelope *cb.Envelope) error {
	opened, err := fabtx.UnpackEnvelope(envelope)
	if err != nil {
		return &Refusal{cb.Status_BAD_REQUEST, "could not determine channel ID: " + err.Error()}
	}
	if err := o.admit(opened, time.Now()); err != nil {
		return err
	}
	raw, err := proto.Marshal(envelope)
	if err != nil {
		return &Refusal{cb.Status_BAD_REQUEST, err.Error()}
	}
	if len(raw) > o.limits.Absolute {
		return &Refusal{cb.Status_BAD_REQUEST, fmt.Sprintf("message payload is %d bytes and exceeds maximum allowed %d bytes", len(raw), o.limits.Absolute)}
	}
	return o.enqueue(ctx, entry{id: trustedID(opened), raw: raw})
}

func (o *Orderer) admit(e *fabtx.Envelope, now time.Time) error {
	if e.Channel.ChannelId != o.config.Channel {
		return &Refusal{cb.Status_NOT_FOUND, "channel does not exist"}
	}
	if e.Channel.Type != int32(cb.HeaderType_ENDORSER_TRANSACTION) {
		return &Refusal{cb.Status_BAD_REQUEST, "configuration updates are not available in the embedded network"}
	}
	creator, err := o.config.Directory.Identity(e.Signature.Creator)
	if err == nil {
		err = creator.Verify(e.Raw.Signature, e.Raw.Payload)
	}
	if err == nil {
		err = o.config.Check(chanconfig.Writers, creator)
	}
	if err != nil {
		return &Refusal{cb.Status_FORBIDDEN, "implicit policy evaluation failed: " + err.Error() + ": permission denied"}
	}
	if creator.ExpiredAt(now) {
		return &Refusal{cb.Status_BAD_REQUEST, "broadcast client identity expired"}
	}
	return nil
}

// trustedID is the transaction id if it belongs to the creator who signed; with a foreign one somebody could have
// another's transaction dropped.
func trustedID(e *fabtx.Envelope) string {
	if e.Channel.TxId != fabtx.TxID(e.Signature.Nonce, e.Signature.Creator) {
		return ""
	}
	return e.Channel.TxId
}

func (o *Orderer) enqueue(ctx context.Context, e entry) error {
	fresh, err := o.enter(e.id)
	if err != nil || !fresh {
		return err
	}
	defer o.entries.Done()
	select {
	case o.queue <- e:
		return nil
	case <-ctx.Done():
		o.forget([]entry{e})
		return ctx.Err()
	}
}

// enter registers a transaction under its id unless there is one already.
func (o *Orderer) enter(id string) (fresh bool, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return false, ErrClosed
	}
	if id != "" {
		if _, ok := o.pending[id]; ok {
			return false, nil
		}
		// Looked up under the lock: an id leaves pending only after it is committed, so it is always in one of the two.
		_, err := o.ledger.TxStatus(id)
		if !errors.Is(err, ledger.ErrNotFound) {
			return false, err
		}
		o.pending[id] = struct{}{}
	}
	o.entries.Add(1)
	return true, nil
}
