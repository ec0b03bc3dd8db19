package endorse

import (
	"fmt"
	"slices"

	pb "github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"

	"quorate.dev/network/embedded/internal/chanconfig"
	"quorate.dev/network/embedded/internal/fabtx"
	"quorate.dev/network/embedded/internal/ledger"
	"quorate.dev/network/embedded/internal/lifecycle"
)

const (
	queryChaincode         = "qscc"
	configurationChaincode = "cscc"
)

// IsSystem reports whether a name is a system chaincode's. Those answer questions only: definitions are committed when the network starts
// and by nobody else, since there is no approval here that a commit could rest on.
func IsSystem(name string) bool {
	return slices.Contains([]string{queryChaincode, configurationChaincode, lifecycle.Namespace}, name)
}

// question is a call of a system chaincode. Its answers have the texts of Fabric's own.
type question struct {
	endorser *Endorser
	view     ledger.View
	proposal *fabtx.Proposal
	args     [][]byte // the function's name first
}

func (q *question) function() string { return string(q.args[0]) }

// may reports whether the creator may ask it.
func (q *question) may(policy string) error {
	creator, err := q.endorser.Config.Directory.Identity(q.proposal.Signature.Creator)
	if err != nil {
		return err
	}
	return q.endorser.Config.CheckACL(policy, creator)
}

func (e *Endorser) system(view ledger.View, p *fabtx.Proposal) *pb.Response {
	q := &question{endorser: e, view: view, proposal: p, args: p.Input.Args}
	switch p.Invoked {
	case queryChaincode:
		return q.aboutLedger()
	case configurationChaincode:
		return q.aboutConfiguration()
	}
	return q.aboutLifecycle()
}

func answer(result proto.Message, err error) *pb.Response {
	if err != nil {
		return refused("%s", err)
	}
	payload, err := proto.Marshal(result)
	if err != nil {
		return refused("encode the result: %s", err)
	}
	return &pb.Response{Status: 200, Payload: payload}
}

func refused(format string, args ...any) *pb.Response {
	return &pb.Response{Status: statusError, Message: fmt.Sprintf(format, args...)}
}

// aboutConfiguration is cscc.
func (q *question) aboutConfiguration() *pb.Response {
	if len(q.args) == 0 || q.function() != "GetChannels" && len(q.args) < 2 {
		return refused("Incorrect number of arguments, %d", len(q.args))
	}
	channel := q.endorser.Config.Channel
	switch q.function() {
	case "GetChannels":
		return answer(&pb.ChannelQueryResponse{Channels: []*pb.ChannelInfo{{ChannelId: channel}}}, nil)
	case "GetConfigBlock":
		if asked := string(q.args[1]); asked != channel {
			return refused("access denied for [GetConfigBlock][%s]: Failed to get policy manager for channel [%s]", asked, asked)
		}
		if err := q.may(chanconfig.ApplicationReaders); err != nil {
			return refused("access denied for [GetConfigBlock][%s]: %s", channel, err)
		}
		block, err := q.view.Block(0) // the only configuration there is
		return answer(block, err)
	}
	return refused("Requested function %s not found.", q.function())
}
