package ledger

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
	"time"
)

// alternative returns an extension with one alternative name of a tag.
func alternative(t *testing.T, tag int) pkix.Extension {
	t.Helper()
	value, err := asn1.Marshal([]asn1.RawValue{{Class: asn1.ClassContextSpecific, Tag: tag, IsCompound: tag == 5, Bytes: []byte("a")}})
	if err != nil {
		t.Fatal(err)
	}
	return pkix.Extension{Id: alternativeNames, Value: value}
}

// One member's certificate must not be readable for peers and unreadable for verifiers: its transactions stay for ever.
func TestCreatorsThatOnlySomeReadersUnderstand(t *testing.T) {
	agent := attributes(`{"attrs":{"quorate.role":"agent"}}`)
	der := certificateOf(t, agent)
	labelled := func(block pem.Block) []byte {
		block.Bytes = der
		return serialized(t, "AlderMSP", pem.EncodeToMemory(&block))
	}
	for _, test := range []struct {
		name    string
		creator []byte
		says    string
	}{
		{"another label", labelled(pem.Block{Type: "TRUSTED CERTIFICATE"}), "is not one certificate"},
		{"headers", labelled(pem.Block{Type: "CERTIFICATE", Headers: map[string]string{"a": "b"}}), "is not one certificate"},
		{"text before it", serialized(t, "AlderMSP", append([]byte("alder\n"), pemOf(der)...)), "is not one certificate"},
		{"one long line", serialized(t, "AlderMSP", oneLine(pemOf(der))), "is not one certificate"},
		{"an unknown extension", creatorOf(t, "AlderMSP", agent, pkix.Extension{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 24}, Value: []byte{1}}), "the extension 1.3.6.1.5.5.7.1.24"},
		{"an EDI party's name", creatorOf(t, "AlderMSP", agent, alternative(t, 5)), "no mail, DNS, URI or IP address"},
		{"names of attributes in other letters", creatorOf(t, "AlderMSP", attributes(`{"ATTRS":{"quorate.role":"agent"}}`)), "cannot be read"},
		{"attributes in two parts", creatorOf(t, "AlderMSP", attributes(`{"attrs":{"quorate.role":"agent"},"attrs":{}}`)), "cannot be read"},
		{"a role twice", creatorOf(t, "AlderMSP", attributes(`{"attrs":{"quorate.role":"officer","quorate.role":"agent"}}`)), "cannot be read"},
		{"attributes that are not UTF-8", creatorOf(t, "AlderMSP", attributes("{\"attrs\":{\"quorate.role\":\"agent\",\"hf.Type\":\"\xff\"}}")), "cannot be read"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, err := callerOf(test.creator); CodeOf(err) != Denied || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestOrdinaryCreatorsAreRead(t *testing.T) {
	agent := attributes(`{"attrs":{"hf.Affiliation":"","hf.EnrollmentID":"a","hf.Type":"client","quorate.role":"agent"}}`)
	der := certificateOf(t, agent, alternative(t, 2))
	for name, text := range map[string][]byte{
		"as written":              pemOf(der),
		"without the last line":   bytes.TrimSpace(pemOf(der)),
		"with another line end":   bytes.ReplaceAll(pemOf(der), []byte("\n"), []byte("\r\n")),
		"with an empty line more": append(pemOf(der), '\n'),
	} {
		t.Run(name, func(t *testing.T) {
			if caller, err := callerOf(serialized(t, "AlderMSP", text)); err != nil || caller.Role != Agent {
				t.Errorf("got %v, %v", caller, err)
			}
		})
	}
}

func TestKeysThatNotEveryoneTakes(t *testing.T) {
	p224, p521 := newECKey(t, elliptic.P224()), newECKey(t, elliptic.P521())
	p384 := newECKey(t, elliptic.P384())
	_, edwards, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		key  crypto.Signer
		fine bool
	}{{"P-224", p224, false}, {"P-521", p521, false}, {"P-384", p384, true}, {"Ed25519", edwards, true}} {
		t.Run(test.name, func(t *testing.T) {
			template := &x509.Certificate{
				SerialNumber: big.NewInt(1), NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1<<33, 0),
				ExtraExtensions: []pkix.Extension{attributes(`{"attrs":{"quorate.role":"agent"}}`)},
			}
			der, err := x509.CreateCertificate(rand.Reader, template, template, test.key.Public(), test.key)
			if err != nil {
				t.Fatal(err)
			}
			_, err = callerOf(serialized(t, "AlderMSP", pemOf(der)))
			if fine := err == nil; fine != test.fine || (err != nil && !strings.Contains(err.Error(), "whose key is neither")) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func newECKey(t *testing.T, curve elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// oneLine removes the line ends within a PEM's body.
func oneLine(text []byte) []byte {
	lines := bytes.Split(bytes.TrimSpace(text), []byte("\n"))
	body := bytes.Join(lines[1:len(lines)-1], nil)
	return bytes.Join([][]byte{lines[0], body, lines[len(lines)-1]}, []byte("\n"))
}
