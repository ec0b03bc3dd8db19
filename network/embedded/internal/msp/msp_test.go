package msp_test

import (
	"crypto/elliptic"
	"encoding/asn1"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"

	mspb "github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"google.golang.org/protobuf/proto"

	"quorate.dev/network/embedded/internal/msp"
	"quorate.dev/network/embedded/internal/nettest"
)

func unit(name string) *mspb.FabricOUIdentifier {
	return &mspb.FabricOUIdentifier{OrganizationalUnitIdentifier: name}
}

func configOf(t *testing.T, id string, authority *nettest.Authority) *mspb.FabricMSPConfig {
	t.Helper()
	folder := t.TempDir()
	if err := authority.Write(folder, "ca"); err != nil {
		t.Fatal(err)
	}
	root, err := os.ReadFile(filepath.Join(folder, "ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	return &mspb.FabricMSPConfig{Name: id, RootCerts: [][]byte{root}, FabricNodeOus: &mspb.FabricNodeOUs{
		Enable: true, ClientOuIdentifier: unit("client"), PeerOuIdentifier: unit("peer"), AdminOuIdentifier: unit("admin"), OrdererOuIdentifier: unit("orderer"),
	}}
}

func newAuthority(t *testing.T) *nettest.Authority {
	t.Helper()
	authority, err := nettest.NewAuthority("ca")
	if err != nil {
		t.Fatal(err)
	}
	return authority
}

