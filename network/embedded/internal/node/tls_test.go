package node_test

import (
	"crypto/tls"
	"crypto/x509"
	"path/filepath"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"quorate.dev/network/embedded/internal/msp"
	"quorate.dev/network/embedded/internal/nettest"
)

// check asks for health over a connection with these credentials.
func check(t *testing.T, address string, using credentials.TransportCredentials) (healthpb.HealthCheckResponse_ServingStatus, error) {
	t.Helper()
	connection, err := grpc.NewClient(address, grpc.WithTransportCredentials(using))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.Close() }()
	response, err := healthpb.NewHealthClient(connection).Check(deadline(t), &healthpb.HealthCheckRequest{})
	return response.GetStatus(), err
}

func rootsOf(t *testing.T, path string) *x509.CertPool {
	t.Helper()
	_, cert, err := msp.LoadCertificate(path)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return pool
}

func pair(t *testing.T, folder string) []tls.Certificate {
	t.Helper()
	loaded, err := tls.LoadX509KeyPair(filepath.Join(folder, "tls.pem"), filepath.Join(folder, "tls.key"))
	if err != nil {
		t.Fatal(err)
	}
	return []tls.Certificate{loaded}
}

func TestWhoMayConnect(t *testing.T) {
	r := startFresh(t, 2)
	folder := r.material.Folder
	foreign, err := nettest.NewAuthority("foreign")
	if err != nil {
		t.Fatal(err)
	}
	stranger := t.TempDir()
	if err := foreign.Issue(stranger, nettest.Leaf{Name: "tls", Serving: true}); err != nil {
		t.Fatal(err)
	}
	roots := rootsOf(t, filepath.Join(folder, "alder", "tlsca.pem"))
	for name, test := range map[string]struct {
		using credentials.TransportCredentials
		ok    bool
	}{
		"own member":     {credentials.NewTLS(&tls.Config{RootCAs: roots, Certificates: pair(t, filepath.Join(folder, "alder"))}), true},
		"other member":   {credentials.NewTLS(&tls.Config{RootCAs: roots, Certificates: pair(t, filepath.Join(folder, "birch"))}), true},
		"stranger":       {credentials.NewTLS(&tls.Config{RootCAs: roots, Certificates: pair(t, stranger)}), false},
		"no certificate": {credentials.NewTLS(&tls.Config{RootCAs: roots}), false},
		"no TLS":         {insecure.NewCredentials(), false},
		"old TLS":        {credentials.NewTLS(&tls.Config{RootCAs: roots, Certificates: pair(t, filepath.Join(folder, "alder")), MaxVersion: tls.VersionTLS11}), false},
	} {
		serving, err := check(t, r.ready.Peers["AlderMSP"], test.using)
		if test.ok && (err != nil || serving != healthpb.HealthCheckResponse_SERVING) || !test.ok && status.Code(err) != codes.Unavailable {
			t.Errorf("%s: %s %v", name, serving, err)
		}
	}
}

func TestWithoutClientAuthentication(t *testing.T) {
	material := newMaterial(t, 1)
	material.Config.ClientAuth = false
	r := start(t, material, t.TempDir())
	defer stop(t, r)
	using := credentials.NewTLS(&tls.Config{RootCAs: rootsOf(t, filepath.Join(material.Folder, "alder", "tlsca.pem"))})
	if serving, err := check(t, r.ready.Peers["AlderMSP"], using); err != nil || serving != healthpb.HealthCheckResponse_SERVING {
		t.Errorf("%s %v", serving, err)
	}
}
