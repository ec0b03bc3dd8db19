// Package deliversvc streams blocks: to clients by protos.Deliver, to peers by orderer.AtomicBroadcast, which takes transactions too.
package deliversvc

import (
	"context"
	"errors"
	"io"
	"time"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	ob "github.com/hyperledger/fabric-protos-go-apiv2/orderer"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"quorate.dev/network/embedded/internal/chanconfig"
	"quorate.dev/network/embedded/internal/fabtx"
	"quorate.dev/network/embedded/internal/ledger"
	"quorate.dev/network/embedded/internal/msp"
)

// timeWindow is how far a request's timestamp may be from now, as by Fabric's default.
const timeWindow = 15 * time.Minute

var errClosing = status.Error(codes.Unavailable, "the embedded network is shutting down")

// Config is what the delivery services work with.
type Config struct {
	Channel *chanconfig.Config
	Ledger  *ledger.Ledger
	Policy  string          // who may read
	Closing <-chan struct{} // closed when streams have to end
	// MutualTLS demands that a request is bound to the client's TLS certificate.
	MutualTLS bool
}

// outlet is one stream, whatever its message types.
type outlet struct {
	context context.Context
	receive func() (*cb.Envelope, error)
	block   func(*cb.Block) error
	status  func(cb.Status) error
}

// serve answers one request after the other until the client is done or a request fails.
func (c *Config) serve(o outlet) error {
	for {
		envelope, err := o.receive()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		result, err := c.answer(o, envelope)
		if err != nil {
			return err
		}
		if err := o.status(result); err != nil || result != cb.Status_SUCCESS {
			return err
		}
	}
}

// answer sends the blocks that an envelope asks for. An error ends the stream without a status.
func (c *Config) answer(o outlet, raw *cb.Envelope) (cb.Status, error) {
	envelope, err := fabtx.UnpackEnvelope(raw)
	if err != nil || !inWindow(envelope.Channel, time.Now()) {
		return cb.Status_BAD_REQUEST, nil
	}
	if c.MutualTLS && !bound(o.context, envelope.Channel.TlsCertHash) {
		return cb.Status_BAD_REQUEST, nil
	}
	if envelope.Channel.ChannelId != c.Channel.Channel {
		return cb.Status_NOT_FOUND, nil
	}
	seek := &ob.SeekInfo{}
	if proto.Unmarshal(envelope.Payload.Data, seek) != nil {
		return cb.Status_BAD_REQUEST, nil
	}
	reader, err := c.reader(envelope)
	if err != nil {
		return cb.Status_FORBIDDEN, nil //nolint:nilerr // the status is the answer; Fabric gives no reason either
	}
	height, _ := c.Ledger.Height()
	first, last, code := bounds(seek, height)
	if code != cb.Status_SUCCESS {
		return code, nil
	}
	return c.send(o, seek, reader, first, last)
}

func inWindow(header *cb.ChannelHeader, now time.Time) bool {
	if header.Timestamp.CheckValid() != nil {
		return false
	}
	distance := now.Sub(header.Timestamp.AsTime()).Abs()
	return distance <= timeWindow
}

func (c *Config) reader(e *fabtx.Envelope) (*msp.Identity, error) {
	reader, err := c.Channel.Directory.Identity(e.Signature.Creator)
	if err != nil {
		return nil, err
	}
	if err := reader.Verify(e.Raw.Signature, e.Raw.Payload); err != nil {
		return nil, err
	}
	return reader, c.Channel.Check(c.Policy, reader)
}

func (c *Config) send(o outlet, seek *ob.SeekInfo, reader *msp.Identity, first, last uint64) (cb.Status, error) {
	for number := first; ; number++ {
		if reader.ExpiredAt(time.Now()) {
			return cb.Status_FORBIDDEN, nil
		}
		if code, err := c.await(o.context, seek.Behavior, number); err != nil || code != cb.Status_SUCCESS {
			return code, err
		}
		block, err := c.Ledger.Block(number)
		if err != nil {
			return cb.Status_INTERNAL_SERVER_ERROR, nil //nolint:nilerr // the status is the answer
		}
		if seek.ContentType == ob.SeekInfo_HEADER_WITH_SIG && number > 0 {
			block = &cb.Block{Header: block.Header, Metadata: block.Metadata}
		}
		if err := o.block(block); err != nil {
			return cb.Status_UNKNOWN, err
		}
		if number == last {
			return cb.Status_SUCCESS, nil
		}
	}
}

// await waits until a block exists, unless the client would rather not.
func (c *Config) await(ctx context.Context, behavior ob.SeekInfo_SeekBehavior, number uint64) (cb.Status, error) {
	for {
		height, changed := c.Ledger.Height()
		if number < height {
			return cb.Status_SUCCESS, nil
		}
		if behavior == ob.SeekInfo_FAIL_IF_NOT_READY {
			return cb.Status_NOT_FOUND, nil
		}
		select {
		case <-changed:
		case <-c.Closing:
			return cb.Status_UNKNOWN, errClosing
		case <-ctx.Done():
			return cb.Status_UNKNOWN, status.FromContextError(ctx.Err()).Err()
		}
	}
}
