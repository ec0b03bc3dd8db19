// Package endorse is one organisation's endorsing peer: it checks proposals, simulates them and signs the outcome.
package endorse

import (
	"context"
	"fmt"
	"time"

	pb "github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"

	"quorate.dev/network/embedded/internal/ccpeer"
	"quorate.dev/network/embedded/internal/chanconfig"
	"quorate.dev/network/embedded/internal/fabtx"
	"quorate.dev/network/embedded/internal/ledger"
	"quorate.dev/network/embedded/internal/lifecycle"
	"quorate.dev/network/embedded/internal/msp"
	"quorate.dev/network/embedded/internal/rwset"
)

// executeTimeout is how long a chaincode may work on one proposal, as by Fabric's default.
const executeTimeout = 30 * time.Second

const (
	statusError     = 500 // the chaincode failed
	statusThreshold = 400 // from here on a response is not endorsed
)

// Endorser is the endorsing peer of one organisation.
type Endorser struct {
	MSPID    string
	Address  string
	Identity *msp.Identity

	// Lag and Patience make this peer's state old on purpose; see ledger.Lag.
	Lag      uint64
	Patience time.Duration
	// Clock is this peer's clock, which may be off on purpose.
	Clock func() time.Time
	// TimeWindow is how far a proposal's time may be from this clock; 0: as far as it likes.
	TimeWindow time.Duration

	Signer     *msp.Signer
	Config     *chanconfig.Config
	Ledger     *ledger.Ledger
	Chaincodes map[string]Chaincode
}

// Chaincode runs transactions: inside this program, or wherever it is served.
type Chaincode interface {
	Execute(ctx context.Context, simulation *ccpeer.Simulation, call ccpeer.Invocation) (*pb.Response, *pb.ChaincodeEvent, error)
}

// Result is an endorser's answer. Payload is nil when the peer failed and not the chaincode; Endorsement is nil unless
// the response may go into a transaction.
type Result struct {
	Response    *pb.Response
	Payload     []byte
	Endorsement *pb.Endorsement
	Set         rwset.Set
}

// Has reports whether the endorser runs a chaincode.
func (e *Endorser) Has(chaincode string) bool {
	return e.Chaincodes[chaincode] != nil || IsSystem(chaincode)
}

// Process checks a proposal, simulates it on a snapshot and signs what came out. An error is a refusal of the proposal
// itself; failures of the simulation are results.
func (e *Endorser) Process(ctx context.Context, snapshot *ledger.Snapshot, p *fabtx.Proposal) (*Result, error) {
	if err := e.check(snapshot, p); err != nil {
		return nil, err
	}
	view, err := e.view(snapshot)
	if err != nil {
		return failure(fmt.Errorf("error in simulation: %w", err)), nil
	}
	ctx, cancel := context.WithTimeout(ctx, executeTimeout)
	defer cancel()
	simulation := ccpeer.NewSimulation(view)
	outcome, err := e.simulate(ctx, view, simulation, p)
	if err != nil {
		return failure(err), nil
	}
	return e.conclude(p, outcome, simulation.Set())
}

func failure(err error) *Result {
	return &Result{Response: &pb.Response{Status: statusError, Message: err.Error()}}
}

func (e *Endorser) view(snapshot *ledger.Snapshot) (ledger.View, error) {
	if e.Lag == 0 {
		return snapshot, nil
	}
	return snapshot.Back(e.Ledger.Lag(e.Lag, e.Patience, time.Now()))
}

// outcome is what a chaincode answered.
type outcome struct {
	version  string
	response *pb.Response
	event    *pb.ChaincodeEvent
}

func (e *Endorser) simulate(ctx context.Context, view ledger.View, simulation *ccpeer.Simulation, p *fabtx.Proposal) (*outcome, error) {
	if IsSystem(p.Invoked) {
		return &outcome{version: lifecycle.SystemVersion, response: e.system(view, p)}, nil
	}
	definition, err := lifecycle.Committed(view, p.Invoked)
	if err != nil {
		return nil, err
	}
	if definition == nil || e.Chaincodes[p.Invoked] == nil {
		return nil, fmt.Errorf("make sure the chaincode %s has been successfully defined on channel %s and try again: chaincode %s not found",
			p.Invoked, p.Channel.ChannelId, p.Invoked)
	}
	// Fabric reads the definition's sequence through the simulator, so it stands in every read set.
	if _, err := simulation.Get(lifecycle.Namespace, lifecycle.FieldKey(p.Invoked, lifecycle.Sequence)); err != nil {
		return nil, err
	}
	response, event, err := e.Chaincodes[p.Invoked].Execute(ctx, simulation, ccpeer.Invocation{
		Channel: p.Channel.ChannelId, TxID: p.Channel.TxId, Proposal: p.Signed,
		Input: &pb.ChaincodeInput{Args: p.Input.Args, Decorations: p.Input.Decorations},
	})
	if err != nil {
		return nil, fmt.Errorf("error in simulation: %w", err)
	}
	return &outcome{version: definition.Version, response: response, event: event}, nil
}

// conclude makes the proposal response and, for a good one, the endorsement.
func (e *Endorser) conclude(p *fabtx.Proposal, o *outcome, set rwset.Set) (*Result, error) {
	result := &Result{Response: o.response, Set: set}
	if o.response.Status >= statusThreshold && o.response.Status < statusError {
		return result, nil
	}
	payload, err := Payload(p, o.version, o.response, o.event, set)
	if err != nil {
		return nil, err
	}
	result.Payload = payload
	if o.response.Status >= statusError {
		return result, nil
	}
	result.Endorsement, err = Sign(e.Signer, e.Config.Directory, payload)
	return result, err
}

// Payload makes the ProposalResponsePayload that endorsers sign and compare.
func Payload(p *fabtx.Proposal, version string, response *pb.Response, event *pb.ChaincodeEvent, set rwset.Set) ([]byte, error) {
	results, err := set.Marshal()
	if err != nil {
		return nil, err
	}
	action := &pb.ChaincodeAction{
		Results: results, Response: response, ChaincodeId: &pb.ChaincodeID{Name: p.Invoked, Version: version},
	}
	if event != nil {
		if action.Events, err = proto.Marshal(event); err != nil {
			return nil, fmt.Errorf("encode the event: %w", err)
		}
	}
	extension, err := proto.Marshal(action)
	if err != nil {
		return nil, fmt.Errorf("encode the action: %w", err)
	}
	visible, err := p.VisiblePayload()
	if err != nil {
		return nil, fmt.Errorf("encode the proposal's payload: %w", err)
	}
	return proto.Marshal(&pb.ProposalResponsePayload{
		ProposalHash: fabtx.ProposalHash(p.Header.ChannelHeader, p.Header.SignatureHeader, visible), Extension: extension,
	})
}

// Sign makes an endorsement.
func Sign(signer *msp.Signer, directory *msp.Directory, payload []byte) (*pb.Endorsement, error) {
	signature, err := signer.SignKnown(directory, payload, signer.Serialized)
	if err != nil {
		return nil, err
	}
	return &pb.Endorsement{Endorser: signer.Serialized, Signature: signature}, nil
}
