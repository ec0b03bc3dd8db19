package msp

import (
	"crypto/x509"
	"errors"
	"fmt"
	"sync"
	"time"

	mspb "github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"google.golang.org/protobuf/proto"
)

const (
	rememberedIdentities = 4096
	rememberedSignatures = 16384
)

// ErrMalformedCreator says that bytes name no organisation of the channel, or hold no certificate that it issued.
var ErrMalformedCreator = errors.New("creator is malformed or its organisation is unknown")

// InvalidError says that a certificate is of the organisation that it names, which does not let it do anything.
type InvalidError struct {
	MSPID  string
	Reason error
}

func (e *InvalidError) Error() string { return fmt.Sprintf("identity of %s: %v", e.MSPID, e.Reason) }
func (e *InvalidError) Unwrap() error { return e.Reason }

// Directory holds the organisations of a channel and turns serialized identities into identities.
type Directory struct {
	authorities map[string]*authority
	verified    *Signatures

	mu    sync.RWMutex
	known map[string]*Identity
}

// NewDirectory builds a directory from the MSP configurations of a channel, and the kinds of keys that it takes besides
// ECDSA.
func NewDirectory(configs []*mspb.FabricMSPConfig, more ...x509.PublicKeyAlgorithm) (*Directory, error) {
	algorithms := append([]x509.PublicKeyAlgorithm{x509.ECDSA}, more...)
	d := &Directory{
		authorities: map[string]*authority{}, verified: NewSignatures(rememberedSignatures),
		known: map[string]*Identity{},
	}
	for _, config := range configs {
		if d.authorities[config.Name] != nil {
			return nil, fmt.Errorf("MSP %s occurs twice", config.Name)
		}
		a, err := newAuthority(config, algorithms)
		if err != nil {
			return nil, err
		}
		d.authorities[config.Name] = a
	}
	return d, nil
}

// Identity checks a SerializedIdentity. The error is ErrMalformedCreator or an *InvalidError.
func (d *Directory) Identity(serialized []byte) (*Identity, error) {
	d.mu.RLock()
	id := d.known[string(serialized)]
	d.mu.RUnlock()
	if id != nil {
		return id, nil
	}
	id, err := d.check(serialized)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.known) >= rememberedIdentities { // only valid ones get in, so this is rare; starting over is enough
		d.known = map[string]*Identity{}
	}
	d.known[string(serialized)] = id
	return id, nil
}

func (d *Directory) check(serialized []byte) (*Identity, error) {
	message := &mspb.SerializedIdentity{}
	if proto.Unmarshal(serialized, message) != nil {
		return nil, ErrMalformedCreator
	}
	authority := d.authorities[message.Mspid]
	if authority == nil {
		return nil, ErrMalformedCreator
	}
	cert, err := parseCertificate(message.IdBytes)
	if err != nil {
		return nil, ErrMalformedCreator
	}
	role, err := authority.admit(cert)
	if errors.Is(err, errForeign) {
		return nil, fmt.Errorf("%w: %w", ErrMalformedCreator, err)
	}
	if err != nil {
		return nil, &InvalidError{MSPID: message.Mspid, Reason: err}
	}
	return &Identity{MSPID: message.Mspid, Role: role, Cert: cert, key: cert.PublicKey, verified: d.verified}, nil
}

// ExpiresAt is when the certificate in a SerializedIdentity runs out, whoever issued it; false if there is none in it.
func (d *Directory) ExpiresAt(serialized []byte) (time.Time, bool) {
	if id, err := d.Identity(serialized); err == nil { // which is remembered, so that not every request parses it
		return id.Cert.NotAfter, true
	}
	message := &mspb.SerializedIdentity{}
	if proto.Unmarshal(serialized, message) != nil {
		return time.Time{}, false
	}
	cert, err := parseCertificate(message.IdBytes)
	if err != nil {
		return time.Time{}, false
	}
	return cert.NotAfter, true
}
