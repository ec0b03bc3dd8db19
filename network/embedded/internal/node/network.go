package node

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"

	"quorate.dev/network/embedded/internal/ccpeer"
	"quorate.dev/network/embedded/internal/chanconfig"
	"quorate.dev/network/embedded/internal/endorse"
	"quorate.dev/network/embedded/internal/fabtx"
	"quorate.dev/network/embedded/internal/ledger"
	"quorate.dev/network/embedded/internal/order"
	"quorate.dev/network/embedded/internal/validate"
)

// Notice is what the network says of itself wherever it can.
const Notice = "development only: every member's keys are in one process, never use it in production"

const (
	startTimeout = 10 * time.Second
	drainTimeout = 10 * time.Second
)

// Factory makes a chaincode, which takes the time from the clock it is given. It may serve several organisations: what
// each has of its own is the shim's handler and, through it, the state.
type Factory func(clock func() time.Time) (shim.Chaincode, error)

// Network is a running embedded network.
type Network struct {
	config    *Config
	material  *material
	ledger    *ledger.Ledger
	sockets   *listeners
	channel   *chanconfig.Config
	validator *validate.Validator
	endorsers []*endorse.Endorser
	orderer   *order.Orderer
	servers   *servers
	closing   chan struct{}
	ended     chan struct{} // closed when a chaincode has gone away
	cleanups  []func() error
}

// Start brings a network up. When it returns, every port answers.
func Start(ctx context.Context, config *Config, directory string, factory Factory) (*Network, error) {
	n := &Network{config: config, closing: make(chan struct{}), ended: make(chan struct{}, 1)}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for _, step := range []func() error{
		func() (err error) { n.material, err = loadMaterial(config); return err },
		func() error { return n.openLedger(directory) },
		n.openChannel,
		func() error { return n.startPeers(ctx, factory) },
		n.defineChaincode,
	} {
		if err := step(); err != nil {
			return nil, errors.Join(err, n.cleanUp())
		}
	}
	n.startOrderer()
	n.serve()
	return n, nil
}

// maxLag is how many blocks the ledger has to be able to turn back.
func (c *Config) maxLag() (blocks uint64) {
	for _, o := range c.Organisations {
		blocks = max(blocks, o.LagBlocks)
	}
	return blocks
}

func (n *Network) openLedger(directory string) error {
	if err := os.MkdirAll(directory, 0o700); err != nil {
		return unavailable("the data directory", err, "name a directory that can be written")
	}
	l, err := ledger.Open(directory, n.config.maxLag())
	switch {
	case errors.Is(err, ledger.ErrInUse):
		return unavailable("the data directory", err, "stop the other process or use another directory")
	case errors.Is(err, ledger.ErrCorrupt):
		return unavailable("the data directory", err, "restore it or start with an empty directory")
	case err != nil:
		return unavailable("the data directory", err, "see the cause")
	}
	n.ledger = l
	n.onCleanUp(l.Close)
	return removeReady(directory) // that of a process that was killed; now that the lock is held
}

func (n *Network) openChannel() (err error) {
	if n.sockets, err = listen(n.config, n.ledger); err != nil {
		return err
	}
	n.onCleanUp(n.sockets.close)
	if n.channel, err = openChannel(n.config, n.material, n.ledger, n.sockets); err != nil {
		return err
	}
	n.validator = &validate.Validator{Config: n.channel, Ledger: n.ledger}
	return nil
}

func (n *Network) startPeers(ctx context.Context, factory Factory) error {
	shared := sharedFactory(factory)
	for i, o := range n.config.Organisations {
		offset := time.Duration(o.ClockOffsetMS) * time.Millisecond
		clock := offsetClock(offset)
		chaincode, err := n.startChaincode(ctx, i, func() (shim.Chaincode, error) { return shared(offset) })
		if err != nil {
			return fmt.Errorf("organisation %s: %w", o.Name, err)
		}
		m := n.material.members[i]
		identity, err := n.channel.Directory.Identity(m.node.Serialized)
		if err != nil {
			return err
		}
		n.endorsers = append(n.endorsers, &endorse.Endorser{
			MSPID: o.MSPID, Address: n.sockets.addresses[o.MSPID], Identity: identity,
			TimeWindow: n.config.timeWindow(), Lag: o.LagBlocks, Patience: o.patience(), Clock: clock, Signer: m.node, Config: n.channel, Ledger: n.ledger,
			Chaincodes: map[string]endorse.Chaincode{n.config.Chaincode: chaincode},
		})
	}
	return nil
}

// timeWindow is how far a proposal's time may be from a peer's clock, by Fabric's defaults: peers of 2.5 do not ask.
func (c *Config) timeWindow() time.Duration {
	if c.before3() {
		return 0
	}
	return 15 * time.Minute
}

func (c *Config) before3() bool { return c.FabricVersion == "2.5" }

const defaultPatience = time.Second

// patience is after what time a lagging peer sees a block although no newer one came; real peers catch up.
func (o Organisation) patience() time.Duration {
	if o.LagMS == nil {
		return defaultPatience
	}
	return time.Duration(*o.LagMS) * time.Millisecond
}

func offsetClock(offset time.Duration) func() time.Time {
	return func() time.Time { return time.Now().Add(offset) }
}

func (n *Network) startOrderer() {
	n.orderer = order.Start(order.Config{
		Channel: n.channel, Ledger: n.ledger, Committer: n.validator, Signer: n.material.orderer.node, Before3: n.config.before3(),
		Limits: order.Limits{
			Timeout: time.Duration(n.config.Batch.TimeoutMS) * time.Millisecond, Count: n.config.Batch.MaxCount,
			Bytes: n.config.Batch.MaxBytes, Absolute: chanconfig.AbsoluteMaxBytes,
		},
	})
}

// Wait returns when the context ends, with nil, or when the network cannot go on, with the reason.
func (n *Network) Wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case <-n.orderer.Stopped():
		return unavailable("write the ledger", n.orderer.Err(), "look at the disk; what was committed is whole")
	case err := <-n.servers.failed:
		return unavailable("serve", err, "see the cause")
	case <-n.ended:
		return unavailable("run the chaincode", ccpeer.ErrStreamEnded, "see the log for its reason")
	}
}

// Stop takes the network down in order: no more transactions, the last block, the streams, the ports, the chaincodes, the file.
func (n *Network) Stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), drainTimeout)
	defer cancel()
	n.servers.announceEnd()
	drained := n.orderer.Close(ctx)
	close(n.closing)
	n.servers.stop()
	return errors.Join(drained, n.cleanUp())
}

func (n *Network) onCleanUp(f func() error) { n.cleanups = append(n.cleanups, f) }

func (n *Network) cleanUp() error {
	var failures []error
	for i := len(n.cleanups) - 1; i >= 0; i-- {
		failures = append(failures, n.cleanups[i]())
	}
	n.cleanups = nil
	return errors.Join(failures...)
}

// Genesis is the hash of block 0 by which verifiers know the ledger.
func (n *Network) Genesis() (string, error) {
	block, err := n.ledger.Block(0)
	if err != nil {
		return "", err
	}
	hash, err := fabtx.HeaderHash(block.Header)
	if err != nil {
		return "", err
	}
	return "sha256:" + hex.EncodeToString(hash), nil
}

func logStart(ready *Ready) {
	slog.Warn("this is the embedded network: " + Notice)
	slog.Info("ready", "channel", ready.Channel, "genesis", ready.Genesis, "height", ready.Height, "orderer", ready.Orderer)
}
