package deliversvc

import (
	"context"
	"errors"
	"io"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset"
	ob "github.com/hyperledger/fabric-protos-go-apiv2/orderer"
	pb "github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"quorate.dev/network/embedded/internal/order"
)

// Peer is the peer's delivery service: committed blocks, with their filter and commit hash.
type Peer struct {
	pb.UnimplementedDeliverServer

	Config Config
}

type peerStream = grpc.BidiStreamingServer[cb.Envelope, pb.DeliverResponse]

// Deliver streams whole blocks.
func (p *Peer) Deliver(stream peerStream) error {
	return p.serve(stream, func(b *cb.Block) *pb.DeliverResponse {
		return &pb.DeliverResponse{Type: &pb.DeliverResponse_Block{Block: b}}
	})
}

// DeliverFiltered streams transaction ids, codes and the names of events.
func (p *Peer) DeliverFiltered(stream peerStream) error {
	return p.serve(stream, func(b *cb.Block) *pb.DeliverResponse {
		return &pb.DeliverResponse{Type: &pb.DeliverResponse_FilteredBlock{FilteredBlock: filtered(b)}}
	})
}

// DeliverWithPrivateData streams whole blocks; there is no private data to go with them.
func (p *Peer) DeliverWithPrivateData(stream peerStream) error {
	return p.serve(stream, func(b *cb.Block) *pb.DeliverResponse {
		return &pb.DeliverResponse{Type: &pb.DeliverResponse_BlockAndPrivateData{
			BlockAndPrivateData: &pb.BlockAndPrivateData{Block: b, PrivateDataMap: map[uint64]*rwset.TxPvtReadWriteSet{}},
		}}
	})
}

func (p *Peer) serve(stream peerStream, wrap func(*cb.Block) *pb.DeliverResponse) error {
	return p.Config.serve(outlet{
		context: stream.Context(), receive: stream.Recv,
		block: func(b *cb.Block) error { return stream.Send(wrap(b)) },
		status: func(s cb.Status) error {
			return stream.Send(&pb.DeliverResponse{Type: &pb.DeliverResponse_Status{Status: s}})
		},
	})
}

// Broadcaster is the way to the orderer.
type Broadcaster interface {
	Broadcast(ctx context.Context, envelope *cb.Envelope) error
}

// Orderer is the orderer's own service, by which real peers can follow the chain.
type Orderer struct {
	ob.UnimplementedAtomicBroadcastServer

	Config      Config
	Broadcaster Broadcaster
}

// Deliver streams blocks as an orderer has them: without what peers add.
func (o *Orderer) Deliver(stream grpc.BidiStreamingServer[cb.Envelope, ob.DeliverResponse]) error {
	return o.Config.serve(outlet{
		context: stream.Context(), receive: stream.Recv,
		block: func(b *cb.Block) error {
			return stream.Send(&ob.DeliverResponse{Type: &ob.DeliverResponse_Block{Block: ordered(b)}})
		},
		status: func(s cb.Status) error {
			return stream.Send(&ob.DeliverResponse{Type: &ob.DeliverResponse_Status{Status: s}})
		},
	})
}

// Broadcast takes transactions, one after the other until one is refused.
func (o *Orderer) Broadcast(stream grpc.BidiStreamingServer[cb.Envelope, ob.BroadcastResponse]) error {
	for {
		envelope, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		response := o.taken(stream.Context(), envelope)
		if err := stream.Send(response); err != nil || response.Status != cb.Status_SUCCESS {
			return err
		}
	}
}

func (o *Orderer) taken(ctx context.Context, envelope *cb.Envelope) *ob.BroadcastResponse {
	err := o.Broadcaster.Broadcast(ctx, envelope)
	var refusal *order.Refusal
	switch {
	case err == nil:
		return &ob.BroadcastResponse{Status: cb.Status_SUCCESS}
	case errors.As(err, &refusal):
		return &ob.BroadcastResponse{Status: refusal.Status, Info: refusal.Info}
	}
	return &ob.BroadcastResponse{Status: cb.Status_SERVICE_UNAVAILABLE, Info: err.Error()}
}

func ordered(block *cb.Block) *cb.Block {
	metadata, _ := proto.Clone(block.Metadata).(*cb.BlockMetadata)
	metadata.Metadata[cb.BlockMetadataIndex_TRANSACTIONS_FILTER] = nil
	metadata.Metadata[cb.BlockMetadataIndex_COMMIT_HASH] = nil
	return &cb.Block{Header: block.Header, Data: block.Data, Metadata: metadata}
}
