package gatewaysvc

import (
	"context"
	"slices"

	gp "github.com/hyperledger/fabric-protos-go-apiv2/gateway"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"quorate.dev/network/embedded/internal/endorse"
	"quorate.dev/network/embedded/internal/fabtx"
	"quorate.dev/network/embedded/internal/ledger"
)

// Evaluate runs a proposal on one peer and returns the result. If that peer fails, and not the chaincode, others are asked.
func (s *Service) Evaluate(ctx context.Context, request *gp.EvaluateRequest) (response *gp.EvaluateResponse, err error) {
	p, err := fabtx.UnpackProposal(request.GetProposedTransaction())
	if err == nil {
		err = p.CheckNames()
	}
	if err != nil {
		return nil, status.Errorf(codes.InvalidArgument, "failed to unpack transaction proposal: %s", err)
	}
	if p.Channel.ChannelId != s.config.Channel {
		return nil, status.Error(codes.Unavailable, unknownChannel(p.Channel.ChannelId))
	}
	targets := s.evaluators(request.TargetOrganizations, p)
	if len(targets) == 0 {
		return nil, status.Errorf(codes.FailedPrecondition, "no peers available to evaluate chaincode %s in channel %s", p.Chaincode, p.Channel.ChannelId)
	}
	snapshots, err := s.ledger.Snapshots(1)
	if err != nil {
		return nil, status.Error(codes.Unavailable, err.Error())
	}
	defer func() { err = released(err, snapshots) }()
	return s.evaluate(ctx, targets, snapshots[0], p)
}

// evaluators keeps transient data inside the own organisation unless the client names others.
func (s *Service) evaluators(organisations []string, p *fabtx.Proposal) []*endorse.Endorser {
	if len(organisations) == 0 && len(p.Transient) > 0 {
		organisations = []string{s.local().MSPID}
	}
	var targets []*endorse.Endorser
	for _, e := range s.endorsers {
		if e.Has(p.Chaincode) && (len(organisations) == 0 || slices.Contains(organisations, e.MSPID)) {
			targets = append(targets, e)
		}
	}
	return targets
}

func (s *Service) evaluate(ctx context.Context, targets []*endorse.Endorser, snapshot *ledger.Snapshot, p *fabtx.Proposal) (*gp.EvaluateResponse, error) {
	var details []*gp.ErrorDetail
	var last verdict
	for _, target := range targets {
		result, refusal := s.process(ctx, target, snapshot, p)
		if ctx.Err() != nil {
			return nil, failed(codes.DeadlineExceeded, "evaluate timeout expired")
		}
		last = s.judge(target, result, refusal)
		if last.ok() {
			return &gp.EvaluateResponse{Result: result.Response}, nil
		}
		details = append(details, detail(target, last.message))
		if !last.retry {
			return nil, failed(last.code, "evaluate call to endorser returned error: "+last.message, details...)
		}
	}
	return nil, failed(last.code, "failed to evaluate transaction, see attached details for more info", details...)
}
