package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/protobuf/proto"
)

const id = "quorate_1.0.0:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// pki writes an authority with one certificate for both sides, and returns the directory.
func pki(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	check(t, err)
	secret, err := x509.MarshalECPrivateKey(key)
	check(t, err)
	write(t, dir, "cert.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	write(t, dir, "key.pem", pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: secret}))
	write(t, dir, "empty.pem", nil)
	return dir
}

func write(t *testing.T, dir, name string, data []byte) {
	t.Helper()
	check(t, os.WriteFile(filepath.Join(dir, name), data, 0o600))
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func environment(dir string) map[string]string {
	return map[string]string{
		"CHAINCODE_SERVER_ADDRESS": "127.0.0.1:0", "CHAINCODE_ID": id, "CHAINCODE_TLS_KEY": filepath.Join(dir, "key.pem"),
		"CHAINCODE_TLS_CERT": filepath.Join(dir, "cert.pem"), "CHAINCODE_CLIENT_CA_CERT": filepath.Join(dir, "cert.pem"),
	}
}

func lookup(env map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		value, set := env[name]
		return value, set
	}
}

func TestWhatIsMissingIsNamed(t *testing.T) {
	dir := pki(t)
	for _, test := range []struct {
		name, variable, value, says string
	}{
		{"no address", "CHAINCODE_SERVER_ADDRESS", "", "-address is missing"},
		{"no port", "CHAINCODE_SERVER_ADDRESS", "localhost", "-address is not host:port"},
		{"no package id", "CHAINCODE_ID", "", "-package-id is missing"},
		{"odd package id", "CHAINCODE_ID", "quorate", "is not label:sha256"},
		{"no key", "CHAINCODE_TLS_KEY", "", "-tls-key is missing"},
		{"no authorities", "CHAINCODE_CLIENT_CA_CERT", "", "-client-ca is missing"},
		{"empty authorities", "CHAINCODE_CLIENT_CA_CERT", filepath.Join(dir, "empty.pem"), "has no PEM certificate"},
		{"no such file", "CHAINCODE_TLS_CERT", filepath.Join(dir, "absent.pem"), "the server's certificate and key"},
		{"TLS disabled", "CHAINCODE_TLS_DISABLED", "true", "does not run without TLS"},
	} {
		t.Run(test.name, func(t *testing.T) {
			env := environment(dir)
			env[test.variable] = test.value
			var stderr bytes.Buffer
			if code := run(t.Context(), nil, lookup(env), &stderr); code != exitUsage {
				t.Errorf("exit code %d", code)
			}
			if !strings.Contains(stderr.String(), test.says) {
				t.Errorf("%q does not say %q", stderr.String(), test.says)
			}
		})
	}
}

func TestFlagsWinOverTheEnvironment(t *testing.T) {
	env := environment(pki(t))
	env["CORE_CHAINCODE_ID_NAME"] = "first:" + strings.Repeat("0", 64)
	s, err := readSettings([]string{"-address", "127.0.0.1:7"}, lookup(env), io.Discard)
	check(t, err)
	if s.address != "127.0.0.1:7" || s.packageID != env["CORE_CHAINCODE_ID_NAME"] {
		t.Errorf("got %q and %q", s.address, s.packageID)
	}
}

func TestUnknownArgumentsAreRefused(t *testing.T) {
	var stderr bytes.Buffer
	if code := run(t.Context(), []string{"extra"}, lookup(nil), &stderr); code != exitUsage {
		t.Errorf("exit code %d: %s", code, &stderr)
	}
}

// A slow chaincode says when it was called, and waits until it may answer.
type slow struct{ called, answer chan struct{} }

func (slow) Init(shim.ChaincodeStubInterface) *peer.Response { return shim.Success(nil) }

func (s slow) Invoke(shim.ChaincodeStubInterface) *peer.Response {
	close(s.called)
	<-s.answer
	return shim.Success([]byte("done"))
}

// started serves a chaincode on a free port, and returns its address and what ends it.
func started(t *testing.T, dir string, chaincode shim.Chaincode) (address string, stop func() error) {
	t.Helper()
	probe, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	address = probe.Addr().String()
	check(t, probe.Close())
	s, err := readSettings([]string{"-address", address}, lookup(environment(dir)), io.Discard)
	check(t, err)
	check(t, s.load())
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- serve(ctx, s, chaincode, slog.New(slog.DiscardHandler)) }()
	for until := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		connection, err := net.DialTimeout("tcp", address, time.Second)
		if err == nil {
			check(t, connection.Close())
			break
		}
		if time.Now().After(until) {
			t.Fatal(err)
		}
	}
	return address, func() error {
		cancel()
		return <-done
	}
}

