package gatewaysvc

import (
	"context"
	"fmt"
	"strings"

	gp "github.com/hyperledger/fabric-protos-go-apiv2/gateway"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"quorate.dev/network/embedded/internal/endorse"
	"quorate.dev/network/embedded/internal/fabtx"
	"quorate.dev/network/embedded/internal/ledger"
)

// Endorse collects the endorsements that a transaction needs and returns it for the client to sign.
func (s *Service) Endorse(ctx context.Context, request *gp.EndorseRequest) (response *gp.EndorseResponse, err error) {
	if len(request.GetProposedTransaction().GetProposalBytes()) == 0 {
		return nil, status.Error(codes.InvalidArgument, "the proposed transaction must contain a signed proposal")
	}
	p, err := fabtx.UnpackProposal(request.ProposedTransaction)
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	if p.Channel.ChannelId != s.config.Channel && len(request.EndorsingOrganizations) == 0 {
		return nil, unplanned(noMetadata(p))
	}
	if endorse.IsSystem(p.Chaincode) { // which can be evaluated only
		return nil, unplanned(noMetadata(p))
	}
	targets, err := s.endorsersFor(request.EndorsingOrganizations, p)
	if err != nil {
		return nil, err
	}
	snapshots, err := s.ledger.Snapshots(len(targets) + 1) // one state for all organisations, and for the policy
	if err != nil {
		return nil, status.Error(codes.Unavailable, err.Error())
	}
	defer func() { err = released(err, snapshots) }()
	c := &collection{service: s, config: s.config, proposal: p, view: snapshots[0], snapshots: map[*endorse.Endorser]*ledger.Snapshot{}}
	for i, target := range targets {
		c.snapshots[target] = snapshots[i+1]
	}
	if len(request.EndorsingOrganizations) > 0 {
		return c.fromAll(ctx, targets)
	}
	return c.fromEnough(ctx, targets)
}

func noMetadata(p *fabtx.Proposal) string {
	return fmt.Sprintf("No metadata was found for chaincode %s in channel %s", p.Chaincode, p.Channel.ChannelId)
}

// endorsersFor finds the peers to ask: those of the organisations that the client names, or all that have the chaincode.
func (s *Service) endorsersFor(organisations []string, p *fabtx.Proposal) ([]*endorse.Endorser, error) {
	if len(organisations) == 0 {
		if !s.local().Has(p.Chaincode) {
			return nil, unplanned(noMetadata(p))
		}
		return s.endorsers, nil
	}
	var targets []*endorse.Endorser
	var missing []string
	named := map[string]bool{}
	for _, organisation := range organisations {
		if named[organisation] {
			continue
		}
		named[organisation] = true
		if e := s.endorser(organisation); e != nil && e.Has(p.Chaincode) && p.Channel.ChannelId == s.config.Channel {
			targets = append(targets, e)
		} else {
			missing = append(missing, organisation)
		}
	}
	if len(missing) > 0 {
		return nil, status.Errorf(codes.Unavailable, "failed to find any endorsing peers for org(s): %s", strings.Join(missing, ", "))
	}
	return targets, nil
}
