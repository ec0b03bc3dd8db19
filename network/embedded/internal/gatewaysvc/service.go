// Package gatewaysvc serves Fabric's gateway.Gateway for one organisation, with the status codes, texts and error
// details by which clients of a Fabric peer decide what to do next.
package gatewaysvc

import (
	"context"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	gp "github.com/hyperledger/fabric-protos-go-apiv2/gateway"

	"quorate.dev/network/embedded/internal/chanconfig"
	"quorate.dev/network/embedded/internal/endorse"
	"quorate.dev/network/embedded/internal/fabtx"
	"quorate.dev/network/embedded/internal/ledger"
)

// Broadcaster is the way to the orderer.
type Broadcaster interface {
	Broadcast(ctx context.Context, envelope *cb.Envelope) error
}

// Service is one organisation's gateway.
type Service struct {
	gp.UnimplementedGatewayServer

	config  *chanconfig.Config
	ledger  *ledger.Ledger
	orderer Broadcaster

	// local comes first, the others follow in the order of the configuration from it on, so that each organisation's
	// gateway asks different ones first.
	endorsers []*endorse.Endorser
	before3   bool
	events    *eventCache
	closing   <-chan struct{}
}

// Config is what a gateway works with.
type Config struct {
	Channel   *chanconfig.Config
	Ledger    *ledger.Ledger
	Orderer   Broadcaster
	Endorsers []*endorse.Endorser // of all organisations, in the order of the configuration
	Local     int                 // index of this gateway's own
	Closing   <-chan struct{}     // closed when calls that wait have to end
	// Before3 makes it a gateway of Fabric 2.5, which looks less closely at requests.
	Before3 bool
}

// New makes a gateway.
func New(c Config) *Service {
	endorsers := append(append([]*endorse.Endorser{}, c.Endorsers[c.Local:]...), c.Endorsers[:c.Local]...)
	return &Service{
		config: c.Channel, ledger: c.Ledger, orderer: c.Orderer, endorsers: endorsers,
		events: newEventCache(), closing: c.Closing, before3: c.Before3,
	}
}

func (s *Service) local() *endorse.Endorser { return s.endorsers[0] }

// process has an endorser process a proposal. Before Fabric 3 the own one was asked past its filters.
func (s *Service) process(ctx context.Context, target *endorse.Endorser, snapshot *ledger.Snapshot, p *fabtx.Proposal) (*endorse.Result, error) {
	if target != s.local() || !s.before3 {
		if err := target.Filter(p); err != nil {
			return nil, err
		}
	}
	return target.Process(ctx, snapshot, p)
}

func (s *Service) endorser(mspID string) *endorse.Endorser {
	for _, e := range s.endorsers {
		if e.MSPID == mspID {
			return e
		}
	}
	return nil
}
