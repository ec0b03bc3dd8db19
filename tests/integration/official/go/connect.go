package main

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"os"

	"github.com/hyperledger/fabric-gateway/pkg/client"
	"github.com/hyperledger/fabric-gateway/pkg/hash"
	"github.com/hyperledger/fabric-gateway/pkg/identity"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
)

// settings says where the gateway is, and who asks.
type settings struct {
	Endpoint       string `json:"endpoint"`
	Roots          string `json:"roots"`
	TLSCertificate string `json:"tls_certificate"`
	TLSKey         string `json:"tls_key"`
	TLSHashOf      string `json:"tls_hash_of"`
	MspID          string `json:"msp_id"`
	Certificate    string `json:"certificate"`
	Key            string `json:"key"`
	Channel        string `json:"channel"`
	Chaincode      string `json:"chaincode"`
}

// session is one connection: with a signer, and without for what is signed elsewhere.
type session struct {
	settings
	signing *client.Gateway
	offline *client.Gateway
	cancel  func()
	events  *stream
}

func connect(path string) (*session, error) {
	s := &session{}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &s.settings); err != nil {
		return nil, err
	}
	connection, err := dial(&s.settings)
	if err != nil {
		return nil, err
	}
	id, sign, err := load(&s.settings)
	if err != nil {
		return nil, err
	}
	options := []client.ConnectOption{client.WithClientConnection(connection), client.WithHash(hash.SHA256)}
	if s.TLSHashOf != "" {
		block, err := readPEM(s.TLSHashOf)
		if err != nil {
			return nil, err
		}
		digest := sha256.Sum256(block.Bytes)
		options = append(options, client.WithTLSClientCertificateHash(digest[:]))
	}
	if s.signing, err = client.Connect(id, append(options, client.WithSign(sign))...); err != nil {
		return nil, err
	}
	s.offline, err = client.Connect(id, options...)
	return s, err
}

func dial(s *settings) (*grpc.ClientConn, error) {
	roots, err := os.ReadFile(s.Roots)
	if err != nil {
		return nil, err
	}
	config := &tls.Config{RootCAs: x509.NewCertPool(), MinVersion: tls.VersionTLS12}
	config.RootCAs.AppendCertsFromPEM(roots)
	if s.TLSCertificate != "" {
		pair, err := tls.LoadX509KeyPair(s.TLSCertificate, s.TLSKey)
		if err != nil {
			return nil, err
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return grpc.NewClient(s.Endpoint, grpc.WithTransportCredentials(credentials.NewTLS(config)))
}

func load(s *settings) (*identity.X509Identity, identity.Sign, error) {
	certificate, err := readPEM(s.Certificate)
	if err != nil {
		return nil, nil, err
	}
	parsed, err := x509.ParseCertificate(certificate.Bytes)
	if err != nil {
		return nil, nil, err
	}
	id, err := identity.NewX509Identity(s.MspID, parsed)
	if err != nil {
		return nil, nil, err
	}
	text, err := os.ReadFile(s.Key)
	if err != nil {
		return nil, nil, err
	}
	key, err := identity.PrivateKeyFromPEM(text)
	if err != nil {
		return nil, nil, err
	}
	sign, err := identity.NewPrivateKeySign(key)
	return id, sign, err
}

func readPEM(path string) (*pem.Block, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New(path + " is not PEM")
	}
	return block, nil
}
