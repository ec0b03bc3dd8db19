package node

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	pb "github.com/hyperledger/fabric-protos-go-apiv2/peer"

	"quorate.dev/network/embedded/internal/chanconfig"
	"quorate.dev/network/embedded/internal/ledger"
)

const networkKey = "network"

// network describes whom a ledger belongs to. It must not change for the life of a data directory.
type network struct {
	Channel string          `json:"channel"`
	Members []networkMember `json:"members"`
	Orderer networkMember   `json:"orderer"`
}

type networkMember struct {
	Name  string `json:"name"`
	MSPID string `json:"msp_id"`
	CA    string `json:"ca"`
	TLSCA string `json:"tls_ca"`
}

func describe(c *Config, m *material) network {
	one := func(m *member) networkMember {
		return networkMember{Name: m.Name, MSPID: m.MSPID, CA: fingerprint(m.CA.Raw), TLSCA: fingerprint(m.TLSCA.Raw)}
	}
	n := network{Channel: c.Channel, Orderer: one(m.orderer)}
	for _, member := range m.members {
		n.Members = append(n.Members, one(member))
	}
	return n
}

func fingerprint(raw []byte) string {
	sum := sha256.Sum256(raw)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// belongs refuses a ledger that was founded for another channel or other organisations.
func belongs(l *ledger.Ledger, want network) error {
	raw, err := l.Meta(networkKey)
	if err != nil {
		return err
	}
	expected, err := json.Marshal(want)
	if err != nil {
		return err
	}
	if bytes.Equal(raw, expected) {
		return nil
	}
	have := network{}
	if err := json.Unmarshal(raw, &have); err != nil {
		return fmt.Errorf("%w: description of the network: %w", ledger.ErrCorrupt, err)
	}
	return difference(have, want)
}

func difference(have, want network) error {
	if have.Channel != want.Channel {
		return fmt.Errorf("it holds channel %q, the configuration names %q", have.Channel, want.Channel)
	}
	if len(have.Members) != len(want.Members) {
		return fmt.Errorf("it was founded by %d organisations, the configuration names %d", len(have.Members), len(want.Members))
	}
	pairs := append(append([]networkMember{}, have.Members...), have.Orderer)
	for i, w := range append(append([]networkMember{}, want.Members...), want.Orderer) {
		if h := pairs[i]; h.Name != w.Name || h.MSPID != w.MSPID {
			return fmt.Errorf("it was founded by %s (%s), the configuration names %s (%s) in that place", h.Name, h.MSPID, w.Name, w.MSPID)
		} else if h != w {
			return fmt.Errorf("%s has other certificate authorities than when it was founded", w.Name)
		}
	}
	return errors.New("its description differs from the configuration")
}

// openChannel founds the channel in an empty ledger, or reads it from one that belongs to this network.
func openChannel(c *Config, m *material, l *ledger.Ledger, sockets *listeners) (*chanconfig.Config, error) {
	if height, _ := l.Height(); height == 0 {
		return found(c, m, l, sockets)
	}
	if err := belongs(l, describe(c, m)); err != nil {
		return nil, unavailable("the data directory", err, "use another data directory, or the configuration that it was made with")
	}
	genesis, err := l.Block(0)
	if err != nil {
		return nil, err
	}
	channel, err := chanconfig.Parse(genesis)
	if err != nil {
		return nil, fmt.Errorf("%w: genesis block: %w", ledger.ErrCorrupt, err)
	}
	return channel, errors.Join(m.checkAgainst(channel), sockets.remember(l))
}

// found makes the genesis block and, only when everything fits it, writes it.
func found(c *Config, m *material, l *ledger.Ledger, sockets *listeners) (*chanconfig.Config, error) {
	host, port, err := hostPort(sockets.addresses[c.Orderer.MSPID])
	if err != nil {
		return nil, err
	}
	settings := chanconfig.Channel{
		Name: c.Channel, Orderer: m.orderer.Organisation, OrdererTLS: m.orderer.tls.Leaf, OrdererHost: host, OrdererPort: port,
		Capability:   capabilities[c.FabricVersion],
		BatchTimeout: time.Duration(c.Batch.TimeoutMS) * time.Millisecond,
		BatchCount:   uint32(c.Batch.MaxCount), BatchBytes: uint32(c.Batch.MaxBytes), //nolint:gosec // bounds are checked
	}
	for _, member := range m.members {
		settings.Organisations = append(settings.Organisations, member.Organisation)
	}
	genesis, err := chanconfig.Genesis(settings)
	if err != nil {
		return nil, usage("found the channel", err)
	}
	channel, err := chanconfig.Parse(genesis)
	if err != nil {
		return nil, usage("found the channel", err)
	}
	if err := m.checkAgainst(channel); err != nil {
		return nil, err
	}
	description, err := json.Marshal(describe(c, m))
	if err != nil {
		return nil, err
	}
	if err := errors.Join(l.SetMeta(networkKey, description), sockets.remember(l)); err != nil {
		return nil, err
	}
	return channel, l.Commit(genesis, []ledger.Tx{{Code: pb.TxValidationCode_VALID}})
}
