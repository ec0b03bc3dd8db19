// Package nettest makes certificates, configurations, a test chaincode and a client for tests and measurements of the
// embedded network. Nothing that is shipped imports it.
package nettest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

var attributes = asn1.ObjectIdentifier{1, 2, 3, 4, 5, 6, 7, 8, 1}

// Authority issues certificates.
type Authority struct {
	Cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// Leaf says what a certificate is for.
type Leaf struct {
	Name, Unit, Role string // Role becomes the attribute quorate.role
	Serving          bool   // for TLS on this machine
	NotAfter         time.Time
}

// NewAuthority makes a self-signed authority.
func NewAuthority(name string) (*Authority, error) {
	template := newTemplate(name, time.Now().AddDate(10, 0, 0))
	template.IsCA, template.KeyUsage = true, x509.KeyUsageCertSign|x509.KeyUsageCRLSign|x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	cert, err := sign(template, template, key, key)
	return &Authority{Cert: cert, key: key}, err
}

func newTemplate(name string, notAfter time.Time) *x509.Certificate {
	now := time.Now()
	serial := new(big.Int).SetInt64(now.UnixNano())
	return &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name}, BasicConstraintsValid: true,
		NotBefore: now.Add(-time.Hour).UTC(), NotAfter: notAfter.UTC(), KeyUsage: x509.KeyUsageDigitalSignature,
	}
}

func sign(template, parent *x509.Certificate, key, parentKey *ecdsa.PrivateKey) (*x509.Certificate, error) {
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, parentKey)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

// Issue writes a certificate and its key as NAME.pem and NAME.key into a folder.
func (a *Authority) Issue(folder string, leaf Leaf) error {
	if leaf.NotAfter.IsZero() {
		leaf.NotAfter = time.Now().AddDate(1, 0, 0)
	}
	template := newTemplate(leaf.Name, leaf.NotAfter)
	if leaf.Unit != "" {
		template.Subject.OrganizationalUnit = []string{leaf.Unit}
	}
	if leaf.Serving {
		template.DNSNames, template.IPAddresses = []string{"localhost"}, []net.IP{net.IPv4(127, 0, 0, 1)}
		template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth}
	}
	if leaf.Role != "" {
		value, err := json.Marshal(map[string]any{"attrs": map[string]string{"quorate.role": leaf.Role}})
		if err != nil {
			return err
		}
		template.ExtraExtensions = []pkix.Extension{{Id: attributes, Value: value}}
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	cert, err := sign(template, a.Cert, key, a.key)
	if err != nil {
		return err
	}
	return write(folder, leaf.Name, cert, key)
}

// Certify returns a certificate, as PEM, of a unit's key of any kind that its holder keeps.
func (a *Authority) Certify(unit string, key crypto.PublicKey) ([]byte, error) {
	template := newTemplate("holder", time.Now().AddDate(1, 0, 0))
	template.Subject.OrganizationalUnit = []string{unit}
	der, err := x509.CreateCertificate(rand.Reader, template, a.Cert, key, a.key)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), nil
}

// Write writes the authority's certificate as NAME.pem into a folder.
func (a *Authority) Write(folder, name string) error { return write(folder, name, a.Cert, nil) }

func write(folder, name string, cert *x509.Certificate, key *ecdsa.PrivateKey) error {
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw})
	if err := os.WriteFile(filepath.Join(folder, name+".pem"), text, 0o600); err != nil {
		return fmt.Errorf("write a certificate: %w", err)
	}
	if key == nil {
		return nil
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, name+".key"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600)
}
