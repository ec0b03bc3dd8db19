package ledger

import (
	"fmt"
	"slices"
	"time"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"

	"quorate.dev/chaincode/document"
	"quorate.dev/chaincode/records"
)

// EventName is the name of the one event of a transaction.
const EventName = "quorate"

// A Mode says what a function may do.
type Mode bool

// A Submit writes and never uses ranges; a Read uses what it likes and never writes.
const (
	Submit Mode = true
	Read   Mode = false
)

// A Tx is one transaction.
type Tx struct {
	Caller Caller
	// Time is the transaction's timestamp, which its creator wrote, in milliseconds.
	Time int64

	stub     shim.ChaincodeStubInterface
	mode     Mode
	clock    time.Time
	pending  map[string][]byte
	seen     map[string][]byte
	decoded  map[string]any // by name, as the transaction sees it
	expected []Key          // to be read together with whatever is read next
	events   []records.Event
}

// Begin reads who calls, whom callers may know, and when. now is this endorser's clock.
func Begin(stub shim.ChaincodeStubInterface, mode Mode, now time.Time, callers *Callers) (*Tx, error) {
	creator, err := stub.GetCreator()
	if err != nil {
		return nil, Refuse(Denied, "the transaction has no creator: %v", err)
	}
	caller, err := callers.of(creator)
	if err != nil {
		return nil, err
	}
	claimed, err := stub.GetTxTimestamp()
	if err != nil || claimed.CheckValid() != nil || claimed.GetSeconds() < 0 {
		return nil, Refuse(InvalidArgument, "the transaction has no valid timestamp")
	}
	return &Tx{
		Caller: caller, Time: claimed.AsTime().UnixMilli(),
		stub: stub, mode: mode, clock: now, pending: map[string][]byte{}, seen: map[string][]byte{}, decoded: map[string]any{},
	}, nil
}

// CheckClock refuses a transaction whose timestamp is further from this endorser's clock than skew allows.
func (t *Tx) CheckClock(skew int64) error {
	off := t.Time - t.clock.UnixMilli()
	if off < -skew || off > skew {
		return Refuse(Expired, "the transaction's timestamp is %d ms from this endorser's clock, more than the %d ms allowed; "+
			"check the clock and try again", off, skew)
	}
	return nil
}

// Stamp returns who makes a record, in which transaction, and when by their own account.
func (t *Tx) Stamp() records.Stamp {
	return records.Stamp{
		Tx: records.Hex(t.stub.GetTxID()), ClaimedTime: t.Time,
		MSP: t.Caller.MSP, Role: t.Caller.Role, Certificate: t.Caller.Certificate,
	}
}

// Emit adds a fact to the transaction's event.
func (t *Tx) Emit(event records.Event) { t.events = append(t.events, event) }

// Flush hands writes and event to the peer. It is called once, after the function has succeeded.
func (t *Tx) Flush() error {
	if t.mode == Read {
		return nil
	}
	keys := make([]string, 0, len(t.pending))
	for key := range t.pending {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	t.stub.StartWriteBatch()
	for _, key := range keys {
		if err := t.stub.PutState(key, t.pending[key]); err != nil {
			return fmt.Errorf("writing %q: %w", key, err)
		}
	}
	if err := t.stub.FinishWriteBatch(); err != nil {
		return fmt.Errorf("writing: %w", err)
	}
	return t.flushEvents()
}

func (t *Tx) flushEvents() error {
	if len(t.events) == 0 {
		return nil
	}
	payload, err := document.Encode(records.Events{Schema: records.Version("events", 1), Events: t.events})
	if err != nil {
		return err
	}
	return t.stub.SetEvent(EventName, payload)
}
