package ledger

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"google.golang.org/protobuf/proto"

	"quorate.dev/chaincode/records"
)

func attributes(json string) pkix.Extension {
	return pkix.Extension{Id: attributeExtension, Value: []byte(json)}
}

func certificateOf(t *testing.T, extensions ...pkix.Extension) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "client"},
		NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1<<33, 0), ExtraExtensions: extensions,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func serialized(t *testing.T, mspID string, idBytes []byte) []byte {
	t.Helper()
	data, err := proto.Marshal(&msp.SerializedIdentity{Mspid: mspID, IdBytes: idBytes})
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func pemOf(der []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}) }

func creatorOf(t *testing.T, mspID string, extensions ...pkix.Extension) []byte {
	t.Helper()
	return serialized(t, mspID, pemOf(certificateOf(t, extensions...)))
}

func TestACallerIsReadFromTheCreator(t *testing.T) {
	for _, role := range Roles() {
		der := certificateOf(t, attributes(`{"attrs":{"hf.Type":"client","quorate.role":"`+role+`"}}`))
		caller, err := callerOf(serialized(t, "AlderMSP", pemOf(der)))
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(der)
		if want := (Caller{"AlderMSP", role, records.Digest("sha256:" + hex.EncodeToString(sum[:]))}); caller != want {
			t.Errorf("got %v, want %v", caller, want)
		}
	}
}

func TestCreatorsThatAreNotCallers(t *testing.T) {
	good := attributes(`{"attrs":{"quorate.role":"agent"}}`)
	other := attributes(`{"attrs":{"quorate.role":"officer"}}`)
	other.Id = append(append([]int{}, other.Id...), 1)
	for _, test := range []struct {
		name    string
		creator []byte
		says    string
	}{
		{"no identity", []byte{0xff}, "is not an identity"},
		{"nothing", nil, "is not one certificate"},
		{"no PEM", serialized(t, "AlderMSP", []byte("x")), "is not one certificate"},
		{"no DER", serialized(t, "AlderMSP", pemOf([]byte("x"))), "no valid certificate"},
		{"two certificates", serialized(t, "AlderMSP", append(pemOf(certificateOf(t, good)), pemOf(certificateOf(t, good))...)), "is not one certificate"},
		{"no attributes", creatorOf(t, "AlderMSP"), "has no attribute quorate.role"},
		{"attributes under another id", creatorOf(t, "AlderMSP", other), "the extension 1.2.3.4.5.6.7.8.1.1"},
		{"attributes that are no JSON", creatorOf(t, "AlderMSP", attributes(`x`)), "cannot be read"},
		{"a role that is no text", creatorOf(t, "AlderMSP", attributes(`{"attrs":{"quorate.role":1}}`)), "cannot be read"},
		{"an unknown role", creatorOf(t, "AlderMSP", attributes(`{"attrs":{"quorate.role":"root"}}`)), `has the role "root"`},
		{"an organisation that cannot be written", creatorOf(t, "Alder MSP", good), "is not an organisation"},
		{"no organisation", creatorOf(t, "", good), "is not an organisation"},
		{"an endless organisation", creatorOf(t, strings.Repeat("A", 65), good), "is not an organisation"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, err := callerOf(test.creator); CodeOf(err) != Denied || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v", err)
			}
		})
	}
}
