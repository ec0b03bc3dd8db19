package gatewaysvc

import (
	"context"
	"errors"
	"fmt"

	gp "github.com/hyperledger/fabric-protos-go-apiv2/gateway"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"

	"quorate.dev/network/embedded/internal/endorse"
	"quorate.dev/network/embedded/internal/ledger"
)

const (
	endorseFailed = "failed to endorse transaction, see attached details for more info"
	collectFailed = "failed to collect enough transaction endorsements, see attached details for more info"
	mismatch      = "ProposalResponsePayloads do not match"
)

// errClosing ends calls that wait while the network goes down. Clients retry on UNAVAILABLE.
var errClosing = status.Error(codes.Unavailable, "the embedded network is shutting down")

// failed makes a status with one detail for each peer that failed.
func failed(code codes.Code, message string, details ...*gp.ErrorDetail) error {
	st := status.New(code, message)
	converted := make([]protoadapt.MessageV1, len(details))
	for i, d := range details {
		converted[i] = protoadapt.MessageV1Of(d)
	}
	if detailed, err := st.WithDetails(converted...); err == nil {
		st = detailed
	}
	return st.Err()
}

func detail(e *endorse.Endorser, message string) *gp.ErrorDetail {
	return &gp.ErrorDetail{Address: e.Address, MspId: e.MSPID, Message: message}
}

// verdict is what a gateway makes of an endorser's answer.
type verdict struct {
	code    codes.Code
	message string
	retry   bool // another peer may answer otherwise
}

func (v verdict) ok() bool { return v.code == codes.OK }

// judge distinguishes, as Fabric's gateway does: a proposal that the own peer refused, which is the client's fault
// (FAILED_PRECONDITION); one that did not come to an endorser, or came back from another peer as an error, of which
// nothing else is known (UNAVAILABLE); a peer that could not run the chaincode (ABORTED); and a chaincode's own error
// (UNKNOWN).
func (s *Service) judge(target *endorse.Endorser, result *endorse.Result, refusal error) verdict {
	var filtered *endorse.FilterError
	switch {
	case refusal != nil && target != s.local():
		return verdict{codes.Unavailable, "rpc error: code = Unknown desc = " + refusal.Error(), true}
	case errors.As(refusal, &filtered):
		return verdict{codes.Unavailable, refusal.Error(), true}
	case refusal != nil:
		return verdict{codes.FailedPrecondition, refusal.Error(), false}
	case result.Response.Status >= 200 && result.Response.Status < 400:
		return verdict{code: codes.OK}
	case result.Payload == nil && result.Response.Status == 500:
		return verdict{codes.Aborted, result.Response.Message, true}
	}
	return verdict{codes.Unknown, fmt.Sprintf("chaincode response %d, %s", result.Response.Status, result.Response.Message), false}
}

// unknownChannel is what becomes of requests for a channel that the peer has not joined.
func unknownChannel(channel string) string {
	return fmt.Sprintf("failed to get config for channel [%s]: could not get last config for channel %s", channel, channel)
}

// unplanned says that nobody can be found to endorse.
func unplanned(reason string) error {
	message := "no combination of peers can be derived which satisfy the endorsement policy"
	if reason != "" {
		message += ": " + reason
	}
	return status.Error(codes.FailedPrecondition, message)
}

// ended turns the end of a call's context into a status.
func ended(err error) error {
	if errors.Is(err, context.Canceled) {
		return status.Error(codes.Canceled, err.Error())
	}
	return status.Error(codes.DeadlineExceeded, err.Error())
}

// released closes a call's snapshots. The call's own error comes first, and unwrapped: gRPC sends it as it is.
func released(err error, snapshots []*ledger.Snapshot) error {
	if failure := ledger.CloseAll(snapshots); failure != nil && err == nil {
		return status.Error(codes.Internal, failure.Error())
	}
	return err
}
