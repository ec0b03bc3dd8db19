package ledger

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"google.golang.org/protobuf/types/known/timestamppb"

	"quorate.dev/chaincode/records"
)

// peer is as much of a peer as a transaction needs.
type peer struct {
	shim.ChaincodeStubInterface
	creator []byte
	time    *timestamppb.Timestamp
	state   map[string][]byte
	reads   []string
	puts    []string
	event   string

	exchanges int
}

func (p *peer) GetTxID() string                                 { return strings.Repeat("0", 64) }
func (p *peer) GetCreator() ([]byte, error)                     { return p.creator, nil }
func (p *peer) GetTxTimestamp() (*timestamppb.Timestamp, error) { return p.time, nil }
func (p *peer) StartWriteBatch()                                {}
func (p *peer) FinishWriteBatch() error                         { return nil }

func (p *peer) CreateCompositeKey(kind string, parts []string) (string, error) {
	return shim.CreateCompositeKey(kind, parts)
}

func (p *peer) GetState(key string) ([]byte, error) {
	p.reads = append(p.reads, key)
	return p.state[key], nil
}

func (p *peer) GetMultipleStates(keys ...string) ([][]byte, error) {
	p.exchanges++
	values := make([][]byte, len(keys))
	for i, key := range keys {
		p.reads = append(p.reads, key)
		values[i] = p.state[key]
	}
	return values, nil
}

func (p *peer) PutState(key string, value []byte) error {
	p.puts = append(p.puts, key)
	p.state[key] = value
	return nil
}

func (p *peer) SetEvent(name string, payload []byte) error {
	if p.event != "" {
		return errors.New("a second event")
	}
	p.event = name + " " + string(payload)
	return nil
}

// begun is a transaction of Alder's.
func begun(t *testing.T, mode Mode) (*Tx, *peer) {
	t.Helper()
	p := &peer{creator: creatorOf(t, "AlderMSP", attributes(`{"attrs":{"quorate.role":"agent"}}`)), time: timestamppb.New(time.UnixMilli(5000)), state: map[string][]byte{}}
	tx, err := Begin(p, mode, time.UnixMilli(5000), &Callers{})
	if err != nil {
		t.Fatal(err)
	}
	return tx, p
}

func gateway(msp records.MSPID) *records.Gateway {
	return &records.Gateway{Schema: SchemaOf[records.Gateway](), MSP: msp, Address: "localhost:1", TLSRoot: "x"}
}

func TestATransactionSeesItsOwnWritesAndThePeerOnlyAtTheEnd(t *testing.T) {
	tx, p := begun(t, Submit)
	key := GatewayKey("AlderMSP")
	if found, err := Get[records.Gateway](tx, key); err != nil || found != nil {
		t.Fatalf("got %v, %v", found, err)
	}
	if err := Put(tx, key, gateway("AlderMSP")); err != nil {
		t.Fatal(err)
	}
	if found, err := Get[records.Gateway](tx, key); err != nil || found == nil || found.Address != "localhost:1" {
		t.Fatalf("got %v, %v", found, err)
	}
	if len(p.puts) != 0 {
		t.Errorf("%q was written before the end", p.puts)
	}
	if err := tx.Flush(); err != nil || len(p.puts) != 1 {
		t.Errorf("%q was written: %v", p.puts, err)
	}
	if len(p.reads) != 1 {
		t.Errorf("the peer was asked for %q", p.reads)
	}
}

// hasGateway puts the gateway of an organisation into the peer's state.
func (p *peer) hasGateway(t *testing.T, msp string) {
	t.Helper()
	data, err := json.Marshal(gateway(records.MSPID(msp)))
	if err != nil {
		t.Fatal(err)
	}
	name, _ := shim.CreateCompositeKey("gateway", []string{msp})
	p.state[name] = data
}

func TestWhatIsExpectedIsOneExchangeAndReadOnce(t *testing.T) {
	tx, p := begun(t, Submit)
	p.hasGateway(t, "AlderMSP")
	here, absent := GatewayKey("AlderMSP"), GatewayKey("BirchMSP")
	tx.Expect(here, absent, here)
	if len(p.reads) != 0 {
		t.Errorf("%q were read before anybody asked", p.reads)
	}
	if found, err := Get[records.Gateway](tx, here); err != nil || found == nil || found.Address != "localhost:1" {
		t.Errorf("got %v, %v", found, err)
	}
	if found, err := Get[records.Gateway](tx, absent); err != nil || found != nil {
		t.Errorf("got %v, %v", found, err)
	}
	tx.Expect(here, absent)
	if _, err := Get[records.Gateway](tx, GatewayKey("ElmMSP")); err != nil {
		t.Fatal(err)
	}
	if p.exchanges != 1 || len(p.reads) != 3 {
		t.Errorf("%d exchanges for %q", p.exchanges, p.reads)
	}
}

func TestWhatIsExpectedAndNeverAskedForIsNotRead(t *testing.T) {
	tx, p := begun(t, Submit)
	tx.Expect(GatewayKey("AlderMSP"))
	if err := tx.Flush(); err != nil || len(p.reads) != 0 {
		t.Errorf("%v, and %q were read", err, p.reads)
	}
}

