package msp

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"time"

	mspb "github.com/hyperledger/fabric-protos-go-apiv2/msp"
)

// authority is one organisation's MSP as a configuration block states it.
type authority struct {
	id    string
	roots *x509.CertPool
	roles map[string]mspb.MSPRole_MSPRoleType // by organisational unit

	algorithms []x509.PublicKeyAlgorithm
}

// newAuthority refuses what this network does not enforce, rather than ignore it.
func newAuthority(config *mspb.FabricMSPConfig, algorithms []x509.PublicKeyAlgorithm) (*authority, error) {
	if len(config.RevocationList)+len(config.IntermediateCerts)+len(config.OrganizationalUnitIdentifiers) > 0 {
		return nil, fmt.Errorf("MSP %s: revocation lists, intermediate certificates and required units are not supported by the embedded network", config.Name)
	}
	ous := config.FabricNodeOus
	if !ous.GetEnable() {
		return nil, fmt.Errorf("MSP %s: NodeOUs must be enabled", config.Name)
	}
	a := &authority{id: config.Name, algorithms: algorithms, roots: x509.NewCertPool(), roles: map[string]mspb.MSPRole_MSPRoleType{
		ous.ClientOuIdentifier.GetOrganizationalUnitIdentifier():  mspb.MSPRole_CLIENT,
		ous.PeerOuIdentifier.GetOrganizationalUnitIdentifier():    mspb.MSPRole_PEER,
		ous.AdminOuIdentifier.GetOrganizationalUnitIdentifier():   mspb.MSPRole_ADMIN,
		ous.OrdererOuIdentifier.GetOrganizationalUnitIdentifier(): mspb.MSPRole_ORDERER,
	}}
	delete(a.roles, "")
	if len(a.roles) != 4 {
		return nil, fmt.Errorf("MSP %s: the four NodeOUs must be named and differ", config.Name)
	}
	if len(config.RootCerts) == 0 {
		return nil, fmt.Errorf("MSP %s has no root certificate", config.Name)
	}
	for _, cert := range config.RootCerts {
		if !a.roots.AppendCertsFromPEM(cert) {
			return nil, fmt.Errorf("MSP %s: malformed root certificate", config.Name)
		}
	}
	return a, nil
}

// errForeign says that an organisation's authority has not issued a certificate.
var errForeign = errors.New("the supplied identity is not valid")

// admit checks a certificate. Expiry is left out on purpose, as in Fabric: an old block stays valid.
func (a *authority) admit(cert *x509.Certificate) (mspb.MSPRole_MSPRoleType, error) {
	if cert.IsCA {
		return 0, errors.New("a certificate authority's certificate cannot be used as an identity")
	}
	options := x509.VerifyOptions{
		Roots: a.roots, CurrentTime: cert.NotBefore.Add(time.Second),
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	}
	if _, err := cert.Verify(options); err != nil {
		return 0, fmt.Errorf("%w: %w", errForeign, err)
	}
	if !slices.Contains(a.algorithms, cert.PublicKeyAlgorithm) {
		return 0, fmt.Errorf("%s is not supported", cert.PublicKeyAlgorithm)
	}
	return a.role(cert.Subject.OrganizationalUnit)
}

func (a *authority) role(units []string) (mspb.MSPRole_MSPRoleType, error) {
	var role mspb.MSPRole_MSPRoleType
	found := 0
	for _, unit := range units {
		if r, ok := a.roles[unit]; ok {
			role, found = r, found+1
		}
	}
	if found != 1 {
		return 0, errors.New("the identity must be exactly one of client, peer, orderer and admin")
	}
	return role, nil
}

func parseCertificate(text []byte) (*x509.Certificate, error) {
	block, _ := pem.Decode(text)
	if block == nil || block.Type != "CERTIFICATE" {
		return nil, errors.New("not a PEM certificate")
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("malformed certificate: %w", err)
	}
	return cert, nil
}
