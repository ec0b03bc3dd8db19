package ledger

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
)

// Creators stay in the blocks for ever, and offline verifiers read them with other libraries than peers do. Where
// libraries differ, one member could make a record that peers take and no verifier can read; so only what all of them
// read alike may write.

// knownExtensions are those that a creator may have.
var knownExtensions = []asn1.ObjectIdentifier{
	{2, 5, 29, 14},              // subject key identifier
	{2, 5, 29, 15},              // key usage
	{2, 5, 29, 17},              // subject alternative names
	{2, 5, 29, 19},              // basic constraints
	{2, 5, 29, 31},              // distribution points of revocation lists
	{2, 5, 29, 32},              // certificate policies
	{2, 5, 29, 35},              // authority key identifier
	{2, 5, 29, 37},              // extended key usage
	{1, 3, 6, 1, 5, 5, 7, 1, 1}, // authority information access
	attributeExtension,
}

var alternativeNames = knownExtensions[2]

// knownNames are the tags of alternative names that a creator may have: mail, DNS, URI, IP address.
var knownNames = []int{1, 2, 6, 7}

// parseCertificate reads the PEM of one certificate, in the one form that every tool writes.
func parseCertificate(text []byte) (*x509.Certificate, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("is not one certificate")
	}
	plain := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: block.Bytes})
	if !bytes.Equal(bytes.TrimSpace(bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))), bytes.TrimSpace(plain)) {
		return nil, errors.New("is not one certificate: its PEM holds something else, or other lines than of 64 characters")
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("has no valid certificate: %w", err)
	}
	if err := checkKey(certificate); err != nil {
		return nil, err
	}
	return certificate, checkExtensions(certificate)
}

// checkKey wants a key of a kind that every peer and every verifier takes.
func checkKey(certificate *x509.Certificate) error {
	switch key := certificate.PublicKey.(type) {
	case ed25519.PublicKey:
		return nil
	case *ecdsa.PublicKey:
		if key.Curve == elliptic.P256() || key.Curve == elliptic.P384() {
			return nil
		}
	}
	return errors.New("has a certificate whose key is neither ECDSA on P-256 or P-384 nor Ed25519")
}

func checkExtensions(certificate *x509.Certificate) error {
	for _, extension := range certificate.Extensions {
		if !slices.ContainsFunc(knownExtensions, extension.Id.Equal) {
			return fmt.Errorf("has a certificate with the extension %v, which not every verifier reads", extension.Id)
		}
		if extension.Id.Equal(alternativeNames) {
			if err := checkNames(extension.Value); err != nil {
				return err
			}
		}
	}
	return nil
}

func checkNames(value []byte) error {
	var names []asn1.RawValue
	if rest, err := asn1.Unmarshal(value, &names); err != nil || len(rest) > 0 {
		return errors.New("has a certificate whose alternative names cannot be read")
	}
	for _, name := range names {
		if name.Class != asn1.ClassContextSpecific || !slices.Contains(knownNames, name.Tag) {
			return errors.New("has a certificate with an alternative name that is no mail, DNS, URI or IP address")
		}
	}
	return nil
}
