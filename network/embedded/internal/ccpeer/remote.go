package ccpeer

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	pb "github.com/hyperledger/fabric-protos-go-apiv2/peer"
)

// dialTimeout is how long a chaincode server may take to answer, as by Fabric's default.
const dialTimeout = 10 * time.Second

// Dial opens the stream of a chaincode server. What it opened besides is closed by the second result.
type Dial func(ctx context.Context) (Stream, func() error, error)

// Remote is a chaincode that a server of its own runs. When it goes away it is connected to again by the next
// transaction that needs it.
type Remote struct {
	name, address string
	dial          Dial

	mu        sync.Mutex
	current   *Chaincode
	release   func() error
	packageID string
}

// Connect connects to a chaincode server and waits until the chaincode has registered.
func Connect(ctx context.Context, name, address string, dial Dial) (*Remote, error) {
	r := &Remote{name: name, address: address, dial: dial}
	_, err := r.connected(ctx)
	return r, err
}

// Execute runs one transaction, as Chaincode.Execute does.
func (r *Remote) Execute(ctx context.Context, simulation *Simulation, call Invocation) (*pb.Response, *pb.ChaincodeEvent, error) {
	chaincode, err := r.connected(ctx)
	if err != nil {
		return nil, nil, r.unreachable(call.TxID, err)
	}
	return chaincode.Execute(ctx, simulation, call)
}

// unreachable has the words of a peer that cannot connect to a chaincode.
func (r *Remote) unreachable(txID string, err error) error {
	return fmt.Errorf("failed to execute transaction %s: could not launch chaincode %[2]s: connection to %[2]s failed: "+
		"error cannot create connection for %[2]s: error creating grpc connection to %s: failed to create new connection: "+
		"connection error: desc = %q", txID, r.packageID, r.address, "transport: error while dialing: "+err.Error())
}

func (r *Remote) connected(ctx context.Context) (*Chaincode, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.current != nil {
		select {
		case <-r.current.Ended():
			_ = r.hangUp() // how it ended was told to whoever waited for it
		default:
			return r.current, nil
		}
	}
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	stream, release, err := r.dial(ctx)
	if err != nil {
		return nil, err
	}
	chaincode, err := Attach(ctx, r.name, stream)
	if err != nil {
		return nil, errors.Join(err, release())
	}
	r.current, r.release, r.packageID = chaincode, release, chaincode.packageID
	return chaincode, nil
}

// Close ends the stream; running transactions fail with ErrStreamEnded.
func (r *Remote) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.hangUp()
}

func (r *Remote) hangUp() error {
	if r.current == nil {
		return nil
	}
	err := errors.Join(r.current.Close(), r.release())
	r.current = nil
	return err
}