func dial(t *testing.T, dir, address string, certificates []tls.Certificate) (peer.Chaincode_ConnectClient, error) {
	t.Helper()
	root, err := os.ReadFile(filepath.Join(dir, "cert.pem"))
	check(t, err)
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(root)
	config := &tls.Config{RootCAs: pool, ServerName: "localhost", Certificates: certificates, MinVersion: tls.VersionTLS12}
	connection, err := grpc.NewClient("passthrough:///"+address, grpc.WithTransportCredentials(credentials.NewTLS(config)))
	check(t, err)
	t.Cleanup(func() { check(t, connection.Close()) })
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return peer.NewChaincodeClient(connection).Connect(ctx, grpc.WaitForReady(certificates != nil))
}

func TestAPeerIsServedAndItsCallFinishesWhenTheServiceStops(t *testing.T) {
	dir := pki(t)
	chaincode := slow{make(chan struct{}), make(chan struct{})}
	address, stop := started(t, dir, chaincode)
	pair, err := tls.LoadX509KeyPair(filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"))
	check(t, err)
	stream, err := dial(t, dir, address, []tls.Certificate{pair})
	check(t, err)
	hello, err := stream.Recv()
	check(t, err)
	name := &peer.ChaincodeID{}
	check(t, proto.Unmarshal(hello.GetPayload(), name))
	if hello.GetType() != peer.ChaincodeMessage_REGISTER || name.GetName() != id {
		t.Fatalf("the service introduces itself with %v", hello)
	}
	check(t, stream.Send(&peer.ChaincodeMessage{Type: peer.ChaincodeMessage_REGISTERED}))
	check(t, stream.Send(&peer.ChaincodeMessage{Type: peer.ChaincodeMessage_READY}))
	input, err := proto.Marshal(&peer.ChaincodeInput{Args: [][]byte{[]byte("f")}})
	check(t, err)
	check(t, stream.Send(&peer.ChaincodeMessage{Type: peer.ChaincodeMessage_TRANSACTION, Payload: input, Txid: "t", ChannelId: "c"}))
	<-chaincode.called
	stopped := make(chan error, 1)
	go func() { stopped <- stop() }()
	select {
	case err := <-stopped:
		t.Fatalf("the service stopped during a call: %v", err)
	case <-time.After(100 * time.Millisecond):
	}
	close(chaincode.answer)
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

func TestAPeerWithoutACertificateIsRefused(t *testing.T) {
	dir := pki(t)
	address, stop := started(t, dir, slow{})
	stream, err := dial(t, dir, address, nil)
	if err == nil {
		_, err = stream.Recv()
	}
	if err == nil {
		t.Error("a peer without a certificate was served")
	}
	check(t, stop())
}

func TestCallsAfterTheStopAreRefused(t *testing.T) {
	calls := &drain{Chaincode: slow{}}
	if !calls.wait(time.Second) {
		t.Fatal("an idle service did not stop")
	}
	if response := calls.Invoke(nil); response.GetStatus() == shim.OK {
		t.Error("a call was taken after the stop")
	}
}
