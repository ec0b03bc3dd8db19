package chanconfig

import (
	"crypto/x509"
	"fmt"

	"github.com/hyperledger/fabric-config/configtx"
	"github.com/hyperledger/fabric-config/configtx/membership"
)

func member(o Organisation) configtx.Organization {
	group := organisation(o)
	group.Policies[configtx.EndorsementPolicyKey] = signedBy(o.MSPID, "peer")
	return group
}

func ordererMember(o Organisation, endpoint string) configtx.Organization {
	group := organisation(o)
	group.OrdererEndpoints = []string{endpoint}
	return group
}

func organisation(o Organisation) configtx.Organization {
	unit := func(name string) membership.OUIdentifier {
		return membership.OUIdentifier{Certificate: o.CA, OrganizationalUnitIdentifier: name}
	}
	return configtx.Organization{
		Name: o.Name, ModPolicy: configtx.AdminsPolicyKey,
		Policies: map[string]configtx.Policy{
			configtx.ReadersPolicyKey: signedBy(o.MSPID, "member"),
			configtx.WritersPolicyKey: signedBy(o.MSPID, "member"),
			configtx.AdminsPolicyKey:  signedBy(o.MSPID, "admin"),
		},
		MSP: configtx.MSP{
			Name: o.MSPID, RootCerts: []*x509.Certificate{o.CA}, TLSRootCerts: []*x509.Certificate{o.TLSCA},
			CryptoConfig: membership.CryptoConfig{SignatureHashFamily: "SHA2", IdentityIdentifierHashFunction: "SHA256"},
			NodeOUs: membership.NodeOUs{
				Enable: true, ClientOUIdentifier: unit("client"), PeerOUIdentifier: unit("peer"),
				AdminOUIdentifier: unit("admin"), OrdererOUIdentifier: unit("orderer"),
			},
		},
	}
}

func signedBy(mspID, role string) configtx.Policy {
	return configtx.Policy{
		Type: configtx.SignaturePolicyType, Rule: fmt.Sprintf("OR('%s.%s')", mspID, role), ModPolicy: configtx.AdminsPolicyKey,
	}
}

func metaPolicies(extra map[string]string) map[string]configtx.Policy {
	rules := map[string]string{
		configtx.ReadersPolicyKey: "ANY Readers", configtx.WritersPolicyKey: "ANY Writers", configtx.AdminsPolicyKey: "MAJORITY Admins",
	}
	for name, rule := range extra {
		rules[name] = rule
	}
	policies := map[string]configtx.Policy{}
	for name, rule := range rules {
		policies[name] = configtx.Policy{Type: configtx.ImplicitMetaPolicyType, Rule: rule, ModPolicy: configtx.AdminsPolicyKey}
	}
	return policies
}
