package main

import (
	"context"
	"fmt"
	"time"

	"github.com/hyperledger/fabric-gateway/pkg/client"
)

type answer map[string]any

func (s *session) answer(asked *request) answer {
	operations := map[string]func(*request) (answer, error){
		"evaluate":     s.evaluate,
		"submit":       s.submit,
		"submit_async": s.submitAsync,
		"propose":      s.propose,
		"endorse":      s.endorse,
		"send":         s.send,
		"status":       s.status,
		"events":       s.follow,
		"next":         s.next,
		"cancel":       s.stop,
		"blocks":       s.blocks,
		"filtered":     s.filtered,
		"private":      s.private,
	}
	operation, known := operations[asked.Op]
	if !known {
		return answer{"error": answer{"message": "unknown operation " + asked.Op}}
	}
	result, err := operation(asked)
	if err != nil {
		return answer{"error": told(err)}
	}
	return result
}

func (s *session) contract(gateway *client.Gateway, asked *request) *client.Contract {
	name := s.Chaincode
	if asked.Chaincode != "" {
		name = asked.Chaincode
	}
	return gateway.GetNetwork(s.Channel).GetContract(name)
}

func (s *session) evaluate(asked *request) (answer, error) {
	ctx, cancel := within(asked)
	defer cancel()
	result, err := s.contract(s.signing, asked).EvaluateWithContext(ctx, asked.Function, client.WithArguments(asked.Arguments...))
	return answer{"result": string(result)}, err
}

func (s *session) submit(asked *request) (answer, error) {
	ctx, cancel := within(asked)
	defer cancel()
	result, err := s.contract(s.signing, asked).SubmitWithContext(ctx, asked.Function, client.WithArguments(asked.Arguments...))
	return answer{"result": string(result)}, err
}

func (s *session) submitAsync(asked *request) (answer, error) {
	result, commit, err := s.contract(s.signing, asked).SubmitAsync(asked.Function, client.WithArguments(asked.Arguments...))
	if err != nil {
		return nil, err
	}
	found, err := statusOf(commit, asked)
	if err == nil {
		found["result"] = string(result)
	}
	return found, err
}

// within gives a call the time that the request says, or the client's own default.
func within(asked *request) (context.Context, context.CancelFunc) {
	if asked.TimeoutMS == 0 {
		return context.WithTimeout(context.Background(), 30*time.Second)
	}
	return context.WithTimeout(context.Background(), time.Duration(asked.TimeoutMS)*time.Millisecond)
}

func statusOf(commit *client.Commit, asked *request) (answer, error) {
	ctx, cancel := within(asked)
	defer cancel()
	status, err := commit.StatusWithContext(ctx)
	if err != nil {
		return nil, err
	}
	return answer{
		"transaction": status.TransactionID,
		"code":        int(status.Code),
		"block":       fmt.Sprint(status.BlockNumber),
		"successful":  status.Successful,
	}, nil
}
