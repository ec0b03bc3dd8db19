// Command parity-chaincode serves the chaincode of the parity suite to a peer over mutual TLS, configured by the
// environment variables of Fabric's documentation. It is for tests only: its functions do what no chaincode should.
package main

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintf(os.Stderr, "parity-chaincode: %v\n", err)
		os.Exit(1)
	}
}

func run() error {
	files := [3][]byte{}
	for i, name := range []string{"CHAINCODE_TLS_KEY", "CHAINCODE_TLS_CERT", "CHAINCODE_CLIENT_CA_CERT"} {
		raw, err := os.ReadFile(os.Getenv(name))
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		files[i] = raw
	}
	host, err := hostOf(files[1])
	if err != nil {
		return err
	}
	server := &shim.ChaincodeServer{
		CCID: os.Getenv("CHAINCODE_ID"), Address: os.Getenv("CHAINCODE_SERVER_ADDRESS"), CC: chaincode{host: host},
		TLSProps: shim.TLSProperties{Key: files[0], Cert: files[1], ClientCACerts: files[2]},
	}
	return server.Start()
}

// hostOf is the organisation whose chaincode this is: that of its certificate.
func hostOf(text []byte) (string, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return "", errors.New("CHAINCODE_TLS_CERT: not PEM")
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return "", fmt.Errorf("CHAINCODE_TLS_CERT: %w", err)
	}
	if len(cert.Subject.Organization) != 1 {
		return "", errors.New("CHAINCODE_TLS_CERT: it names no organisation")
	}
	return cert.Subject.Organization[0], nil
}
