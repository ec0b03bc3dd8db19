package ledger

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"google.golang.org/protobuf/proto"

	"quorate.dev/chaincode/document"
	"quorate.dev/chaincode/records"
)

// Roles of a certificate. A role binds inside its own organisation only.
const (
	Agent      = "agent"
	Aggregator = "aggregator"
	Steward    = "steward"
	Operator   = "operator"
	Officer    = "officer"
)

// Roles lists every role.
func Roles() []string { return []string{Agent, Aggregator, Steward, Operator, Officer} }

const roleAttribute = "quorate.role"

// attributeExtension holds the attributes that Fabric's CA writes, as JSON without an ASN.1 wrapper.
var attributeExtension = asn1.ObjectIdentifier{1, 2, 3, 4, 5, 6, 7, 8, 1}

// A Caller is who created the transaction.
type Caller struct {
	MSP         records.MSPID
	Role        string
	Certificate records.Digest
}

// callerOf reads a transaction's creator. The peer has checked that the certificate belongs to the MSP.
func callerOf(creator []byte) (Caller, error) {
	identity := &msp.SerializedIdentity{}
	if err := proto.Unmarshal(creator, identity); err != nil {
		return Caller{}, Refuse(Denied, "the transaction's creator is not an identity: %v", err)
	}
	certificate, err := parseCertificate(identity.GetIdBytes())
	if err != nil {
		return Caller{}, Refuse(Denied, "the transaction's creator %v", err)
	}
	role, err := roleOf(certificate)
	if err != nil {
		return Caller{}, Refuse(Denied, "the certificate of %s: %v", identity.GetMspid(), err)
	}
	id := records.MSPID(identity.GetMspid())
	if !id.Pattern().MatchString(string(id)) {
		return Caller{}, Refuse(Denied, "%.80q is not an organisation that Quorate can record", id)
	}
	digest := sha256.Sum256(certificate.Raw)
	return Caller{MSP: id, Role: role, Certificate: records.Digest("sha256:" + hex.EncodeToString(digest[:]))}, nil
}

func roleOf(certificate *x509.Certificate) (string, error) {
	var found *string
	for _, extension := range certificate.Extensions {
		if !extension.Id.Equal(attributeExtension) {
			continue
		}
		if found != nil {
			return "", errors.New("has its attributes twice")
		}
		var content struct {
			Attrs map[string]string `json:"attrs"`
		}
		// Strictly, so that every reader finds the same role: names once each, and exactly as they are.
		if err := document.Decode(extension.Value, &content); err != nil {
			return "", fmt.Errorf("has attributes that cannot be read: %w", err)
		}
		role := content.Attrs[roleAttribute]
		found = &role
	}
	if found == nil || *found == "" {
		return "", fmt.Errorf("has no attribute %s; enrol it with one of %v", roleAttribute, Roles())
	}
	if !slices.Contains(Roles(), *found) {
		return "", fmt.Errorf("has the role %.64q, which is none of %v", *found, Roles())
	}
	return *found, nil
}
