package deliversvc

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	ob "github.com/hyperledger/fabric-protos-go-apiv2/orderer"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/peer"
	"google.golang.org/protobuf/proto"
)

// bounds turns a request into the first and the last block; there is always at least one block. Some odd requests have
// a last block that is before the first: they never come to it, as with Fabric's peers.
func bounds(seek *ob.SeekInfo, height uint64) (first, last uint64, code cb.Status) {
	if seek.Start == nil || seek.Stop == nil {
		return 0, 0, cb.Status_BAD_REQUEST
	}
	newest := height - 1
	switch start := seek.Start.Type.(type) {
	case *ob.SeekPosition_Oldest:
	case *ob.SeekPosition_Newest:
		first = newest
	case *ob.SeekPosition_NextCommit:
		first = height
	case *ob.SeekPosition_Specified:
		first = start.Specified.GetNumber()
	default:
		return 0, 0, cb.Status_BAD_REQUEST
	}
	if first > height {
		return 0, 0, cb.Status_NOT_FOUND
	}
	switch stop := seek.Stop.Type.(type) {
	case *ob.SeekPosition_Oldest:
		last = first
	case *ob.SeekPosition_Newest:
		last = newest
		if proto.Equal(seek.Start, seek.Stop) {
			last = first
		}
	case *ob.SeekPosition_Specified:
		if last = stop.Specified.GetNumber(); last < first {
			return 0, 0, cb.Status_BAD_REQUEST
		}
	default: // nothing else says where to stop, which leaves block 0
	}
	return first, last, cb.Status_SUCCESS
}

// bound reports whether a request names the TLS certificate that it came with, so that nobody can replay it.
func bound(ctx context.Context, claimed []byte) bool {
	p, ok := peer.FromContext(ctx)
	if !ok {
		return false
	}
	info, ok := p.AuthInfo.(credentials.TLSInfo)
	if !ok || len(info.State.PeerCertificates) == 0 {
		return false
	}
	actual := sha256.Sum256(info.State.PeerCertificates[0].Raw)
	return subtle.ConstantTimeCompare(actual[:], claimed) == 1
}
