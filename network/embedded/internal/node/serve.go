package node

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"strings"
	"time"

	gp "github.com/hyperledger/fabric-protos-go-apiv2/gateway"
	ob "github.com/hyperledger/fabric-protos-go-apiv2/orderer"
	pb "github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"

	"quorate.dev/network/embedded/internal/chanconfig"
	"quorate.dev/network/embedded/internal/deliversvc"
	"quorate.dev/network/embedded/internal/gatewaysvc"
)

const (
	maxMessage   = 100 << 20
	minKeepalive = time.Minute
	stopTimeout  = 3 * time.Second
)

// servers are the gRPC servers of all organisations and of the orderer.
type servers struct {
	all    []*grpc.Server
	health *health.Server
	failed chan error
}

func (n *Network) serve() {
	n.servers = &servers{health: health.NewServer(), failed: make(chan error, len(n.sockets.all))}
	for i, m := range n.material.members {
		server := n.newServer(m)
		gp.RegisterGatewayServer(server, gatewaysvc.New(gatewaysvc.Config{
			Channel: n.channel, Ledger: n.ledger, Orderer: n.orderer, Endorsers: n.endorsers, Local: i, Closing: n.closing, Before3: n.config.before3(),
		}))
		pb.RegisterDeliverServer(server, &deliversvc.Peer{Config: n.deliver(chanconfig.ApplicationReaders)})
		n.servers.start(server, n.sockets.all[i])
	}
	server := n.newServer(n.material.orderer)
	ob.RegisterAtomicBroadcastServer(server, &deliversvc.Orderer{Config: n.deliver(chanconfig.Readers), Broadcaster: n.orderer})
	n.servers.start(server, n.sockets.all[len(n.sockets.all)-1])
}

func (n *Network) deliver(policy string) deliversvc.Config {
	return deliversvc.Config{Channel: n.channel, Ledger: n.ledger, Policy: policy, Closing: n.closing, MutualTLS: n.config.ClientAuth}
}

func (n *Network) newServer(m *member) *grpc.Server {
	serving := &tls.Config{Certificates: []tls.Certificate{m.tls}, MinVersion: tls.VersionTLS12}
	if n.config.ClientAuth {
		serving.ClientAuth, serving.ClientCAs = tls.RequireAndVerifyClientCert, n.material.clients
	}
	limits := newLimits()
	server := grpc.NewServer(
		grpc.Creds(credentials.NewTLS(serving)), grpc.MaxRecvMsgSize(maxMessage), grpc.MaxSendMsgSize(maxMessage),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: minKeepalive, PermitWithoutStream: true}),
		grpc.UnaryInterceptor(limits.unary), grpc.StreamInterceptor(limits.stream),
	)
	healthpb.RegisterHealthServer(server, n.servers.health)
	return server
}

func (s *servers) start(server *grpc.Server, listener net.Listener) {
	s.all = append(s.all, server)
	go func() {
		if err := server.Serve(listener); err != nil {
			s.failed <- fmt.Errorf("%s: %w", listener.Addr(), err)
		}
	}()
}

// announceEnd tells health checks first.
func (s *servers) announceEnd() { s.health.Shutdown() }

// stop lets running calls end, for a while.
func (s *servers) stop() {
	done := make(chan struct{})
	go func() {
		defer close(done)
		for _, server := range s.all {
			server.GracefulStop()
		}
	}()
	select {
	case <-done:
	case <-time.After(stopTimeout):
		for _, server := range s.all {
			server.Stop()
		}
		<-done
	}
}

// limits bounds the calls in flight of each service, as a peer does.
type limits map[string]chan struct{}

func newLimits() limits {
	return limits{"/gateway.Gateway": make(chan struct{}, 500), "/protos.Deliver": make(chan struct{}, 2500)}
}

// enter takes a place, or says what a Fabric peer says, which reaches the client as UNKNOWN.
func (l limits) enter(method string) (leave func(), err error) {
	service := method[:strings.LastIndex(method, "/")]
	places, limited := l[service]
	if !limited {
		return func() {}, nil
	}
	select {
	case places <- struct{}{}:
		return func() { <-places }, nil
	default:
		return nil, fmt.Errorf("too many requests for %s, exceeding concurrency limit (%d)", service, cap(places))
	}
}

func (l limits) unary(ctx context.Context, request any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	leave, err := l.enter(info.FullMethod)
	if err != nil {
		return nil, err
	}
	defer leave()
	return handler(ctx, request)
}

func (l limits) stream(service any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	leave, err := l.enter(info.FullMethod)
	if err != nil {
		return err
	}
	defer leave()
	return handler(service, stream)
}
