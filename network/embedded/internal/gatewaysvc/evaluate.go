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
	if request.GetProposedTransaction() == nil {
		return nil, status.Error(codes.InvalidArgument, "an evaluate request is required")
	}
	p, err := fabtx.UnpackProposal(request.ProposedTransaction)
	if err != nil {
		return nil, status.Errorf(codes.InvalidArgument, "failed to unpack transaction proposal: %s", err)
	}
	if p.Channel.ChannelId != s.config.Channel {
		return nil, status.Errorf(codes.Unavailable, "failed to get config for channel [%s]: the embedded network serves channel [%s] only",
			p.Channel.ChannelId, s.config.Channel)
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
	return evaluate(ctx, targets, snapshots[0], p)
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

func evaluate(ctx context.Context, targets []*endorse.Endorser, snapshot *ledger.Snapshot, p *fabtx.Proposal) (*gp.EvaluateResponse, error) {
	var details []*gp.ErrorDetail
	for _, target := range targets {
		result, refusal := target.Process(ctx, snapshot, p)
		v := judge(result, refusal)
		if v.ok() {
			return &gp.EvaluateResponse{Result: result.Response}, nil
		}
		details = append(details, detail(target, v.message))
		if ctx.Err() != nil {
			return nil, failed(codes.DeadlineExceeded, "evaluate timeout expired", details...)
		}
		if v.code != codes.Aborted { // another peer would say the same
			return nil, failed(v.code, "evaluate call to endorser returned error: "+v.message, details...)
		}
	}
	return nil, failed(codes.Aborted, "failed to evaluate transaction, see attached details for more info", details...)
}
