package node

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"

	"quorate.dev/network/embedded/internal/chanconfig"
	"quorate.dev/network/embedded/internal/msp"
)

// member is an organisation's material, read from its files and checked to belong together.
type member struct {
	chanconfig.Organisation

	node  *msp.Signer // the peer's identity, or the orderer's
	admin *msp.Signer
	tls   tls.Certificate
}

// material is everything that the files of a configuration hold.
type material struct {
	members []*member
	orderer *member
	clients *x509.CertPool // authorities of the TLS certificates that clients may have
}

func loadMaterial(c *Config) (*material, error) {
	m := &material{clients: x509.NewCertPool()}
	for _, o := range c.Organisations {
		loaded, err := loadMember(o.Name, o.MSPID, o.CA, o.TLSCA, o.Peer, o.Admin, o.TLS)
		if err != nil {
			return nil, usage("organisation "+o.Name, err)
		}
		m.members = append(m.members, loaded)
		m.clients.AddCert(loaded.TLSCA)
	}
	o := c.Orderer
	var err error
	if m.orderer, err = loadMember(o.Name, o.MSPID, o.CA, o.TLSCA, o.Node, o.Admin, o.TLS); err != nil {
		return nil, usage("orderer "+o.Name, err)
	}
	m.clients.AddCert(m.orderer.TLSCA)
	return m, nil
}

func loadMember(name, mspID, ca, tlsCA string, node, admin, serving KeyPair) (m *member, err error) {
	m = &member{Organisation: chanconfig.Organisation{Name: name, MSPID: mspID}}
	if m.CA, err = loadCA(ca); err != nil {
		return nil, err
	}
	if m.TLSCA, err = loadCA(tlsCA); err != nil {
		return nil, err
	}
	if m.node, err = msp.LoadSigner(mspID, node.Cert, node.Key); err != nil {
		return nil, err
	}
	if m.admin, err = msp.LoadSigner(mspID, admin.Cert, admin.Key); err != nil {
		return nil, err
	}
	if m.tls, err = tls.LoadX509KeyPair(serving.Cert, serving.Key); err != nil {
		return nil, fmt.Errorf("%s: %w", serving.Cert, err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(m.TLSCA)
	if _, err := m.tls.Leaf.Verify(x509.VerifyOptions{Roots: roots}); err != nil {
		return nil, fmt.Errorf("%s under %s: %w", serving.Cert, tlsCA, err)
	}
	return m, nil
}

func loadCA(path string) (*x509.Certificate, error) {
	_, cert, err := msp.LoadCertificate(path)
	if err != nil {
		return nil, err
	}
	if !cert.IsCA {
		return nil, fmt.Errorf("%s is not the certificate of an authority", path)
	}
	return cert, nil
}

// checkAgainst makes sure that the channel accepts the identities that this process signs with.
func (m *material) checkAgainst(channel *chanconfig.Config) error {
	for _, o := range append(append([]*member{}, m.members...), m.orderer) {
		for what, signer := range map[string]*msp.Signer{"node": o.node, "admin": o.admin} {
			id, err := channel.Directory.Identity(signer.Serialized)
			if err != nil {
				return usage("the "+what+" certificate of "+o.Name, err)
			}
			if err := checkRole(what, o == m.orderer, id); err != nil {
				return usage("the "+what+" certificate of "+o.Name, err)
			}
		}
	}
	return nil
}
