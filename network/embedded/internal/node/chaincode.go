package node

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	pb "github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"quorate.dev/network/embedded/internal/ccpeer"
	"quorate.dev/network/embedded/internal/endorse"
)

// startChaincode starts the linked chaincode, or connects to the organisation's chaincode server if it names one.
func (n *Network) startChaincode(ctx context.Context, index int, build func() (shim.Chaincode, error)) (endorse.Chaincode, error) {
	o := n.config.Organisations[index]
	if o.ChaincodeAddress != "" {
		return n.connectChaincode(ctx, index)
	}
	implementation, err := build()
	if err != nil {
		return nil, fmt.Errorf("make the chaincode: %w", err)
	}
	chaincode, err := ccpeer.Start(ctx, n.config.Chaincode, implementation)
	if err != nil {
		return nil, err
	}
	n.keep(chaincode)
	return chaincode, nil
}

// sharedFactory makes one chaincode for all organisations whose clocks go alike: contract-api compiles every schema
// anew for each, which takes most of a start.
func sharedFactory(factory Factory) func(offset time.Duration) (shim.Chaincode, error) {
	made := map[time.Duration]shim.Chaincode{}
	return func(offset time.Duration) (shim.Chaincode, error) {
		if chaincode, ok := made[offset]; ok {
			return chaincode, nil
		}
		chaincode, err := factory(offsetClock(offset))
		if err == nil {
			made[offset] = chaincode
		}
		return chaincode, err
	}
}

// connectChaincode connects to an organisation's chaincode server; this side is the client, as in Fabric.
func (n *Network) connectChaincode(ctx context.Context, index int) (endorse.Chaincode, error) {
	address := n.config.Organisations[index].ChaincodeAddress
	authority, err := loadCA(n.config.Organisations[index].ChaincodeTLSCA)
	if err != nil {
		return nil, usage("chaincode_tls_ca", err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(authority)
	remote, err := ccpeer.Connect(ctx, n.config.Chaincode, address, dialer(address, &tls.Config{
		RootCAs: roots, Certificates: []tls.Certificate{n.material.members[index].tls}, MinVersion: tls.VersionTLS12,
	}))
	if err != nil {
		return nil, unavailable("connect to the chaincode at "+address, err, "start the chaincode server first")
	}
	n.onCleanUp(func() error { return ended(remote.Close()) })
	return remote, nil
}

// dialer opens streams to a chaincode server, each on a connection of its own: one that was lost has its own idea of when
// to try again. The deadline holds until the stream is open.
func dialer(address string, security *tls.Config) ccpeer.Dial {
	return func(ctx context.Context) (ccpeer.Stream, func() error, error) {
		probe, err := (&net.Dialer{}).DialContext(ctx, "tcp", address) // which says at once, and in few words, what is wrong
		if err != nil {
			return nil, nil, err
		}
		connection, err := grpc.NewClient(address, grpc.WithTransportCredentials(credentials.NewTLS(security)),
			grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessage), grpc.MaxCallSendMsgSize(maxMessage)))
		if err = errors.Join(err, probe.Close()); err != nil {
			return nil, nil, err
		}
		streaming, cancel := context.WithCancel(context.WithoutCancel(ctx))
		stop := context.AfterFunc(ctx, cancel)
		defer stop()
		release := func() error { cancel(); return connection.Close() }
		stream, err := pb.NewChaincodeClient(connection).Connect(streaming)
		if err != nil {
			return nil, nil, errors.Join(err, release())
		}
		return stream, release, nil
	}
}

// ended leaves out that a stream was closed from this side.
func ended(err error) error {
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// keep closes the chaincode with the network, and tells the network when it ends before.
func (n *Network) keep(chaincode *ccpeer.Chaincode) {
	n.onCleanUp(func() error { return ended(chaincode.Close()) })
	go func() {
		<-chaincode.Ended()
		select {
		case n.ended <- struct{}{}:
		default:
		}
	}()
}
