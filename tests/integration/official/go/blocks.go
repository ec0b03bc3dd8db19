package main

import (
	"context"
	"fmt"

	"github.com/hyperledger/fabric-gateway/pkg/client"
	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/grpc"
)

func (s *session) blocks(asked *request) (answer, error) {
	request, err := s.signing.GetNetwork(s.Channel).NewBlockEventsRequest(client.WithStartBlock(asked.StartBlock))
	if err != nil {
		return nil, err
	}
	return numbers(asked, request.Events, func(block *common.Block) uint64 { return block.GetHeader().GetNumber() })
}

func (s *session) filtered(asked *request) (answer, error) {
	request, err := s.signing.GetNetwork(s.Channel).NewFilteredBlockEventsRequest(client.WithStartBlock(asked.StartBlock))
	if err != nil {
		return nil, err
	}
	return numbers(asked, request.Events, (*peer.FilteredBlock).GetNumber)
}

func (s *session) private(asked *request) (answer, error) {
	request, err := s.signing.GetNetwork(s.Channel).NewBlockAndPrivateDataEventsRequest(client.WithStartBlock(asked.StartBlock))
	if err != nil {
		return nil, err
	}
	return numbers(asked, request.Events, func(block *peer.BlockAndPrivateData) uint64 {
		return block.GetBlock().GetHeader().GetNumber()
	})
}

// numbers opens a stream of blocks and returns the numbers of the first ones.
func numbers[T any](
	asked *request, open func(context.Context, ...grpc.CallOption) (<-chan T, error), number func(T) uint64,
) (answer, error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ended := make(chan error, 1)
	blocks, err := open(ctx, grpc.OnFinish(func(err error) { ended <- err }))
	if err != nil {
		return nil, err
	}
	var found []string
	for len(found) < asked.Count {
		block, err := receive(blocks, ended)
		if err != nil {
			return nil, err
		}
		found = append(found, fmt.Sprint(number(block)))
	}
	return answer{"blocks": found}, nil
}
