package ccpeer

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	pb "github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"
)

// Chaincode is one running chaincode instance, seen from the peer. The shim refuses two executions of one transaction
// id, so every organisation has its own instance.
type Chaincode struct {
	name   string
	stream Stream

	packageID string // as it registered; set before ready is closed

	sending sync.Mutex

	mu      sync.Mutex
	running map[string]*execution
	queries uint64
	failure error

	ready chan struct{}
	ended chan struct{}
}

// execution is one transaction that the chaincode works on.
type execution struct {
	mu         sync.Mutex // the view below is for one goroutine at a time
	simulation *Simulation
	channel    string
	chaincode  string
	txID       string
	queries    map[string]*openQuery
	finished   bool
	done       chan *pb.ChaincodeMessage // closed without a message when the chaincode died on it
}

// ErrStreamEnded is what callers get when the chaincode goes away while it works for them.
var ErrStreamEnded = errors.New("chaincode stream terminated")

// Start runs a chaincode inside this process on the official shim.
func Start(ctx context.Context, name string, chaincode shim.Chaincode) (*Chaincode, error) {
	peer, side := newPipe()
	c := newChaincode(name, peer)
	go func() {
		// The shim says why it stopped; a pipe that this side closed is the ordinary reason.
		c.fail(shim.StartInProc(name, side, guard{Chaincode: chaincode, panicked: c.abandon}))
	}()
	return c, c.serve(ctx)
}

// Attach drives a chaincode over a stream that somebody else opened, such as that of a chaincode server.
func Attach(ctx context.Context, name string, stream Stream) (*Chaincode, error) {
	c := newChaincode(name, stream)
	return c, c.serve(ctx)
}

func newChaincode(name string, stream Stream) *Chaincode {
	return &Chaincode{
		name: name, stream: stream, running: map[string]*execution{}, ready: make(chan struct{}), ended: make(chan struct{}),
	}
}

// serve starts receiving and waits until the chaincode has registered.
func (c *Chaincode) serve(ctx context.Context) error {
	go c.receive()
	select {
	case <-c.ready:
		return nil
	case <-c.ended:
		return fmt.Errorf("start chaincode %s: %w", c.name, c.cause())
	case <-ctx.Done():
		return errors.Join(fmt.Errorf("start chaincode %s: %w", c.name, ctx.Err()), c.Close())
	}
}

// Close ends the stream; running executions fail with ErrStreamEnded.
func (c *Chaincode) Close() error {
	c.fail(ErrStreamEnded)
	return c.stream.CloseSend()
}

// Ended is closed when the chaincode can no longer be used.
func (c *Chaincode) Ended() <-chan struct{} { return c.ended }

func (c *Chaincode) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	select {
	case <-c.ended:
		return
	default:
	}
	if c.failure = err; err == nil {
		c.failure = ErrStreamEnded
	}
	close(c.ended)
}

func (c *Chaincode) cause() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.failure
}

// Invocation is one call of the chaincode.
type Invocation struct {
	Channel, TxID string
	Input         *pb.ChaincodeInput
	Proposal      *pb.SignedProposal
}

// Execute runs one transaction. An error means that the chaincode gave no answer; an answer with a failure status is none.
func (c *Chaincode) Execute(ctx context.Context, simulation *Simulation, call Invocation) (*pb.Response, *pb.ChaincodeEvent, error) {
	input, err := proto.Marshal(call.Input)
	if err != nil {
		return nil, nil, fmt.Errorf("encode the input: %w", err)
	}
	run := &execution{
		simulation: simulation, channel: call.Channel, chaincode: c.name, txID: call.TxID,
		queries: map[string]*openQuery{}, done: make(chan *pb.ChaincodeMessage, 1),
	}
	id := call.Channel + call.TxID
	if err := c.enter(id, run, call); err != nil {
		return nil, nil, err
	}
	defer c.leave(id, run)
	message := &pb.ChaincodeMessage{
		Type: pb.ChaincodeMessage_TRANSACTION, Payload: input, Txid: call.TxID, ChannelId: call.Channel, Proposal: call.Proposal,
	}
	if err := c.send(message); err != nil {
		return nil, nil, fmt.Errorf("failed to execute transaction %s: error sending: %w", call.TxID, ErrStreamEnded)
	}
	select {
	case answer := <-run.done:
		return c.answer(call, answer)
	case <-c.ended:
		return nil, nil, fmt.Errorf("failed to execute transaction %s: error sending: %w", call.TxID, ErrStreamEnded)
	case <-ctx.Done():
		return nil, nil, fmt.Errorf("failed to execute transaction %s: error sending: timeout expired while executing transaction", call.TxID)
	}
}

func (c *Chaincode) enter(id string, run *execution, call Invocation) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.running[id] != nil {
		return fmt.Errorf("failed to execute transaction %s: error sending: txid: %s(%s) exists", call.TxID, call.TxID, call.Channel)
	}
	c.running[id] = run
	return nil
}

// leave waits for a message of this execution that is still being handled, so that nobody touches the view afterwards.
func (c *Chaincode) leave(id string, run *execution) {
	c.mu.Lock()
	delete(c.running, id)
	c.mu.Unlock()
	run.mu.Lock()
	run.finished = true
	run.mu.Unlock()
}

func (c *Chaincode) execution(id string) *execution {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.running[id]
}

func (c *Chaincode) answer(call Invocation, message *pb.ChaincodeMessage) (*pb.Response, *pb.ChaincodeEvent, error) {
	if message == nil {
		return nil, nil, fmt.Errorf("failed to execute transaction %s: error sending: %w", call.TxID, ErrStreamEnded)
	}
	if message.Type == pb.ChaincodeMessage_ERROR {
		return nil, nil, fmt.Errorf("transaction returned with failure: %s", message.Payload)
	}
	response := &pb.Response{}
	if err := proto.Unmarshal(message.Payload, response); err != nil {
		return nil, nil, fmt.Errorf("read the chaincode's response: %w", err)
	}
	event := message.ChaincodeEvent
	if event != nil {
		event.ChaincodeId, event.TxId = c.name, call.TxID
	}
	return response, event, nil
}

// abandon is called when the chaincode panics on a transaction: the caller hears what Fabric says when a chaincode
// process dies, and the other transactions go on.
func (c *Chaincode) abandon(id string) {
	if run := c.execution(id); run != nil {
		run.finish(nil)
	}
}

func (e *execution) finish(message *pb.ChaincodeMessage) {
	select {
	case e.done <- message:
	default: // it has ended already; the first end counts
	}
}

func (c *Chaincode) send(message *pb.ChaincodeMessage) error {
	c.sending.Lock()
	defer c.sending.Unlock()
	return c.stream.Send(message)
}