// What a caller does to a record must not show in what another part of the transaction reads.
func TestRecordsAreReadAfresh(t *testing.T) {
	tx, p := begun(t, Submit)
	p.hasGateway(t, "AlderMSP")
	first, err := Get[records.Gateway](tx, GatewayKey("AlderMSP"))
	if err != nil {
		t.Fatal(err)
	}
	first.Address = "changed:1"
	if second, err := Get[records.Gateway](tx, GatewayKey("AlderMSP")); err != nil || second.Address != "localhost:1" {
		t.Errorf("got %v, %v", second, err)
	}
}

func TestWritesAreInOrderOfKeys(t *testing.T) {
	tx, p := begun(t, Submit)
	for _, study := range []records.ID{"c", "a", "b"} {
		if err := Put(tx, StudyKey(study), &records.Study{Schema: SchemaOf[records.Study]()}); err != nil {
			t.Fatal(err)
		}
	}
	if err := tx.Flush(); err != nil || !slices.IsSorted(p.puts) || len(p.puts) != 3 {
		t.Errorf("written %q: %v", p.puts, err)
	}
}

func TestOnlyTheOwnerWritesItsKeys(t *testing.T) {
	own := func(msp records.MSPID) []Key {
		return []Key{
			FoundingKey(msp), ConfirmKey("CedarMSP", msp), GatewayKey(msp), DatasetKey(msp, "d"),
			FingerprintKey(msp, records.Digest("sha256:"+strings.Repeat("0", 64))), AccountKey(msp, "d"), VoteKey("s", 1, "approve", msp),
			AcceptKey("s", 1, msp), WithdrawKey("s", 1, msp), ReserveKey("s", 1, msp, "d"), DeclineKey("s", 1, msp, "d"),
			CommitKey("s", 1, msp, "d"), AttestKey("s", 1, 1, msp),
		}
	}
	tx, _ := begun(t, Submit)
	for _, key := range own("AlderMSP") {
		if err := Put(tx, key, gateway("AlderMSP")); err != nil {
			t.Errorf("%s: %v", key, err)
		}
	}
	for _, key := range own("BirchMSP") {
		if err := Put(tx, key, gateway("BirchMSP")); CodeOf(err) != Denied {
			t.Errorf("%s was written by AlderMSP: %v", key, err)
		}
	}
	for _, key := range []Key{CharterKey(), CurrentPolicyKey(), PolicyKey(1), StudyKey("s"), RoundKey("s", 1), ModelKey(records.Digest("sha256:" + strings.Repeat("0", 64)))} {
		if err := Put(tx, key, gateway("AlderMSP")); err != nil {
			t.Errorf("%s: %v", key, err)
		}
	}
}

func TestKeysAreAsPublished(t *testing.T) {
	hex := strings.Repeat("ab", 32)
	for want, key := range map[string]Key{
		"commit~one~000007~AlderMSP~rows":              CommitKey("one", 7, "AlderMSP", "rows"),
		"attest~one~000007~02~AlderMSP":                AttestKey("one", 7, 2, "AlderMSP"),
		"reserve~one~010000~AlderMSP~rows":             ReserveKey("one", 10000, "AlderMSP", "rows"),
		"decline~one~000001~AlderMSP~rows":             DeclineKey("one", 1, "AlderMSP", "rows"),
		"vote~study~one~000002~abort-round/3~AlderMSP": VoteKey("one", 2, "abort-round/3", "AlderMSP"),
		"accept~one~000002~AlderMSP":                   AcceptKey("one", 2, "AlderMSP"),
		"withdraw~one~000002~AlderMSP":                 WithdrawKey("one", 2, "AlderMSP"),
		"account~AlderMSP~rows":                        AccountKey("AlderMSP", "rows"),
		"dataset~AlderMSP~rows":                        DatasetKey("AlderMSP", "rows"),
		"fingerprint~AlderMSP~" + hex:                  FingerprintKey("AlderMSP", records.Digest("sha256:"+hex)),
		"model~" + hex:                                 ModelKey(records.Digest("sha256:" + hex)),
		"round~one~000001":                             RoundKey("one", 1),
		"study~one":                                    StudyKey("one"),
		"policy~current":                               CurrentPolicyKey(),
		"policy~version~000001":                        PolicyKey(1),
		"charter":                                      CharterKey(),
		"founding~AlderMSP":                            FoundingKey("AlderMSP"),
		"confirm~BirchMSP~AlderMSP":                    ConfirmKey("BirchMSP", "AlderMSP"),
		"gateway~AlderMSP":                             GatewayKey("AlderMSP"),
	} {
		if key.String() != want {
			t.Errorf("%s, want %s", key, want)
		}
	}
}

func TestASubmittedFunctionCannotReadRangesAndAReadingOneCannotWrite(t *testing.T) {
	tx, _ := begun(t, Submit)
	if _, err := List[records.Study](tx, "study"); CodeOf(err) != Defect {
		t.Errorf("a submitted function read a range: %v", err)
	}
	tx, p := begun(t, Read)
	if err := Put(tx, StudyKey("one"), &records.Study{}); CodeOf(err) != Defect {
		t.Errorf("a reading function wrote: %v", err)
	}
	tx.Emit(records.Event{Type: "study.proposed"})
	if err := tx.Flush(); err != nil || p.event != "" || len(p.puts) > 0 {
		t.Errorf("a reading function left %q and %q: %v", p.event, p.puts, err)
	}
}

