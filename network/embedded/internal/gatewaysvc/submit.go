package gatewaysvc

import (
	"context"
	"errors"
	"fmt"

	gp "github.com/hyperledger/fabric-protos-go-apiv2/gateway"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"quorate.dev/network/embedded/internal/chanconfig"
	"quorate.dev/network/embedded/internal/ledger"
	"quorate.dev/network/embedded/internal/order"
)

// Submit hands a signed transaction to the orderer. Success means ordered, not committed.
func (s *Service) Submit(ctx context.Context, request *gp.SubmitRequest) (*gp.SubmitResponse, error) {
	if request.GetPreparedTransaction() == nil {
		return nil, status.Error(codes.InvalidArgument, "a prepared transaction is required")
	}
	if len(request.PreparedTransaction.Signature) == 0 {
		return nil, status.Error(codes.InvalidArgument, "prepared transaction must be signed")
	}
	if request.ChannelId != s.config.Channel {
		return nil, status.Error(codes.FailedPrecondition, unknownChannel(request.ChannelId))
	}
	err := s.orderer.Broadcast(ctx, request.PreparedTransaction)
	var refusal *order.Refusal
	switch {
	case err == nil:
		return &gp.SubmitResponse{}, nil
	case errors.As(err, &refusal):
		return nil, failed(codes.Aborted, fmt.Sprintf("received unsuccessful response from orderer: status=%s, info=%s", refusal.Status, refusal.Info))
	case errors.Is(err, order.ErrClosed):
		return nil, errClosing
	case ctx.Err() != nil:
		return nil, failed(codes.DeadlineExceeded, "submit timeout expired while broadcasting to ordering service")
	}
	return nil, status.Error(codes.Unavailable, "no orderers could successfully process transaction: "+err.Error())
}

// CommitStatus waits until a transaction is committed. It has no time-out of its own: the client's deadline is one.
func (s *Service) CommitStatus(ctx context.Context, signed *gp.SignedCommitStatusRequest) (*gp.CommitStatusResponse, error) {
	if len(signed.GetRequest()) == 0 {
		return nil, status.Error(codes.InvalidArgument, "a commit status request is required")
	}
	request := &gp.CommitStatusRequest{}
	if err := proto.Unmarshal(signed.Request, request); err != nil {
		return nil, status.Errorf(codes.InvalidArgument, "invalid status request: %v", err)
	}
	if err := checkStatusRequest(request); err != nil && !s.before3 {
		return nil, err
	}
	if err := s.authorize(request.ChannelId, request.Identity, signed.Signature, signed.Request); err != nil {
		return nil, err
	}
	return s.awaitCommit(ctx, request.TransactionId)
}

func checkStatusRequest(request *gp.CommitStatusRequest) error {
	switch {
	case len(request.Identity) == 0:
		return status.Error(codes.InvalidArgument, "no identity provided")
	case request.ChannelId == "":
		return status.Error(codes.InvalidArgument, "no channel ID provided")
	case request.TransactionId == "":
		return status.Error(codes.InvalidArgument, "transaction ID should not be empty")
	}
	return nil
}

func (s *Service) awaitCommit(ctx context.Context, id string) (*gp.CommitStatusResponse, error) {
	for {
		_, changed := s.ledger.Height() // before the look-up, so that no commit is missed between the two
		found, err := s.ledger.TxStatus(id)
		if err == nil {
			return &gp.CommitStatusResponse{Result: found.Code, BlockNumber: found.Block}, nil
		}
		if !errors.Is(err, ledger.ErrNotFound) {
			return nil, status.Error(codes.Unavailable, err.Error())
		}
		select {
		case <-changed:
		case <-s.closing:
			return nil, errClosing
		case <-ctx.Done():
			return nil, ended(ctx.Err())
		}
	}
}

// authorize checks who asks about the ledger.
func (s *Service) authorize(channel string, identity, signature, data []byte) error {
	if channel == "" {
		return status.Error(codes.PermissionDenied, "Invalid channel ID name during check policy on signed data. Name must be different from nil.")
	}
	if channel != s.config.Channel {
		return status.Errorf(codes.PermissionDenied, "Failed to get policy manager for channel [%s]", channel)
	}
	if err := s.config.CheckACL(chanconfig.ApplicationReaders, s.config.Signatories(identity, signature, data)...); err != nil {
		return status.Error(codes.PermissionDenied, err.Error())
	}
	return nil
}
