package nettest

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"quorate.dev/network/embedded/internal/node"
)

// Material is a folder full of certificates, and a configuration that names them.
type Material struct {
	Folder string
	Config node.Config

	CAs map[string]*Authority // by organisation's name
}

// Names of the organisations, in order.
var names = []string{"alder", "birch", "cedar", "damson", "elm", "fir", "gorse", "hazel"}

// MSPID is the MSP id of an organisation.
func MSPID(name string) string { return string(name[0]-'a'+'A') + name[1:] + "MSP" }

// NewMaterial makes the certificates of some organisations and an orderer.
func NewMaterial(folder string, organisations int) (*Material, error) {
	m := &Material{Folder: folder, CAs: map[string]*Authority{}, Config: node.Config{
		Schema: node.Schema, Channel: "quorate", Chaincode: "quorate", ChaincodeVersion: "0.1.0",
		Batch: node.Batch{TimeoutMS: 10, MaxCount: 200, MaxBytes: 2 << 20}, ClientAuth: true,
	}}
	for _, name := range names[:organisations] {
		if err := m.add(name, "peer"); err != nil {
			return nil, err
		}
		m.Config.Organisations = append(m.Config.Organisations, node.Organisation{
			Name: name, MSPID: MSPID(name), CA: m.path(name, "ca.pem"), TLSCA: m.path(name, "tlsca.pem"),
			Peer: m.pair(name, "peer"), Admin: m.pair(name, "admin"), TLS: m.pair(name, "tls"), Listen: "127.0.0.1:0",
		})
	}
	if err := m.add("orderer", "orderer"); err != nil {
		return nil, err
	}
	m.Config.Orderer = node.Orderer{
		Name: "orderer", MSPID: MSPID("orderer"), CA: m.path("orderer", "ca.pem"), TLSCA: m.path("orderer", "tlsca.pem"),
		Node: m.pair("orderer", "orderer"), Admin: m.pair("orderer", "admin"), TLS: m.pair("orderer", "tls"), Listen: "127.0.0.1:0",
	}
	return m, nil
}

func (m *Material) path(parts ...string) string { return filepath.Join(parts...) }

func (m *Material) pair(name, leaf string) node.KeyPair {
	return node.KeyPair{Cert: m.path(name, leaf+".pem"), Key: m.path(name, leaf+".key")}
}

func (m *Material) add(name, unit string) error {
	folder := filepath.Join(m.Folder, name)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	ca, err := NewAuthority("ca." + name)
	if err != nil {
		return err
	}
	tlsCA, err := NewAuthority("tlsca." + name)
	if err != nil {
		return err
	}
	m.CAs[name] = ca
	for _, leaf := range []Leaf{{Name: unit, Unit: unit}, {Name: "admin", Unit: "admin"}, {Name: "user", Unit: "client", Role: "agent"}} {
		if err := ca.Issue(folder, leaf); err != nil {
			return err
		}
	}
	if err := tlsCA.Issue(folder, Leaf{Name: "tls", Serving: true}); err != nil {
		return err
	}
	if err := tlsCA.Write(folder, "tlsca"); err != nil {
		return err
	}
	return ca.Write(folder, "ca")
}

// WriteConfig writes the configuration and returns its path.
func (m *Material) WriteConfig() (string, error) {
	raw, err := json.Marshal(m.Config)
	if err != nil {
		return "", err
	}
	path := filepath.Join(m.Folder, "network.json")
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		return "", fmt.Errorf("write the configuration: %w", err)
	}
	return path, nil
}
