package node_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"testing"
	"time"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	gp "github.com/hyperledger/fabric-protos-go-apiv2/gateway"
	ob "github.com/hyperledger/fabric-protos-go-apiv2/orderer"
	pb "github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	"quorate.dev/network/embedded/internal/nettest"
)

// take receives names of events until it has some number of them.
func take(t *testing.T, stream grpc.ServerStreamingClient[gp.ChaincodeEventsResponse], n int) (names []string) {
	t.Helper()
	for len(names) < n {
		response, err := stream.Recv()
		if err != nil {
			t.Fatal(err)
		}
		for _, event := range response.Events {
			names = append(names, event.EventName)
		}
	}
	return names
}

func TestEventsResume(t *testing.T) {
	r := startFresh(t, 2)
	c := r.client(t, "alder")
	var ids []string
	var blocks []uint64
	for _, name := range []string{"one", "two", "three"} {
		envelope, id, err := c.Endorse(deadline(t), nil, "Emit", name, "payload")
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Send(deadline(t), envelope, id); err != nil {
			t.Fatal(err)
		}
		committed, err := c.Status(deadline(t), id)
		if err != nil {
			t.Fatal(err)
		}
		ids, blocks = append(ids, id), append(blocks, committed.BlockNumber)
	}
	for _, test := range []struct {
		name  string
		start *ob.SeekPosition
		after string
		want  []string
	}{
		{"from a block", nettest.At(blocks[1]), "", []string{"two", "three"}},
		{"from the beginning", nettest.At(0), "", []string{"one", "two", "three"}},
		{"after a transaction", nettest.At(blocks[0]), ids[0], []string{"two", "three"}},
		{"a transaction outranks the block", nettest.At(0), ids[1], []string{"three"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			stream, err := c.Events(deadline(t), test.start, test.after)
			if err != nil {
				t.Fatal(err)
			}
			if got := take(t, stream, len(test.want)); !slices.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
	stream, err := c.Events(deadline(t), nettest.Oldest(), "")
	if err != nil {
		t.Fatal(err)
	}
	_, err = stream.Recv()
	wantStatus(t, err, codes.InvalidArgument, "invalid start position type")
}

func TestEventsOfInvalidTransactionsAreNotSent(t *testing.T) {
	r := startFresh(t, 2)
	c := r.client(t, "alder")
	stream, err := c.Events(deadline(t), nettest.At(0), "")
	if err != nil {
		t.Fatal(err)
	}
	envelope, id, err := c.Endorse(deadline(t), []string{"AlderMSP"}, "Emit", "too few endorsements", "x")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Send(deadline(t), envelope, id); err != nil {
		t.Fatal(err)
	}
	submitValid(t, c, "Emit", "good", "x")
	if got := take(t, stream, 1); got[0] != "good" {
		t.Errorf("got %v", got)
	}
}

func TestStopEndsStreams(t *testing.T) {
	r := start(t, newMaterial(t, 1), t.TempDir())
	c := r.client(t, "alder")
	stream, err := c.Events(deadline(t), nil, "")
	if err != nil {
		t.Fatal(err)
	}
	waiting := make(chan error, 1)
	go func() {
		_, err := c.Status(context.Background(), "never")
		waiting <- err
	}()
	submitValid(t, c, "Put", "key", "value") // the stream and the call have come in by now or will be refused
	began := time.Now()
	stop(t, r)
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("stopping took %s", took)
	}
	_, err = stream.Recv()
	wantStatus(t, err, codes.Unavailable, "")
	wantStatus(t, <-waiting, codes.Unavailable, "")
}

type blocks = grpc.BidiStreamingClient[cb.Envelope, pb.DeliverResponse]

// ask sends one request on a stream and collects block numbers until the status comes.
func ask(t *testing.T, c *nettest.Client, stream blocks, seek *ob.SeekInfo, edit func(*cb.ChannelHeader)) ([]uint64, cb.Status) {
	t.Helper()
	envelope, err := c.Seek(seek, edit)
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.Send(envelope); err != nil {
		t.Fatal(err)
	}
	var numbers []uint64
	for {
		response, err := stream.Recv()
		if err != nil {
			t.Fatal(err)
		}
		switch r := response.Type.(type) {
		case *pb.DeliverResponse_Block:
			numbers = append(numbers, r.Block.Header.Number)
		case *pb.DeliverResponse_FilteredBlock:
			numbers = append(numbers, r.FilteredBlock.Number)
		case *pb.DeliverResponse_BlockAndPrivateData:
			numbers = append(numbers, r.BlockAndPrivateData.Block.Header.Number)
		case *pb.DeliverResponse_Status:
			return numbers, r.Status
		}
	}
}

func TestDeliver(t *testing.T) {
	r := startFresh(t, 1) // blocks 0, the genesis, and 1, the chaincode's definition
	c := r.client(t, "alder")
	submitValid(t, c, "Put", "key", "value") // block 2
	service := pb.NewDeliverClient(c.Conn)
	now := func(*cb.ChannelHeader) {}
	for _, test := range []struct {
		name string
		seek *ob.SeekInfo
		edit func(*cb.ChannelHeader)
		want []uint64
		code cb.Status
	}{
		{"all", &ob.SeekInfo{Start: nettest.Oldest(), Stop: nettest.Newest()}, now, []uint64{0, 1, 2}, cb.Status_SUCCESS},
		{"oldest", &ob.SeekInfo{Start: nettest.Oldest(), Stop: nettest.Oldest()}, now, []uint64{0}, cb.Status_SUCCESS},
		{"newest", &ob.SeekInfo{Start: nettest.Newest(), Stop: nettest.Newest()}, now, []uint64{2}, cb.Status_SUCCESS},
		{"some", &ob.SeekInfo{Start: nettest.At(1), Stop: nettest.At(2)}, now, []uint64{1, 2}, cb.Status_SUCCESS},
		{"not ready", &ob.SeekInfo{Start: nettest.At(2), Stop: nettest.At(9), Behavior: ob.SeekInfo_FAIL_IF_NOT_READY}, now, []uint64{2}, cb.Status_NOT_FOUND},
		{"too far", &ob.SeekInfo{Start: nettest.At(9), Stop: nettest.At(9)}, now, nil, cb.Status_NOT_FOUND},
		{"backwards", &ob.SeekInfo{Start: nettest.At(2), Stop: nettest.At(1)}, now, nil, cb.Status_BAD_REQUEST},
		{"no bounds", &ob.SeekInfo{}, now, nil, cb.Status_BAD_REQUEST},
		{"other channel", &ob.SeekInfo{Start: nettest.Oldest(), Stop: nettest.Oldest()}, func(h *cb.ChannelHeader) { h.ChannelId = "other" }, nil, cb.Status_NOT_FOUND},
		{"old request", &ob.SeekInfo{Start: nettest.Oldest(), Stop: nettest.Oldest()}, func(h *cb.ChannelHeader) { h.Timestamp = timestamppb.New(time.Now().Add(-time.Hour)) }, nil, cb.Status_BAD_REQUEST},
		{"not bound to TLS", &ob.SeekInfo{Start: nettest.Oldest(), Stop: nettest.Oldest()}, func(h *cb.ChannelHeader) { h.TlsCertHash = nil }, nil, cb.Status_BAD_REQUEST},
		{"bound to other TLS", &ob.SeekInfo{Start: nettest.Oldest(), Stop: nettest.Oldest()}, func(h *cb.ChannelHeader) { h.TlsCertHash[0] ^= 1 }, nil, cb.Status_BAD_REQUEST},
	} {
		t.Run(test.name, func(t *testing.T) {
			for variant, open := range map[string]func(context.Context, ...grpc.CallOption) (blocks, error){
				"Deliver": service.Deliver, "DeliverFiltered": service.DeliverFiltered, "DeliverWithPrivateData": service.DeliverWithPrivateData,
			} {
				stream, err := open(deadline(t))
				if err != nil {
					t.Fatal(err)
				}
				// The client's hash must not be changed by the edit of an earlier variant.
				got, code := ask(t, c, stream, test.seek, func(h *cb.ChannelHeader) { h.TlsCertHash = slices.Clone(h.TlsCertHash); test.edit(h) })
				if !slices.Equal(got, test.want) || code != test.code {
					t.Errorf("%s: got %v %s, want %v %s", variant, got, code, test.want, test.code)
				}
			}
		})
	}
}

func TestDeliverRefusesABadSignature(t *testing.T) {
	r := startFresh(t, 1)
	c := r.client(t, "alder")
	stream, err := pb.NewDeliverClient(c.Conn).Deliver(deadline(t))
	if err != nil {
		t.Fatal(err)
	}
	envelope, err := c.Seek(&ob.SeekInfo{Start: nettest.Oldest(), Stop: nettest.Oldest()}, nil)
	if err != nil {
		t.Fatal(err)
	}
	envelope.Signature[9] ^= 1
	if err := stream.Send(envelope); err != nil {
		t.Fatal(err)
	}
	response, err := stream.Recv()
	if err != nil || response.GetStatus() != cb.Status_FORBIDDEN {
		t.Errorf("%v %v", response, err)
	}
	if _, err := stream.Recv(); !errors.Is(err, io.EOF) {
		t.Errorf("the stream goes on: %v", err)
	}
}

func TestDeliverFollows(t *testing.T) {
	r := startFresh(t, 1)
	c := r.client(t, "alder")
	stream, err := pb.NewDeliverClient(c.Conn).DeliverFiltered(deadline(t))
	if err != nil {
		t.Fatal(err)
	}
	envelope, err := c.Seek(&ob.SeekInfo{Start: nettest.At(2), Stop: nettest.At(3)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.Send(envelope); err != nil {
		t.Fatal(err)
	}
	submitValid(t, c, "Emit", "first", "secret")
	submitValid(t, c, "Put", "key", "value")
	for i, want := range []string{"first", ""} {
		response, err := stream.Recv()
		if err != nil {
			t.Fatal(err)
		}
		transaction := response.GetFilteredBlock().FilteredTransactions[0]
		actions := transaction.GetTransactionActions().ChaincodeActions
		if want == "" && len(actions) != 0 || want != "" && (actions[0].ChaincodeEvent.EventName != want || actions[0].ChaincodeEvent.Payload != nil) {
			t.Errorf("block %d: %v", i+2, transaction)
		}
	}
}

func TestOrdererDeliversWithoutWhatPeersAdd(t *testing.T) {
	r := startFresh(t, 1)
	c := r.client(t, "alder")
	orderer, err := r.material.Dial("alder", r.ready.Orderer)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = orderer.Conn.Close() }()
	stream, err := ob.NewAtomicBroadcastClient(orderer.Conn).Deliver(deadline(t))
	if err != nil {
		t.Fatal(err)
	}
	envelope, err := c.Seek(&ob.SeekInfo{Start: nettest.At(1), Stop: nettest.At(1)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.Send(envelope); err != nil {
		t.Fatal(err)
	}
	response, err := stream.Recv()
	if err != nil {
		t.Fatal(err)
	}
	broadcast, err := ob.NewAtomicBroadcastClient(orderer.Conn).Broadcast(deadline(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := broadcast.Send(&cb.Envelope{}); err != nil {
		t.Fatal(err)
	}
	answer, err := broadcast.Recv()
	if err != nil || answer.Status != cb.Status_BAD_REQUEST || answer.Info != "could not determine channel ID: header not set" {
		t.Errorf("an empty envelope: %v %v", answer, err)
	}
	if _, err := broadcast.Recv(); !errors.Is(err, io.EOF) {
		t.Errorf("the stream goes on: %v", err)
	}
	slots := response.GetBlock().Metadata.Metadata
	if len(slots[cb.BlockMetadataIndex_TRANSACTIONS_FILTER])+len(slots[cb.BlockMetadataIndex_COMMIT_HASH]) != 0 || len(slots[cb.BlockMetadataIndex_SIGNATURES]) == 0 {
		t.Errorf("metadata %v", slots)
	}
}
