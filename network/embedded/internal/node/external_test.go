package node_test

import (
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"

	"quorate.dev/network/embedded/internal/nettest"
	"quorate.dev/network/embedded/internal/node"
)

func read(t *testing.T, parts ...string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(parts...))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

// serveChaincode runs the test chaincode as a service with mutual TLS, as the official shim serves it. The shim has no
// way to stop, so it runs until the tests end.
func serveChaincode(t *testing.T, material *nettest.Material, address string) {
	t.Helper()
	chaincode, err := nettest.NewChaincode(time.Now)
	if err != nil {
		t.Fatal(err)
	}
	server := &shim.ChaincodeServer{CCID: "quorate:1", Address: address, CC: chaincode, TLSProps: shim.TLSProperties{
		Key: read(t, material.Folder, "orderer", "tls.key"), Cert: read(t, material.Folder, "orderer", "tls.pem"),
		ClientCACerts: read(t, material.Folder, "alder", "tlsca.pem"),
	}}
	go func() { _ = server.Start() }()
	for until := time.Now().Add(10 * time.Second); ; {
		connection, err := net.DialTimeout("tcp", address, time.Second)
		if err == nil {
			_ = connection.Close()
			return
		}
		if time.Now().After(until) {
			t.Fatal(err)
		}
	}
}

func TestChaincodeAsAService(t *testing.T) {
	material := newMaterial(t, 2)
	first := &material.Config.Organisations[0]
	first.ChaincodeAddress, first.ChaincodeTLSCA = freeAddress(t), "orderer/tlsca.pem"
	serveChaincode(t, material, first.ChaincodeAddress)
	r := start(t, material, t.TempDir())
	defer stop(t, r)
	c := r.client(t, "alder")
	submitValid(t, c, "Put", "key", "value") // endorsed by the service's chaincode and by the linked one
	submitValid(t, c, "Bulk", "p", "120")
	if got := evaluate(t, c, "Get", "key"); got != "value" {
		t.Errorf("read %q", got)
	}
}

func TestChaincodeServerThatIsNotThere(t *testing.T) {
	material := newMaterial(t, 1)
	first := &material.Config.Organisations[0]
	first.ChaincodeAddress, first.ChaincodeTLSCA = freeAddress(t), "orderer/tlsca.pem"
	began := time.Now()
	wantError(t, startError(t, material, t.TempDir()), node.ExitUnavailable, "connect to the chaincode at "+first.ChaincodeAddress)
	if took := time.Since(began); took > 15*time.Second {
		t.Errorf("it took %s to say so", took)
	}
}
