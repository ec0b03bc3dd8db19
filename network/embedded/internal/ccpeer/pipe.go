package ccpeer

import (
	"io"
	"sync"

	pb "github.com/hyperledger/fabric-protos-go-apiv2/peer"
)

// Stream carries the chaincode protocol: a pipe inside this process, or the stream of a chaincode server.
type Stream interface {
	Send(*pb.ChaincodeMessage) error
	Recv() (*pb.ChaincodeMessage, error)
	CloseSend() error
}

// pipeDepth lets both sides run on for a while; more would not help, since a transaction waits for each answer.
const pipeDepth = 64

// pipe is one end of an in-memory stream. Closing either end closes both.
type pipe struct {
	in     <-chan *pb.ChaincodeMessage
	out    chan<- *pb.ChaincodeMessage
	closed chan struct{}
	once   *sync.Once
}

func newPipe() (peer, chaincode *pipe) {
	down, up := make(chan *pb.ChaincodeMessage, pipeDepth), make(chan *pb.ChaincodeMessage, pipeDepth)
	closed, once := make(chan struct{}), &sync.Once{}
	return &pipe{in: up, out: down, closed: closed, once: once}, &pipe{in: down, out: up, closed: closed, once: once}
}

func (p *pipe) Send(m *pb.ChaincodeMessage) error {
	select {
	case p.out <- m:
		return nil
	case <-p.closed:
		return io.ErrClosedPipe
	}
}

func (p *pipe) Recv() (*pb.ChaincodeMessage, error) {
	select {
	case m := <-p.in:
		return m, nil
	case <-p.closed:
		return nil, io.EOF
	}
}

func (p *pipe) CloseSend() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}
