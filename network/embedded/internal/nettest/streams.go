package nettest

import (
	"context"
	"crypto/rand"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	gp "github.com/hyperledger/fabric-protos-go-apiv2/gateway"
	ob "github.com/hyperledger/fabric-protos-go-apiv2/orderer"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// Events opens a stream of the chaincode's events.
func (c *Client) Events(ctx context.Context, start *ob.SeekPosition, after string) (grpc.ServerStreamingClient[gp.ChaincodeEventsResponse], error) {
	raw, err := proto.Marshal(&gp.ChaincodeEventsRequest{
		ChannelId: c.Channel, ChaincodeId: "quorate", Identity: c.Signer.Serialized, StartPosition: start, AfterTransactionId: after,
	})
	if err != nil {
		return nil, err
	}
	signature, err := c.Signer.Sign(raw)
	if err != nil {
		return nil, err
	}
	return c.Gateway.ChaincodeEvents(ctx, &gp.SignedChaincodeEventsRequest{Request: raw, Signature: signature})
}

// At is the position of a block.
func At(number uint64) *ob.SeekPosition {
	return &ob.SeekPosition{Type: &ob.SeekPosition_Specified{Specified: &ob.SeekSpecified{Number: number}}}
}

// Oldest, Newest and Next are the positions that have a name.
func Oldest() *ob.SeekPosition {
	return &ob.SeekPosition{Type: &ob.SeekPosition_Oldest{Oldest: &ob.SeekOldest{}}}
}

// Newest is the last block there is.
func Newest() *ob.SeekPosition {
	return &ob.SeekPosition{Type: &ob.SeekPosition_Newest{Newest: &ob.SeekNewest{}}}
}

// Next is the first block there is not.
func Next() *ob.SeekPosition {
	return &ob.SeekPosition{Type: &ob.SeekPosition_NextCommit{NextCommit: &ob.SeekNextCommit{}}}
}

// Seek makes a signed request for blocks. The edit may change its channel header.
func (c *Client) Seek(seek *ob.SeekInfo, edit func(*cb.ChannelHeader)) (*cb.Envelope, error) {
	header := &cb.ChannelHeader{
		Type: int32(cb.HeaderType_DELIVER_SEEK_INFO), ChannelId: c.Channel, Timestamp: timestamppb.Now(), TlsCertHash: c.tlsHash,
	}
	if edit != nil {
		edit(header)
	}
	channel, err := proto.Marshal(header)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, 24)
	if _, err := rand.Read(nonce); err != nil {
		return nil, err
	}
	signature, err := proto.Marshal(&cb.SignatureHeader{Creator: c.Signer.Serialized, Nonce: nonce})
	if err != nil {
		return nil, err
	}
	data, err := proto.Marshal(seek)
	if err != nil {
		return nil, err
	}
	payload, err := proto.Marshal(&cb.Payload{Header: &cb.Header{ChannelHeader: channel, SignatureHeader: signature}, Data: data})
	if err != nil {
		return nil, err
	}
	envelope := &cb.Envelope{Payload: payload}
	envelope.Signature, err = c.Signer.Sign(payload)
	return envelope, err
}
