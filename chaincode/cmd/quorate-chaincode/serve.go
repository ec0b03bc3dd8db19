package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"
)

const (
	// maxMessage is what Fabric's own chaincode server allows.
	maxMessage = 100 * 1024 * 1024
	// drainTime is how long calls in progress may take after the service was asked to stop.
	drainTime = 10 * time.Second
)

// serve answers peers until ctx ends, and then lets the calls in progress finish.
func serve(ctx context.Context, s *settings, chaincode shim.Chaincode, log *slog.Logger) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", s.address)
	if err != nil {
		return fmt.Errorf("listening: %w", err)
	}
	calls := &drain{Chaincode: chaincode}
	server := grpc.NewServer(
		grpc.Creds(credentials.NewTLS(s.tls)), grpc.MaxRecvMsgSize(maxMessage), grpc.MaxSendMsgSize(maxMessage),
		grpc.ConnectionTimeout(5*time.Second),
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: time.Minute, Timeout: 20 * time.Second}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: time.Minute, PermitWithoutStream: true}),
	)
	peer.RegisterChaincodeServer(server, &shim.ChaincodeServer{CCID: s.packageID, CC: calls})
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	log.Info("serving", "address", listener.Addr().String(), "package_id", s.packageID)
	select {
	case err := <-failed:
		return fmt.Errorf("serving: %w", err)
	case <-ctx.Done():
	}
	// A peer's stream never ends by itself, so GracefulStop would wait for ever: wait for the calls instead.
	log.Info("stopping", "calls_finished", calls.wait(drainTime))
	server.Stop()
	return nil
}

// drain counts calls in progress, and refuses new ones once it was waited for.
type drain struct {
	shim.Chaincode
	mu       sync.Mutex
	calls    int
	stopping bool
	idle     chan struct{}
}

// Invoke passes a call on.
func (d *drain) Invoke(stub shim.ChaincodeStubInterface) *peer.Response {
	if !d.enter() {
		return shim.Error("UNAVAILABLE: the chaincode is stopping; try again")
	}
	defer d.leave()
	return d.Chaincode.Invoke(stub)
}

func (d *drain) enter() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.stopping {
		d.calls++
	}
	return !d.stopping
}

func (d *drain) leave() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.calls--
	if d.stopping && d.calls == 0 {
		close(d.idle)
	}
}

// wait returns whether all calls have finished within a time.
func (d *drain) wait(most time.Duration) bool {
	d.mu.Lock()
	d.stopping, d.idle = true, make(chan struct{})
	if d.calls == 0 {
		close(d.idle)
	}
	d.mu.Unlock()
	select {
	case <-d.idle:
		return true
	case <-time.After(most):
		return false
	}
}
