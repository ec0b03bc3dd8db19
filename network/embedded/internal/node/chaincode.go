package node

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	pb "github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"quorate.dev/network/embedded/internal/ccpeer"
)

// startChaincode starts the linked chaincode, or connects to the organisation's chaincode server if it names one.
func (n *Network) startChaincode(ctx context.Context, index int, build func() (shim.Chaincode, error)) (*ccpeer.Chaincode, error) {
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

// connectChaincode opens the stream of a chaincode server; this side is the client, as in Fabric.
func (n *Network) connectChaincode(ctx context.Context, index int) (*ccpeer.Chaincode, error) {
	o := n.config.Organisations[index]
	authority, err := loadCA(o.ChaincodeTLSCA)
	if err != nil {
		return nil, usage("chaincode_tls_ca", err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(authority)
	connection, err := grpc.NewClient(o.ChaincodeAddress,
		grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{
			RootCAs: roots, Certificates: []tls.Certificate{n.material.members[index].tls}, MinVersion: tls.VersionTLS12,
		})),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessage), grpc.MaxCallSendMsgSize(maxMessage)))
	if err != nil {
		return nil, usage("chaincode_address", err)
	}
	n.onCleanUp(connection.Close)
	streaming, cancel := context.WithCancel(context.WithoutCancel(ctx))
	n.onCleanUp(func() error { cancel(); return nil })
	stop := context.AfterFunc(ctx, cancel) // until it has registered, the start's deadline holds
	defer stop()
	stream, err := pb.NewChaincodeClient(connection).Connect(streaming)
	if err != nil {
		return nil, unavailable("connect to the chaincode at "+o.ChaincodeAddress, err, "start the chaincode server first")
	}
	chaincode, err := ccpeer.Attach(ctx, n.config.Chaincode, stream)
	if err != nil {
		return nil, unavailable("connect to the chaincode at "+o.ChaincodeAddress, err, "start the chaincode server first")
	}
	n.keep(chaincode)
	return chaincode, nil
}

// keep closes the chaincode with the network, and tells the network when it ends before.
func (n *Network) keep(chaincode *ccpeer.Chaincode) {
	n.onCleanUp(func() error {
		if err := chaincode.Close(); !errors.Is(err, context.Canceled) {
			return err
		}
		return nil
	})
	go func() {
		<-chaincode.Ended()
		select {
		case n.ended <- struct{}{}:
		default:
		}
	}()
}
