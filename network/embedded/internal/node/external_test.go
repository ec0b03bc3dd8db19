package node_test

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"google.golang.org/grpc/codes"

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
// way to stop, so it runs until its process ends.
func serveChaincode(folder, address string) error {
	chaincode, err := nettest.NewChaincode(time.Now)
	if err != nil {
		return err
	}
	files := [3][]byte{}
	for i, path := range []string{"orderer/tls.key", "orderer/tls.pem", "alder/tlsca.pem"} {
		if files[i], err = os.ReadFile(filepath.Join(folder, path)); err != nil {
			return err
		}
	}
	server := &shim.ChaincodeServer{
		CCID: "quorate:1", Address: address, CC: chaincode,
		TLSProps: shim.TLSProperties{Key: files[0], Cert: files[1], ClientCACerts: files[2]},
	}
	return server.Start()
}

func awaitAddress(t *testing.T, address string) {
	t.Helper()
	for until := time.Now().Add(time.Minute); ; {
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
	go func() {
		if err := serveChaincode(material.Folder, first.ChaincodeAddress); err != nil {
			t.Log(err)
		}
	}()
	awaitAddress(t, first.ChaincodeAddress)
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
	if took := time.Since(began); took > time.Minute {
		t.Errorf("it took %s to say so", took)
	}
}

func TestChaincodeServerThatComesBack(t *testing.T) {
	material := newMaterial(t, 1)
	first := &material.Config.Organisations[0]
	first.ChaincodeAddress, first.ChaincodeTLSCA = freeAddress(t), "orderer/tlsca.pem"
	launch := func() *exec.Cmd {
		server := exec.Command(os.Args[0])
		server.Env = append(os.Environ(), asChaincode+"="+first.ChaincodeAddress, materialFolder+"="+material.Folder)
		if err := server.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = server.Process.Kill(); _ = server.Wait() })
		awaitAddress(t, first.ChaincodeAddress)
		return server
	}
	server := launch()
	r := start(t, material, t.TempDir())
	defer stop(t, r)
	c := r.client(t, "alder")
	submitValid(t, c, "Put", "key", "value")
	if err := server.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = server.Wait() // how it ended was our doing
	got := ""
	for ends := time.Now().Add(time.Minute); !strings.Contains(got, "could not launch chaincode quorate:1") && time.Now().Before(ends); {
		_, err := c.Evaluate(deadline(t), "Get", "key")
		wantStatus(t, err, codes.Aborted, "failed to evaluate transaction")
		got = details(err)["AlderMSP"] // at first it may be that of a call whose stream broke under it
	}
	if !strings.Contains(got, "connection refused") {
		t.Errorf("detail %q", got)
	}
	launch()
	if got := evaluate(t, c, "Get", "key"); got != "value" {
		t.Errorf("read %q", got)
	}
}
