package nettest

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"path/filepath"
	"time"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	gp "github.com/hyperledger/fabric-protos-go-apiv2/gateway"
	pb "github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"quorate.dev/network/embedded/internal/fabtx"
	"quorate.dev/network/embedded/internal/msp"
)

// Client is a client of one organisation's gateway.
type Client struct {
	Conn    *grpc.ClientConn
	Gateway gp.GatewayClient
	Signer  *msp.Signer
	Channel string

	tlsHash []byte
}

// Dial connects a user of an organisation to an address by mutual TLS.
func (m *Material) Dial(organisation, address string) (*Client, error) {
	folder := filepath.Join(m.Folder, organisation)
	signer, err := msp.LoadSigner(MSPID(organisation), filepath.Join(folder, "user.pem"), filepath.Join(folder, "user.key"))
	if err != nil {
		return nil, err
	}
	pair, err := tls.LoadX509KeyPair(filepath.Join(folder, "tls.pem"), filepath.Join(folder, "tls.key"))
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	for _, o := range append([]string{m.Config.Orderer.TLSCA}, tlsCAs(m)...) {
		_, cert, err := msp.LoadCertificate(filepath.Join(m.Folder, o))
		if err != nil {
			return nil, err
		}
		roots.AddCert(cert)
	}
	conn, err := grpc.NewClient(address,
		grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{Certificates: []tls.Certificate{pair}, RootCAs: roots, MinVersion: tls.VersionTLS12})),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(100<<20), grpc.MaxCallSendMsgSize(100<<20)))
	if err != nil {
		return nil, err
	}
	hash := sha256.Sum256(pair.Certificate[0])
	return &Client{Conn: conn, Gateway: gp.NewGatewayClient(conn), Signer: signer, Channel: m.Config.Channel, tlsHash: hash[:]}, nil
}

func tlsCAs(m *Material) (paths []string) {
	for _, o := range m.Config.Organisations {
		paths = append(paths, o.TLSCA)
	}
	return paths
}

// Propose makes a signed proposal to the chaincode and returns it with its transaction id.
func (c *Client) Propose(chaincode, function string, args ...string) (*pb.SignedProposal, string, error) {
	nonce := make([]byte, 24)
	if _, err := rand.Read(nonce); err != nil {
		return nil, "", err
	}
	all := [][]byte{[]byte(function)}
	for _, a := range args {
		all = append(all, []byte(a))
	}
	return c.ProposeFields(fabtx.ProposalFields{
		Channel: c.Channel, Chaincode: chaincode, Args: all, Creator: c.Signer.Serialized, Nonce: nonce, Time: timestamppb.Now(),
	})
}

// ProposeFields makes a signed proposal from its fields.
func (c *Client) ProposeFields(f fabtx.ProposalFields) (*pb.SignedProposal, string, error) {
	signed, err := fabtx.NewProposal(f)
	if err != nil {
		return nil, "", err
	}
	signed.Signature, err = c.Signer.Sign(signed.ProposalBytes)
	return signed, fabtx.TxID(f.Nonce, f.Creator), err
}

// Evaluate runs a function and returns its result.
func (c *Client) Evaluate(ctx context.Context, function string, args ...string) (string, error) {
	signed, id, err := c.Propose("quorate", function, args...)
	if err != nil {
		return "", err
	}
	response, err := c.Gateway.Evaluate(ctx, &gp.EvaluateRequest{TransactionId: id, ChannelId: c.Channel, ProposedTransaction: signed})
	return string(response.GetResult().GetPayload()), err
}

// Endorse has a transaction endorsed and signs it.
func (c *Client) Endorse(ctx context.Context, organisations []string, function string, args ...string) (*cb.Envelope, string, error) {
	signed, id, err := c.Propose("quorate", function, args...)
	if err != nil {
		return nil, "", err
	}
	response, err := c.Gateway.Endorse(ctx, &gp.EndorseRequest{
		TransactionId: id, ChannelId: c.Channel, ProposedTransaction: signed, EndorsingOrganizations: organisations,
	})
	if err != nil {
		return nil, id, err
	}
	envelope := response.PreparedTransaction
	envelope.Signature, err = c.Signer.Sign(envelope.Payload)
	return envelope, id, err
}

// Send hands a transaction to the orderer.
func (c *Client) Send(ctx context.Context, envelope *cb.Envelope, id string) error {
	_, err := c.Gateway.Submit(ctx, &gp.SubmitRequest{TransactionId: id, ChannelId: c.Channel, PreparedTransaction: envelope})
	return err
}

// Status waits for a transaction's commit.
func (c *Client) Status(ctx context.Context, id string) (*gp.CommitStatusResponse, error) {
	raw, err := proto.Marshal(&gp.CommitStatusRequest{TransactionId: id, ChannelId: c.Channel, Identity: c.Signer.Serialized})
	if err != nil {
		return nil, err
	}
	signature, err := c.Signer.Sign(raw)
	if err != nil {
		return nil, err
	}
	return c.Gateway.CommitStatus(ctx, &gp.SignedCommitStatusRequest{Request: raw, Signature: signature})
}

// Submit does all steps and returns how the transaction was committed.
func (c *Client) Submit(ctx context.Context, function string, args ...string) (*gp.CommitStatusResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	envelope, id, err := c.Endorse(ctx, nil, function, args...)
	if err != nil {
		return nil, fmt.Errorf("endorse: %w", err)
	}
	if err := c.Send(ctx, envelope, id); err != nil {
		return nil, fmt.Errorf("submit: %w", err)
	}
	return c.Status(ctx, id)
}
