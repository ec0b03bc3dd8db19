package msp

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"

	mspb "github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"google.golang.org/protobuf/proto"
)

// maxPEM bounds certificate and key files; real ones are below 4 KiB.
const maxPEM = 64 << 10

// Signer signs in the name of one certificate.
type Signer struct {
	Cert       *x509.Certificate
	Serialized []byte // SerializedIdentity, as it stands in transactions

	key *ecdsa.PrivateKey
}

// LoadSigner reads a certificate and its PKCS8 key and makes sure that they belong together.
func LoadSigner(mspID, certPath, keyPath string) (*Signer, error) {
	text, cert, err := LoadCertificate(certPath)
	if err != nil {
		return nil, err
	}
	keyText, err := readPEM(keyPath)
	if err != nil {
		return nil, err
	}
	key, err := parseKey(keyText)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", keyPath, err)
	}
	if !key.PublicKey.Equal(cert.PublicKey) {
		return nil, fmt.Errorf("%s is not the key of %s", keyPath, certPath)
	}
	serialized, err := proto.Marshal(&mspb.SerializedIdentity{Mspid: mspID, IdBytes: text})
	if err != nil {
		return nil, fmt.Errorf("serialize %s: %w", certPath, err)
	}
	return &Signer{Cert: cert, Serialized: serialized, key: key}, nil
}

// Sign signs the SHA-256 of the parts with a low S.
func (s *Signer) Sign(parts ...[]byte) ([]byte, error) {
	r, v, err := ecdsa.Sign(rand.Reader, s.key, Digest(parts...))
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	if v.Cmp(halfOrder(&s.key.PublicKey)) > 0 {
		v.Sub(s.key.Params().N, v)
	}
	return asn1.Marshal(struct{ R, S *big.Int }{r, v})
}

// SignKnown signs like Sign and tells the directory that this signature is good, which spares checking our own work.
// It is sound because LoadSigner compared key and certificate.
func (s *Signer) SignKnown(d *Directory, parts ...[]byte) ([]byte, error) {
	signature, err := s.Sign(parts...)
	if err != nil {
		return nil, err
	}
	d.verified.remember(signatureKey(s.Cert.RawSubjectPublicKeyInfo, Digest(parts...), signature))
	return signature, nil
}

// LoadCertificate reads a file that holds exactly one certificate; the first result is its PEM text and
// nothing else that the file may hold.
func LoadCertificate(path string) ([]byte, *x509.Certificate, error) {
	text, err := readPEM(path)
	if err != nil {
		return nil, nil, err
	}
	cert, err := parseCertificate(text)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw}), cert, nil
}

func readPEM(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxPEM {
		return nil, fmt.Errorf("%s is not a regular file of at most %d bytes", path, maxPEM)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if _, rest := pem.Decode(text); len(bytes.TrimSpace(rest)) > 0 {
		return nil, fmt.Errorf("%s must hold exactly one PEM block", path)
	}
	return text, nil
}

func parseKey(text []byte) (*ecdsa.PrivateKey, error) {
	block, _ := pem.Decode(text)
	if block == nil || block.Type != "PRIVATE KEY" {
		return nil, errors.New("not a PKCS8 private key in PEM")
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("not a PKCS8 private key: %w", err)
	}
	ec, ok := key.(*ecdsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("unsupported key type %T: ECDSA is needed", key)
	}
	return ec, nil
}
