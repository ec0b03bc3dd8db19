// Package order is the embedded network's single orderer: it admits transactions, cuts them into batches by time, count
// and size, signs blocks and has them validated and committed.
package order

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"

	"quorate.dev/network/embedded/internal/chanconfig"
	"quorate.dev/network/embedded/internal/ledger"
	"quorate.dev/network/embedded/internal/msp"
)

// queueLength is how many admitted transactions may wait; who comes after that waits at the door.
const queueLength = 4096

// ErrClosed says that the orderer takes no more transactions.
var ErrClosed = errors.New("the orderer is shutting down")

// Limits say when a batch is cut.
type Limits struct {
	Timeout  time.Duration
	Count    int
	Bytes    int // of a batch; a larger transaction gets a block to itself
	Absolute int // of one transaction
}

// Committer validates a block and makes it durable.
type Committer interface{ Commit(block *cb.Block) error }

// Orderer orders the transactions of one channel.
type Orderer struct {
	config *chanconfig.Config
	ledger *ledger.Ledger
	writer *Writer
	limits Limits
	queue  chan entry

	unknownChannel string

	mu      sync.Mutex
	closed  bool
	entries sync.WaitGroup // broadcasts between admission and the queue
	pending map[string]struct{}

	stopped chan struct{}
	failure error
}

// entry is an admitted transaction.
type entry struct {
	id  string // empty: not one to look for duplicates of
	raw []byte
}

// Config is what an orderer works with.
type Config struct {
	Channel   *chanconfig.Config
	Ledger    *ledger.Ledger
	Committer Committer
	Signer    *msp.Signer
	Limits    Limits
	// Before3 makes it answer as an orderer of Fabric 2.5, which could make channels.
	Before3 bool
}

// Start begins to order. It ends with Close, or by itself when a block cannot be committed.
func Start(c Config) *Orderer {
	o := &Orderer{
		config: c.Channel, ledger: c.Ledger, limits: c.Limits, queue: make(chan entry, queueLength),
		writer:  &Writer{Ledger: c.Ledger, Committer: c.Committer, Signer: c.Signer},
		pending: map[string]struct{}{}, stopped: make(chan struct{}), unknownChannel: "channel does not exist",
	}
	if c.Before3 {
		o.unknownChannel = "channel creation request not allowed because the orderer system channel is not defined"
	}
	batches := make(chan []entry)
	go o.cut(batches)
	go o.write(batches)
	return o
}

// Stopped is closed when the orderer has ended; Err then says why.
func (o *Orderer) Stopped() <-chan struct{} { return o.stopped }

// Err is nil after Close, and otherwise what kept a block from being committed. It may be asked once Stopped is closed.
func (o *Orderer) Err() error { return o.failure }

// Close takes no more transactions and waits until those it has admitted are committed, or the context ends.
func (o *Orderer) Close(ctx context.Context) error {
	o.refuse()
	select {
	case <-o.stopped:
		return o.failure
	case <-ctx.Done():
		return fmt.Errorf("wait for the last block: %w", ctx.Err())
	}
}

// write commits batches one after the other. After a failure nothing more is committed: what is on disk is whole.
func (o *Orderer) write(batches <-chan []entry) {
	defer close(o.stopped)
	for batch := range batches {
		if o.failure != nil {
			continue
		}
		data := make([][]byte, len(batch))
		for i, e := range batch {
			data[i] = e.raw
		}
		if o.failure = o.writer.Write(data); o.failure != nil {
			o.refuse()
			continue
		}
		o.forget(batch)
	}
}

// refuse closes the door and, when the last who came in has put down what they carry, the queue.
func (o *Orderer) refuse() {
	o.mu.Lock()
	first := !o.closed
	o.closed = true
	o.mu.Unlock()
	if first {
		go func() {
			o.entries.Wait()
			close(o.queue)
		}()
	}
}

func (o *Orderer) forget(batch []entry) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, e := range batch {
		delete(o.pending, e.id)
	}
}
