package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"regexp"
	"strconv"
)

// settings are what the service needs to know.
type settings struct {
	address     string // host:port to listen on
	packageID   string // as the peer knows the chaincode: label:sha256
	key, cert   string // files, PEM
	clientCA    string // file, PEM: who may dial
	tls         *tls.Config
	tlsDisabled string
}

var errHelp = errors.New("help was asked for")

var packageID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.+-]*:[0-9a-f]{64}$`)

// readSettings takes each setting from its flag, else from the first of its environment variables that is set.
func readSettings(args []string, env func(string) (string, bool), stderr io.Writer) (*settings, error) {
	s := &settings{}
	flags := flag.NewFlagSet("quorate-chaincode", flag.ContinueOnError)
	flags.SetOutput(stderr)
	for _, f := range []struct {
		target      *string
		name, usage string
		variables   []string
	}{
		{&s.address, "address", "host:port to listen on", []string{"CHAINCODE_SERVER_ADDRESS"}},
		{&s.packageID, "package-id", "the chaincode's package id on the peer, label:sha256", []string{"CORE_CHAINCODE_ID_NAME", "CHAINCODE_ID"}},
		{&s.key, "tls-key", "file with the server's private key (PEM)", []string{"CHAINCODE_TLS_KEY"}},
		{&s.cert, "tls-cert", "file with the server's certificate chain (PEM)", []string{"CHAINCODE_TLS_CERT"}},
		{&s.clientCA, "client-ca", "file with the authorities of the peers that may dial (PEM)", []string{"CHAINCODE_CLIENT_CA_CERT"}},
	} {
		fallback := ""
		for _, variable := range f.variables {
			if value, set := env(variable); set && fallback == "" {
				fallback = value
			}
		}
		flags.StringVar(f.target, f.name, fallback, fmt.Sprintf("%s (environment: %v)", f.usage, f.variables))
	}
	s.tlsDisabled, _ = env("CHAINCODE_TLS_DISABLED")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil, errHelp
		}
		return nil, err
	}
	if flags.NArg() > 0 {
		return nil, fmt.Errorf("unexpected argument %q; see -help", flags.Arg(0))
	}
	return s, nil
}

// load checks the settings and reads the files that they name.
func (s *settings) load() error {
	if disabled, err := strconv.ParseBool(s.tlsDisabled); s.tlsDisabled != "" && (err != nil || disabled) {
		return errors.New("CHAINCODE_TLS_DISABLED is set, and this service does not run without TLS; unset it and give -tls-key, -tls-cert and -client-ca")
	}
	for _, needed := range []struct{ value, name string }{
		{s.address, "-address"}, {s.packageID, "-package-id"}, {s.key, "-tls-key"}, {s.cert, "-tls-cert"}, {s.clientCA, "-client-ca"},
	} {
		if needed.value == "" {
			return fmt.Errorf("%s is missing; see -help for the environment variables", needed.name)
		}
	}
	if _, _, err := net.SplitHostPort(s.address); err != nil {
		return fmt.Errorf("-address is not host:port: %w", err)
	}
	if !packageID.MatchString(s.packageID) {
		return fmt.Errorf("-package-id %.120q is not label:sha256, as `peer lifecycle chaincode queryinstalled` prints it", s.packageID)
	}
	return s.loadTLS()
}

func (s *settings) loadTLS() error {
	pair, err := tls.LoadX509KeyPair(s.cert, s.key)
	if err != nil {
		return fmt.Errorf("the server's certificate and key: %w", err)
	}
	authorities, err := os.ReadFile(s.clientCA)
	if err != nil {
		return fmt.Errorf("the peers' authorities: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(authorities) {
		return fmt.Errorf("the peers' authorities: %s has no PEM certificate", s.clientCA)
	}
	s.tls = &tls.Config{
		Certificates: []tls.Certificate{pair}, ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: tls.VersionTLS12,
	}
	return nil
}
