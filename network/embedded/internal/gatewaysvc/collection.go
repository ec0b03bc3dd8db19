package gatewaysvc

import (
	"bytes"
	"context"
	"sync"

	gp "github.com/hyperledger/fabric-protos-go-apiv2/gateway"
	pb "github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"quorate.dev/network/embedded/internal/chanconfig"
	"quorate.dev/network/embedded/internal/endorse"
	"quorate.dev/network/embedded/internal/fabtx"
	"quorate.dev/network/embedded/internal/ledger"
	"quorate.dev/network/embedded/internal/msp"
	"quorate.dev/network/embedded/internal/validate"
)

// collection gathers the endorsements of one proposal.
type collection struct {
	service   *Service
	config    *chanconfig.Config
	proposal  *fabtx.Proposal
	view      ledger.View
	snapshots map[*endorse.Endorser]*ledger.Snapshot

	first        *endorse.Result // decides what the others have to equal
	endorsements []*pb.Endorsement
	identities   []*msp.Identity
	details      []*gp.ErrorDetail
}

// fromAll asks the organisations that the client named, all of which must agree.
func (c *collection) fromAll(ctx context.Context, targets []*endorse.Endorser) (*gp.EndorseResponse, error) {
	c.ask(ctx, targets)
	if ctx.Err() != nil {
		return nil, failed(codes.DeadlineExceeded, "endorsement timeout expired while collecting endorsements")
	}
	if len(c.details) > 0 {
		return nil, failed(codes.Aborted, collectFailed, c.details...)
	}
	return c.prepare()
}

// fromEnough asks the own organisation first: its answer says what is written and so which policies hold. Then it asks
// as many others as these need, and in place of one that fails or differs another.
func (c *collection) fromEnough(ctx context.Context, targets []*endorse.Endorser) (*gp.EndorseResponse, error) {
	c.ask(ctx, targets[:1])
	if ctx.Err() != nil {
		return nil, failed(codes.DeadlineExceeded, "endorsement timeout expired while collecting first endorsement")
	}
	if c.first == nil {
		return nil, failed(codes.Aborted, endorseFailed, c.details...)
	}
	for left := targets[1:]; ; {
		needed, ok, err := c.needed(left)
		if err != nil {
			return nil, status.Error(codes.Unavailable, err.Error())
		}
		if !ok {
			return nil, c.impossible()
		}
		if needed == 0 {
			return c.prepare()
		}
		c.ask(ctx, left[:needed])
		if ctx.Err() != nil {
			return nil, failed(codes.DeadlineExceeded, "endorsement timeout expired while collecting endorsements")
		}
		left = left[needed:]
	}
}

func (c *collection) impossible() error {
	if len(c.details) == 0 {
		return unplanned("")
	}
	return failed(codes.Aborted, collectFailed, c.details...)
}

// needed is how many of the endorsers that are left would, with those in hand, satisfy every policy.
func (c *collection) needed(left []*endorse.Endorser) (int, bool, error) {
	policies := validate.Policies{Config: c.config, View: c.view}
	identities := append([]*msp.Identity{}, c.identities...)
	for n := 0; ; n++ {
		code, err := policies.Check(c.first.Set, c.proposal.Chaincode, identities)
		if err != nil {
			return 0, false, err
		}
		if code == pb.TxValidationCode_VALID {
			return n, true, nil
		}
		if n == len(left) {
			return 0, false, nil
		}
		identities = append(identities, left[n].Identity)
	}
}

// ask has endorsers process the proposal at the same time and takes their answers in order.
func (c *collection) ask(ctx context.Context, targets []*endorse.Endorser) {
	results := make([]*endorse.Result, len(targets))
	refusals := make([]error, len(targets))
	var wait sync.WaitGroup
	for i, target := range targets {
		wait.Go(func() { results[i], refusals[i] = c.service.process(ctx, target, c.snapshots[target], c.proposal) })
	}
	wait.Wait()
	for i, target := range targets {
		c.take(target, results[i], refusals[i])
	}
}

func (c *collection) take(target *endorse.Endorser, result *endorse.Result, refusal error) {
	if v := c.service.judge(target, result, refusal); !v.ok() {
		c.details = append(c.details, detail(target, v.message))
		return
	}
	if c.first == nil {
		c.first = result
	} else if !bytes.Equal(c.first.Payload, result.Payload) {
		c.details = append(c.details, detail(target, mismatch))
		return
	}
	c.endorsements = append(c.endorsements, result.Endorsement)
	c.identities = append(c.identities, target.Identity)
}

func (c *collection) prepare() (*gp.EndorseResponse, error) {
	envelope, err := fabtx.Prepare(c.proposal, c.first.Payload, c.endorsements)
	if err != nil {
		return nil, status.Error(codes.Internal, err.Error())
	}
	return &gp.EndorseResponse{PreparedTransaction: envelope}, nil
}
