package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hyperledger/fabric-gateway/pkg/client"
	"google.golang.org/grpc"
)

const patience = 15 * time.Second

// stream is what is followed until it is cancelled. The client closes its channel without saying why a call ended;
// gRPC tells.
type stream struct {
	events <-chan *client.ChaincodeEvent
	ended  chan error
}

// follow opens the stream of chaincode events, from a block or after a checkpoint.
func (s *session) follow(asked *request) (answer, error) {
	ctx, cancel := context.WithCancel(context.Background())
	options := []client.ChaincodeEventsOption{client.WithStartBlock(asked.StartBlock)}
	if asked.Transaction != "" {
		seen := new(client.InMemoryCheckpointer)
		seen.CheckpointTransaction(asked.StartBlock, asked.Transaction)
		options = append(options, client.WithCheckpoint(seen))
	}
	request, err := s.signing.GetNetwork(s.Channel).NewChaincodeEventsRequest(s.Chaincode, options...)
	if err != nil {
		cancel()
		return nil, err
	}
	ended := make(chan error, 1)
	events, err := request.Events(ctx, grpc.OnFinish(func(err error) { ended <- err }))
	if err != nil {
		cancel()
		return nil, err
	}
	s.cancel, s.events = cancel, &stream{events: events, ended: ended}
	return answer{}, nil
}

// next returns so many events.
func (s *session) next(asked *request) (answer, error) {
	var found []answer
	for len(found) < asked.Count {
		event, err := receive(s.events.events, s.events.ended)
		if err != nil {
			return nil, err
		}
		found = append(found, answer{
			"block":       fmt.Sprint(event.BlockNumber),
			"transaction": event.TransactionID,
			"name":        event.EventName,
			"payload":     string(event.Payload),
		})
	}
	return answer{"events": found}, nil
}

// stop cancels the stream and waits for its end.
func (s *session) stop(*request) (answer, error) {
	s.cancel()
	deadline := time.After(patience)
	for {
		select {
		case _, open := <-s.events.events:
			if !open {
				return answer{"ended": true}, nil
			}
		case <-deadline:
			return nil, errors.New("the stream does not end")
		}
	}
}

// receive returns the next item, or why there is none.
func receive[T any](items <-chan T, ended <-chan error) (T, error) {
	var none T
	select {
	case item, open := <-items:
		if open {
			return item, nil
		}
	case <-time.After(patience):
		return none, errors.New("nothing came")
	}
	select {
	case err := <-ended:
		return none, err
	case <-time.After(patience):
		return none, errors.New("the stream ended and did not say why")
	}
}
