package msp_test

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"testing"

	mspb "github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"google.golang.org/protobuf/proto"

	"quorate.dev/network/embedded/internal/msp"
	"quorate.dev/network/embedded/internal/nettest"
)

func serialized(t *testing.T, authority *nettest.Authority, key crypto.PublicKey) []byte {
	t.Helper()
	cert, err := authority.Certify("client", key)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := proto.Marshal(&mspb.SerializedIdentity{Mspid: "OurMSP", IdBytes: cert})
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestEd25519SignsTheMessageItself(t *testing.T) {
	ours := newAuthority(t)
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	d, err := msp.NewDirectory([]*mspb.FabricMSPConfig{configOf(t, "OurMSP", ours)}, x509.Ed25519)
	if err != nil {
		t.Fatal(err)
	}
	id, err := d.Identity(serialized(t, ours, public))
	if err != nil {
		t.Fatal(err)
	}
	good := ed25519.Sign(private, []byte("a message"))
	for range 2 { // the second time it is remembered
		if err := id.Verify(good, []byte("a "), []byte("message")); err != nil {
			t.Error(err)
		}
	}
	for name, bad := range map[string][]byte{
		"of the hash": ed25519.Sign(private, msp.Digest([]byte("a message"))),
		"of another":  ed25519.Sign(private, []byte("another")),
		"cut short":   good[:63],
		"none":        nil,
	} {
		if err := id.Verify(bad, []byte("a message")); !errors.Is(err, msp.ErrBadSignature) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestKeysThatAChannelDoesNotTake(t *testing.T) {
	ours := newAuthority(t)
	edwards, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	another, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		key  crypto.PublicKey
		more []x509.PublicKeyAlgorithm
	}{
		"Ed25519 before Fabric 3": {edwards, nil},
		"RSA":                     {&another.PublicKey, []x509.PublicKeyAlgorithm{x509.Ed25519}},
	} {
		d, err := msp.NewDirectory([]*mspb.FabricMSPConfig{configOf(t, "OurMSP", ours)}, test.more...)
		if err != nil {
			t.Fatal(err)
		}
		var invalid *msp.InvalidError
		if _, err := d.Identity(serialized(t, ours, test.key)); !errors.As(err, &invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
