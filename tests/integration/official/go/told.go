package main

import (
	"errors"

	"github.com/hyperledger/fabric-gateway/pkg/client"
	"github.com/hyperledger/fabric-protos-go-apiv2/gateway"
	"google.golang.org/grpc/status"
)

// told returns what the client says of an error: its kind, status, words, transaction and the peers' details.
func told(err error) answer {
	said := status.Convert(err)
	details := []answer{}
	for _, each := range said.Details() {
		if detail, ok := each.(*gateway.ErrorDetail); ok {
			details = append(details, answer{"address": detail.GetAddress(), "msp_id": detail.GetMspId(), "message": detail.GetMessage()})
		}
	}
	kind, transaction := kindOf(err)
	return answer{
		"kind": kind, "code": int(said.Code()), "message": err.Error(), "transaction": transaction, "details": details,
	}
}

func kindOf(err error) (kind, transaction string) {
	var (
		endorse *client.EndorseError
		submit  *client.SubmitError
		status  *client.CommitStatusError
		commit  *client.CommitError
	)
	switch {
	case errors.As(err, &endorse):
		return "EndorseError", endorse.TransactionID
	case errors.As(err, &submit):
		return "SubmitError", submit.TransactionID
	case errors.As(err, &status):
		return "CommitStatusError", status.TransactionID
	case errors.As(err, &commit):
		return "CommitError", commit.TransactionID
	}
	return "GatewayError", ""
}