func TestAllFactsAreOneEvent(t *testing.T) {
	tx, p := begun(t, Submit)
	tx.Emit(records.Event{Type: "round.sealed", Study: "one", Round: 2, Attempt: 1})
	tx.Emit(records.Event{Type: "study.completed", Study: "one"})
	if err := tx.Flush(); err != nil {
		t.Fatal(err)
	}
	const want = `quorate {"events":[{"attempt":1,"round":2,"study":"one","type":"round.sealed"},{"study":"one","type":"study.completed"}],"schema":"quorate.events/1"}`
	if p.event != want {
		t.Errorf("got %s", p.event)
	}
}

func TestTimes(t *testing.T) {
	for _, test := range []struct {
		name string
		time *timestamppb.Timestamp
	}{
		{"none", nil}, {"before 1970", timestamppb.New(time.UnixMilli(-1))}, {"no nanoseconds", &timestamppb.Timestamp{Nanos: -1}},
	} {
		p := &peer{creator: creatorOf(t, "AlderMSP", attributes(`{"attrs":{"quorate.role":"agent"}}`)), time: test.time}
		if _, err := Begin(p, Submit, time.Now(), &Callers{}); CodeOf(err) != InvalidArgument {
			t.Errorf("%s: %v", test.name, err)
		}
	}
	tx, _ := begun(t, Submit)
	for skew, allowed := range map[int64]bool{0: true, 100: true} {
		if err := tx.CheckClock(skew); (err == nil) != allowed {
			t.Errorf("a skew of %d: %v", skew, err)
		}
	}
	tx.Time += 101
	if err := tx.CheckClock(100); CodeOf(err) != Expired || !strings.Contains(err.Error(), "101 ms") {
		t.Errorf("a transaction of the future: %v", err)
	}
	tx.Time -= 202
	if err := tx.CheckClock(100); CodeOf(err) != Expired || !strings.Contains(err.Error(), "-101 ms") {
		t.Errorf("a transaction of the past: %v", err)
	}
}

func TestEveryKindHasAVersionAndEveryVersionAKind(t *testing.T) {
	for of, kind := range kinds {
		if versions[kind] < 1 {
			t.Errorf("%s has no version", of)
		}
	}
	if len(kinds) != len(versions) {
		t.Errorf("there are %d kinds and %d versions", len(kinds), len(versions))
	}
}

func TestErrorsWithoutACodeAreDefects(t *testing.T) {
	if got := CodeOf(errors.New("x")); got != Defect {
		t.Errorf("got %s", got)
	}
	if err := Refuse(Conflict, "already %d", 1); err.Error() != "CONFLICT: already 1" || CodeOf(err) != Conflict {
		t.Errorf("got %v", err)
	}
}

func TestAMemoReadsTheStateAndNotesChanges(t *testing.T) {
	var memo Memo[records.Gateway]
	name, _ := shim.CreateCompositeKey("gateway", []string{"AlderMSP"})
	for _, address := range []records.Address{"", "one:1", "one:1", "two:2"} {
		tx, p := begun(t, Submit)
		if address != "" {
			record := gateway("AlderMSP")
			record.Address = address
			p.state[name], _ = json.Marshal(record)
		}
		found, err := memo.Get(tx, GatewayKey("AlderMSP"))
		if err != nil || (found == nil) != (address == "") || (found != nil && found.Address != address) {
			t.Errorf("%q: got %v, %v", address, found, err)
		}
		if len(p.reads) != 1 {
			t.Errorf("the peer was asked %d times", len(p.reads))
		}
	}
}

func TestStoredRecordsThatAreNotReadable(t *testing.T) {
	for _, test := range []struct {
		name, data string
		code       Code
		says       string
	}{
		{"another kind", `{"schema":"quorate.study/1"}`, Defect, "not a quorate.gateway"},
		{"no kind", `{}`, Defect, "not a quorate.gateway"},
		{"no version", `{"schema":"quorate.gateway"}`, Defect, "not a quorate.gateway"},
		{"a newer version", `{"schema":"quorate.gateway/2"}`, UnsupportedVersion, "up to version 1"},
		{"a newer version of another form", `{"schema":"quorate.gateway/2","address":["a"]}`, UnsupportedVersion, "up to version 1"},
		{"this version of another form", `{"schema":"quorate.gateway/1","address":["a"]}`, Defect, "gateway~AlderMSP cannot be read"},
		{"no JSON", `x`, Defect, "cannot be read"},
	} {
		tx, p := begun(t, Submit)
		name, _ := shim.CreateCompositeKey("gateway", []string{"AlderMSP"})
		p.state[name] = []byte(test.data)
		if _, err := Get[records.Gateway](tx, GatewayKey("AlderMSP")); CodeOf(err) != test.code || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}
