// Package msp decides who somebody is: it checks certificates against an organisation's authority and signatures
// against certificates, with the rules of a Fabric MSP.
package msp

import (
	"crypto/ecdsa"
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

	key      *ecdsa.PublicKey
	verified *Signatures
}

// Errors of Verify.
var (
	ErrMalformedSignature = errors.New("malformed signature")
	ErrHighS              = errors.New("invalid S: must be at most half the order of the curve")
	ErrBadSignature       = errors.New("the signature is invalid")
)

// Verify checks an ECDSA signature over the SHA-256 of the parts. Like Fabric it refuses a high S, so that nobody can
// make a second valid signature from a first.
func (id *Identity) Verify(signature []byte, parts ...[]byte) error {
	digest := Digest(parts...)
	known := signatureKey(id.Cert.RawSubjectPublicKeyInfo, digest, signature)
	if id.verified.seen(known) {
		return nil
	}
	var rs struct{ R, S *big.Int }
	if rest, err := asn1.Unmarshal(signature, &rs); err != nil || len(rest) > 0 {
		return ErrMalformedSignature
	}
	if rs.S.Cmp(halfOrder(id.key)) > 0 {
		return ErrHighS
	}
	if !ecdsa.VerifyASN1(id.key, digest, signature) {
		return ErrBadSignature
	}
	id.verified.remember(known)
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
