package gatewaysvc

import (
	"errors"

	gp "github.com/hyperledger/fabric-protos-go-apiv2/gateway"
	ob "github.com/hyperledger/fabric-protos-go-apiv2/orderer"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"quorate.dev/network/embedded/internal/ledger"
)

// ChaincodeEvents streams the events of valid transactions, block by block.
func (s *Service) ChaincodeEvents(signed *gp.SignedChaincodeEventsRequest, stream grpc.ServerStreamingServer[gp.ChaincodeEventsResponse]) error {
	if len(signed.GetRequest()) == 0 {
		return status.Error(codes.InvalidArgument, "a chaincode events request is required")
	}
	request := &gp.ChaincodeEventsRequest{}
	if err := proto.Unmarshal(signed.Request, request); err != nil {
		return status.Errorf(codes.InvalidArgument, "invalid chaincode events request: %v", err)
	}
	if err := s.authorize(request.ChannelId, request.Identity, signed.Signature, signed.Request); err != nil {
		return err
	}
	sender := &eventSender{service: s, stream: stream, chaincode: request.ChaincodeId}
	if err := sender.start(request); err != nil {
		return err
	}
	return sender.follow()
}

type eventSender struct {
	service   *Service
	stream    grpc.ServerStreamingServer[gp.ChaincodeEventsResponse]
	chaincode string
	next      uint64 // block
	after     string // while this is not empty, the event of this transaction has still to pass
}

// start finds where to begin. A transaction id that is on the ledger takes precedence over the start position. As with
// Fabric's peers nothing comes until that transaction's event has passed, so nothing at all if it has none.
func (e *eventSender) start(request *gp.ChaincodeEventsRequest) error {
	if e.after = request.AfterTransactionId; e.after != "" {
		found, err := e.service.ledger.TxStatus(e.after)
		if err == nil {
			e.next = found.Block
			return nil
		}
		if !errors.Is(err, ledger.ErrNotFound) {
			return status.Error(codes.Unavailable, err.Error())
		}
	}
	switch position := request.StartPosition.GetType().(type) {
	case nil, *ob.SeekPosition_NextCommit:
		e.next, _ = e.service.ledger.Height()
	case *ob.SeekPosition_Specified:
		e.next = position.Specified.GetNumber()
	default:
		return status.Errorf(codes.InvalidArgument, "invalid start position type: %T", position)
	}
	return nil
}

func (e *eventSender) follow() error {
	for {
		height, changed := e.service.ledger.Height()
		for ; e.next < height; e.next++ {
			if err := e.send(); err != nil {
				return err
			}
		}
		select {
		case <-changed:
		case <-e.service.closing:
			return errClosing
		case <-e.stream.Context().Done():
			return ended(e.stream.Context().Err())
		}
	}
}

func (e *eventSender) send() error {
	events, err := e.service.events.of(e.service.ledger, e.next)
	if err != nil {
		return status.Error(codes.Unavailable, err.Error())
	}
	response := &gp.ChaincodeEventsResponse{BlockNumber: e.next}
	for _, event := range events {
		switch {
		case e.after != "":
			if event.TxId == e.after {
				e.after = ""
			}
		case event.ChaincodeId == e.chaincode:
			response.Events = append(response.Events, event)
		}
	}
	if len(response.Events) == 0 {
		return nil
	}
	return e.stream.Send(response)
}
