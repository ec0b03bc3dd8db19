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
	if err := o.admit(envelope, time.Now()); err != nil {
		return err
	}
	raw, err := proto.Marshal(envelope)
	if err != nil {
		return &Refusal{cb.Status_BAD_REQUEST, err.Error()}
	}
	return o.enqueue(ctx, entry{id: trustedID(envelope), raw: raw})
}

// admit applies an orderer's rules. What the payload holds besides its headers is for the peers to judge.
func (o *Orderer) admit(envelope *cb.Envelope, now time.Time) error {
	payload := &cb.Payload{}
	if err := proto.Unmarshal(envelope.Payload, payload); err != nil {
		return undetermined("error unmarshalling Payload: %w", err)
	}
	if err := o.admitChannel(payload.Header); err != nil {
		return err
	}
	if size := len(envelope.Payload) + len(envelope.Signature); size > o.limits.Absolute {
		return &Refusal{cb.Status_BAD_REQUEST, fmt.Sprintf("message payload is %d bytes and exceeds maximum allowed %d bytes", size, o.limits.Absolute)}
	}
	signature := &cb.SignatureHeader{}
	if err := proto.Unmarshal(payload.Header.SignatureHeader, signature); err != nil {
		return &Refusal{cb.Status_BAD_REQUEST, "could not convert message to signedData: error unmarshalling SignatureHeader: " + err.Error()}
	}
	if ends, ok := o.config.Directory.ExpiresAt(signature.Creator); ok && !now.Before(ends) {
		return &Refusal{cb.Status_BAD_REQUEST, "broadcast client identity expired"}
	}
	signatories := o.config.Signatories(signature.Creator, envelope.Signature, envelope.Payload)
	if err := o.config.Check(chanconfig.Writers, signatories...); err != nil {
		return &Refusal{cb.Status_FORBIDDEN, err.Error() + ": permission denied"}
	}
	return nil
}

func (o *Orderer) admitChannel(header *cb.Header) error {
	switch {
	case header == nil:
		return undetermined("header not set")
	case len(header.ChannelHeader) == 0:
		return undetermined("channel header not set")
	}
	channel := &cb.ChannelHeader{}
	if err := proto.Unmarshal(header.ChannelHeader, channel); err != nil {
		return undetermined("error unmarshalling channel header: error unmarshalling ChannelHeader: %w", err)
	}
	if channel.ChannelId != o.config.Channel {
		return &Refusal{cb.Status_BAD_REQUEST, o.unknownChannel}
	}
	switch cb.HeaderType(channel.Type) {
	case cb.HeaderType_CONFIG_UPDATE:
		return &Refusal{cb.Status_BAD_REQUEST, "configuration updates are not available in the embedded network"}
	case cb.HeaderType_CONFIG:
		return &Refusal{cb.Status_BAD_REQUEST, "message is of type that cannot be processed directly"}
	//lint:ignore SA1019 orderers still refuse it by name
	case cb.HeaderType_ORDERER_TRANSACTION:
		return &Refusal{cb.Status_BAD_REQUEST, "message is of type that is no longer supported"}
	}
	return nil
}

func undetermined(format string, args ...any) error {
	return &Refusal{cb.Status_BAD_REQUEST, "could not determine channel ID: " + fmt.Errorf(format, args...).Error()}
}

// trustedID is the transaction id if it belongs to the creator who signed; with a foreign one somebody could have
// another's transaction dropped.
func trustedID(envelope *cb.Envelope) string {
	e, err := fabtx.UnpackEnvelope(envelope)
	if err != nil || e.Channel.TxId != fabtx.TxID(e.Signature.Nonce, e.Signature.Creator) {
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