func signer(t *testing.T, id string, authority *nettest.Authority, leaf nettest.Leaf) *msp.Signer {
	t.Helper()
	folder := t.TempDir()
	if err := authority.Issue(folder, leaf); err != nil {
		t.Fatal(err)
	}
	s, err := msp.LoadSigner(id, filepath.Join(folder, leaf.Name+".pem"), filepath.Join(folder, leaf.Name+".key"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func directory(t *testing.T, configs ...*mspb.FabricMSPConfig) *msp.Directory {
	t.Helper()
	d, err := msp.NewDirectory(configs)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestIdentities(t *testing.T) {
	ours, theirs := newAuthority(t), newAuthority(t)
	d := directory(t, configOf(t, "OurMSP", ours), configOf(t, "TheirMSP", theirs))
	for name, test := range map[string]struct {
		signer *msp.Signer
		role   mspb.MSPRole_MSPRoleType
		mspID  string // of the *InvalidError; empty: valid
	}{
		"client":       {signer(t, "OurMSP", ours, nettest.Leaf{Name: "x", Unit: "client"}), mspb.MSPRole_CLIENT, ""},
		"peer":         {signer(t, "OurMSP", ours, nettest.Leaf{Name: "x", Unit: "peer"}), mspb.MSPRole_PEER, ""},
		"admin":        {signer(t, "OurMSP", ours, nettest.Leaf{Name: "x", Unit: "admin"}), mspb.MSPRole_ADMIN, ""},
		"orderer":      {signer(t, "OurMSP", ours, nettest.Leaf{Name: "x", Unit: "orderer"}), mspb.MSPRole_ORDERER, ""},
		"expired":      {signer(t, "OurMSP", ours, nettest.Leaf{Name: "x", Unit: "client", NotAfter: time.Now().Add(-time.Minute)}), mspb.MSPRole_CLIENT, ""},
		"no unit":      {signer(t, "OurMSP", ours, nettest.Leaf{Name: "x"}), 0, "OurMSP"},
		"unknown unit": {signer(t, "OurMSP", ours, nettest.Leaf{Name: "x", Unit: "guest"}), 0, "OurMSP"},
	} {
		t.Run(name, func(t *testing.T) {
			id, err := d.Identity(test.signer.Serialized)
			var invalid *msp.InvalidError
			if errors.As(err, &invalid); test.mspID != "" {
				if invalid == nil || invalid.MSPID != test.mspID {
					t.Errorf("got %v", err)
				}
				return
			}
			if err != nil || id.Role != test.role || id.MSPID != "OurMSP" {
				t.Errorf("got %+v %v", id, err)
			}
		})
	}
}

func TestMalformedCreators(t *testing.T) {
	d := directory(t, configOf(t, "OurMSP", newAuthority(t)))
	for name, message := range map[string]*mspb.SerializedIdentity{
		"unknown organisation": {Mspid: "NobodyMSP", IdBytes: []byte("x")},
		"no certificate":       {Mspid: "OurMSP", IdBytes: []byte("x")},
		"empty":                {},
	} {
		raw, err := proto.Marshal(message)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.Identity(raw); !errors.Is(err, msp.ErrMalformedCreator) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := d.Identity([]byte{0xff, 0xff}); !errors.Is(err, msp.ErrMalformedCreator) {
		t.Errorf("no message: %v", err)
	}
}

func TestAnAuthorityIsNoIdentity(t *testing.T) {
	ours := newAuthority(t)
	config := configOf(t, "OurMSP", ours)
	d := directory(t, config)
	raw, err := proto.Marshal(&mspb.SerializedIdentity{Mspid: "OurMSP", IdBytes: config.RootCerts[0]})
	if err != nil {
		t.Fatal(err)
	}
	var invalid *msp.InvalidError
	if _, err := d.Identity(raw); !errors.As(err, &invalid) {
		t.Errorf("got %v", err)
	}
}

type ecdsaSignature struct{ R, S *big.Int }

// mirrored is the other valid signature of the same message.
func mirrored(t *testing.T, signature []byte) []byte {
	t.Helper()
	var rs ecdsaSignature
	if _, err := asn1.Unmarshal(signature, &rs); err != nil {
		t.Fatal(err)
	}
	rs.S.Sub(elliptic.P256().Params().N, rs.S)
	raw, err := asn1.Marshal(rs)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestSignatures(t *testing.T) {
	ours := newAuthority(t)
	d := directory(t, configOf(t, "OurMSP", ours))
	s := signer(t, "OurMSP", ours, nettest.Leaf{Name: "x", Unit: "client"})
	id, err := d.Identity(s.Serialized)
	if err != nil {
		t.Fatal(err)
	}
	good, err := s.Sign([]byte("mess"), []byte("age"))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time from memory
		if err := id.Verify(good, []byte("message")); err != nil {
			t.Error(err)
		}
		for name, test := range map[string]struct {
			signature []byte
			message   string
			want      error
		}{
			"other message": {good, "massage", msp.ErrBadSignature},
			"high S":        {mirrored(t, good), "message", msp.ErrHighS},
			"trailing byte": {append(append([]byte{}, good...), 0), "message", msp.ErrMalformedSignature},
			"empty":         {nil, "message", msp.ErrMalformedSignature},
		} {
			if err := id.Verify(test.signature, []byte(test.message)); !errors.Is(err, test.want) {
				t.Errorf("%s: %v, want %v", name, err, test.want)
			}
		}
	}
}

func TestOwnSignaturesAreKnownForTheirMessageOnly(t *testing.T) {
	ours := newAuthority(t)
	d := directory(t, configOf(t, "OurMSP", ours))
	s := signer(t, "OurMSP", ours, nettest.Leaf{Name: "x", Unit: "peer"})
	id, err := d.Identity(s.Serialized)
	if err != nil {
		t.Fatal(err)
	}
	signature, err := s.SignKnown(d, []byte("message"))
	if err != nil {
		t.Fatal(err)
	}
	if err := id.Verify(signature, []byte("message")); err != nil {
		t.Error(err)
	}
	if err := id.Verify(signature, []byte("other")); !errors.Is(err, msp.ErrBadSignature) {
		t.Errorf("got %v", err)
	}
}

func TestUnsupportedConfigurations(t *testing.T) {
	ours := newAuthority(t)
	for name, edit := range map[string]func(*mspb.FabricMSPConfig){
		"revocation list": func(c *mspb.FabricMSPConfig) { c.RevocationList = [][]byte{{1}} },
		"intermediates":   func(c *mspb.FabricMSPConfig) { c.IntermediateCerts = c.RootCerts },
		"no units":        func(c *mspb.FabricMSPConfig) { c.FabricNodeOus = nil },
		"same unit twice": func(c *mspb.FabricMSPConfig) { c.FabricNodeOus.PeerOuIdentifier = unit("client") },
		"no root":         func(c *mspb.FabricMSPConfig) { c.RootCerts = nil },
		"malformed root":  func(c *mspb.FabricMSPConfig) { c.RootCerts = [][]byte{{1}} },
	} {
		config := configOf(t, "OurMSP", ours)
		edit(config)
		if _, err := msp.NewDirectory([]*mspb.FabricMSPConfig{config}); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	config := configOf(t, "OurMSP", ours)
	if _, err := msp.NewDirectory([]*mspb.FabricMSPConfig{config, config}); err == nil {
		t.Error("the same organisation twice is accepted")
	}
}
