package ledgertest

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"google.golang.org/protobuf/types/known/timestamppb"

	"quorate.dev/chaincode/document"
)

// A Client is a certificate that calls the chaincode.
type Client struct {
	MSP     string
	network *Network
	creator []byte
	offset  time.Duration
}

// Off returns the client with a clock that is off by some time.
func (c *Client) Off(by time.Duration) *Client {
	other := *c
	other.offset = by
	return &other
}

// A Transaction is a call that was simulated.
type Transaction struct {
	ID      string
	Result  []byte
	RWSet   *RWSet
	Event   *Event
	Code    Code // once its block is committed
	creator string

	// Exchanges is how often a peer was asked for values of keys.
	Exchanges int
}

// Simulate runs a call on the committed state. An error is what the chaincode answered.
func (c *Client) Simulate(function string, doc any) (*Transaction, error) {
	c.network.t.Helper()
	return c.SimulateArgs([]byte(function), c.encode(doc))
}

// SimulateArgs runs a call with any arguments.
func (c *Client) SimulateArgs(args ...[]byte) (*Transaction, error) {
	c.network.t.Helper()
	return c.SimulateSigned(args, args...)
}

// SimulateSigned runs a call with any arguments in a transaction whose creator signed, it may be, others: then another
// chaincode makes the call.
func (c *Client) SimulateSigned(signed [][]byte, args ...[]byte) (*Transaction, error) {
	c.network.t.Helper()
	s := &stub{
		txID: newTxID(c.network.t), args: args, signed: signed, creator: c.creator,
		time: timestamppb.New(c.network.now.Add(c.offset)), state: c.network.state,
		rwset: RWSet{reads: map[string]*version{}, writes: map[string][]byte{}},
	}
	response := c.network.chaincode.Invoke(s)
	if response.GetStatus() != shim.OK {
		return nil, errors.New(response.GetMessage())
	}
	tx := &Transaction{ID: s.txID, Result: response.GetPayload(), RWSet: &s.rwset, Event: s.event, creator: c.MSP, Exchanges: s.exchanges}
	c.network.checkOnce(tx)
	c.network.checkTold(tx)
	return tx, nil
}

// encode takes bytes as they are, and all else as documents.
func (c *Client) encode(doc any) []byte {
	c.network.t.Helper()
	if raw, ok := doc.([]byte); ok {
		return raw
	}
	data, err := document.Encode(doc)
	must(c.network.t, err)
	return data
}

// Evaluate runs a call and returns its result; nothing is ordered.
func (c *Client) Evaluate(function string, doc any) ([]byte, error) {
	c.network.t.Helper()
	tx, err := c.Simulate(function, doc)
	if err != nil {
		return nil, err
	}
	return tx.Result, nil
}

// Submit runs a call and commits it in a block of its own.
func (c *Client) Submit(function string, doc any) ([]byte, error) {
	c.network.t.Helper()
	tx, err := c.Simulate(function, doc)
	if err != nil {
		return nil, err
	}
	c.network.Commit(tx)
	if tx.Code != Valid {
		return nil, errors.New(string(tx.Code))
	}
	return tx.Result, nil
}

// Block simulates what plan asks for on one committed state, and commits it all in one block, in that order.
func (n *Network) Block(plan func(simulate func(*Client, string, any) *Transaction)) []*Transaction {
	n.t.Helper()
	var block []*Transaction
	plan(func(c *Client, function string, doc any) *Transaction {
		n.t.Helper()
		tx, err := c.Simulate(function, doc)
		must(n.t, err)
		block = append(block, tx)
		return tx
	})
	n.Commit(block...)
	return block
}

// Commit validates transactions in order, as one block, and applies the valid ones.
func (n *Network) Commit(block ...*Transaction) {
	n.t.Helper()
	n.height++
	for i, tx := range block {
		n.checkRules(tx)
		tx.Code = DuplicateTxID
		if !n.known[tx.ID] {
			n.known[tx.ID] = true
			tx.Code = tx.RWSet.validate(n.state)
		}
		if tx.Code == Valid {
			tx.RWSet.apply(n.state, version{n.height, i})
		}
	}
}

// owners are the places of the owner's MSP id in the keys that organisations own, counted from the end.
var owners = map[string]int{
	"founding": 1, "confirm": 1, "gateway": 1, "dataset": 2, "fingerprint": 2, "account": 2, "vote": 1, "accept": 1,
	"withdraw": 1, "reserve": 2, "decline": 2, "commit": 2, "attest": 1,
	"ballot": 1, "review": 2, "anchor": 1,
}

// unowned are the kinds of keys that belong to all members.
var unowned = []string{"charter", "policy", "study", "round", "model", "proposal"}

func (n *Network) checkRules(tx *Transaction) {
	n.t.Helper()
	if len(tx.RWSet.ranges) > 0 {
		n.t.Errorf("a submitted transaction has read the range %s", shown(tx.RWSet.ranges[0].first))
	}
	for _, key := range tx.RWSet.Writes() {
		parts := splitKey(key)
		place, owned := owners[parts[0]]
		if !owned && !slices.Contains(unowned, parts[0]) {
			n.t.Errorf("the key %s is of no known kind", shown(key))
		}
		if owned && parts[len(parts)-place] != tx.creator {
			n.t.Errorf("the key %s was written by %s", shown(key), tx.creator)
		}
	}
}

// checkOnce holds a transaction to having read something of what it writes. Whoever does not know what became of one may
// ask for the same anew: of the two, only one can then be valid.
func (n *Network) checkOnce(tx *Transaction) {
	n.t.Helper()
	read := func(key string) bool { _, ok := tx.RWSet.reads[key]; return ok }
	if writes := tx.RWSet.Writes(); len(writes) > 0 && !slices.ContainsFunc(writes, read) {
		n.t.Errorf("the keys from %s on were written, and none of them was read: a second transaction would be valid too", shown(writes[0]))
	}
}

// checkTold holds a transaction to telling of what it writes, and only of that: no step is without an event.
func (n *Network) checkTold(tx *Transaction) {
	n.t.Helper()
	if writes := tx.RWSet.Writes(); (len(writes) > 0) != (tx.Event != nil) {
		n.t.Errorf("%d keys were written, and the event is %v", len(writes), tx.Event)
	}
}

// shown and hidden convert between keys and a form that can be read.
func shown(key string) string { return strings.Join(splitKey(key), "~") }
func hidden(key string) string {
	return separator + strings.ReplaceAll(key, "~", separator) + separator
}
