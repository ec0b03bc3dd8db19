// Package msp decides who somebody is: it checks certificates against an organisation's authority and signatures
// against certificates, with the rules of a Fabric MSP.
package msp

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"math/big"
	"time"

	mspb "github.com/hyperledger/fabric-protos-go-apiv2/msp"
)

// Identity is a certificate that was found to belong to an organisation.
type Identity struct {
	MSPID string
	Role  mspb.MSPRole_MSPRoleType
	Cert  *x509.Certificate

	key      crypto.PublicKey
	verified *Signatures
}

// Errors of Verify.
var (
	ErrMalformedSignature = errors.New("malformed signature")
	ErrHighS              = errors.New("invalid S: must be at most half the order of the curve")
	ErrBadSignature       = errors.New("the signature is invalid")
)

// Verify checks a signature over the parts, which may have been checked before.
func (id *Identity) Verify(signature []byte, parts ...[]byte) error {
	digest := Digest(parts...)
	known := signatureKey(id.Cert.RawSubjectPublicKeyInfo, digest, signature)
	if id.verified.seen(known) {
		return nil
	}
	if err := verify(id.key, digest, signature, parts); err != nil {
		return err
	}
	id.verified.remember(known)
	return nil
}

// verify takes what Fabric takes: Ed25519 over the whole message, ECDSA over its SHA-256.
func verify(key crypto.PublicKey, digest, signature []byte, parts [][]byte) error {
	switch key := key.(type) {
	case ed25519.PublicKey:
		if !ed25519.Verify(key, bytes.Join(parts, nil), signature) {
			return ErrBadSignature
		}
		return nil
	case *ecdsa.PublicKey:
		return verifyECDSA(key, digest, signature)
	}
	return ErrBadSignature // admit lets no other key in
}

// verifyECDSA refuses a high S, like Fabric, so that nobody can make a second valid signature from a first.
func verifyECDSA(key *ecdsa.PublicKey, digest, signature []byte) error {
	var rs struct{ R, S *big.Int }
	if rest, err := asn1.Unmarshal(signature, &rs); err != nil || len(rest) > 0 {
		return ErrMalformedSignature
	}
	if rs.S.Cmp(halfOrder(key)) > 0 {
		return ErrHighS
	}
	if !ecdsa.VerifyASN1(key, digest, signature) {
		return ErrBadSignature
	}
	return nil
}

// ExpiredAt reports whether the certificate's time has passed. Fabric asks this when something comes in, never when it
// validates a block.
func (id *Identity) ExpiredAt(now time.Time) bool { return now.After(id.Cert.NotAfter) }

// Has reports whether the identity has a role that a policy names.
func (id *Identity) Has(role *mspb.MSPRole) bool {
	return role.GetMspIdentifier() == id.MSPID && (role.GetRole() == mspb.MSPRole_MEMBER || role.GetRole() == id.Role)
}

// Digest is the SHA-256 over the parts one after the other.
func Digest(parts ...[]byte) []byte {
	h := sha256.New()
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)
}

func halfOrder(key *ecdsa.PublicKey) *big.Int { return new(big.Int).Rsh(key.Params().N, 1) }
