package ledgertest

import (
	"crypto/rand"
	"encoding/hex"
	"testing"
	"time"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"

	"quorate.dev/chaincode/contract"
)

// A Network is a ledger with the chaincode, a clock that stands still, and organisations.
type Network struct {
	t           testing.TB
	chaincode   shim.Chaincode
	state       state
	height      int
	now         time.Time
	known       map[string]bool // transaction ids
	authorities map[string]*authority
}

// New returns an empty ledger for some organisations, by MSP id.
func New(t testing.TB, organisations ...string) *Network {
	t.Helper()
	n := &Network{
		t: t, state: state{}, now: time.UnixMilli(1_800_000_000_000), known: map[string]bool{}, authorities: map[string]*authority{},
	}
	var err error
	n.chaincode, err = contract.New(contract.WithClock(func() time.Time { return n.now }))
	must(t, err)
	for _, name := range organisations {
		n.authorities[name] = newAuthority(t, name)
	}
	return n
}

// Now returns the endorsers' clock.
func (n *Network) Now() time.Time { return n.now }

// Advance moves the clock.
func (n *Network) Advance(d time.Duration) { n.now = n.now.Add(d) }

// Root returns the PEM certificate of an organisation's authority.
func (n *Network) Root(organisation string) string { return n.authorities[organisation].root() }

// Client returns a new certificate of an organisation with a role.
func (n *Network) Client(organisation, role string) *Client {
	n.t.Helper()
	return n.ClientWith(organisation, map[string]string{"quorate.role": role})
}

// ClientWith returns a new certificate of an organisation with any attributes, or with nil without the extension.
func (n *Network) ClientWith(organisation string, attributes map[string]string) *Client {
	n.t.Helper()
	issuer := n.authorities[organisation]
	if issuer == nil {
		n.t.Fatalf("the network has no organisation %s", organisation)
	}
	return &Client{network: n, MSP: organisation, creator: issuer.creator(n.t, organisation, attributes)}
}

// Dump returns all committed values by key, composite keys joined by "~".
func (n *Network) Dump() map[string]string {
	values := map[string]string{}
	for key, found := range n.state {
		values[shown(key)] = string(found.value)
	}
	return values
}

// Load replaces the state by one that Dump returned.
func (n *Network) Load(values map[string]string) {
	n.height++
	n.state = state{}
	for key, value := range values {
		n.state[hidden(key)] = entry{[]byte(value), version{block: n.height}}
	}
}

func newTxID(t testing.TB) string {
	t.Helper()
	id := make([]byte, 32)
	_, err := rand.Read(id)
	must(t, err)
	return hex.EncodeToString(id)
}
