package ledgertest

import (
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/queryresult"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// stub is the peer's side of one simulation. Methods that Quorate does not use are those of the nil interface, and panic.
type stub struct {
	shim.ChaincodeStubInterface
	txID    string
	args    [][]byte
	signed  [][]byte // the arguments of the signed proposal
	creator []byte
	time    *timestamppb.Timestamp
	state   state
	rwset   RWSet
	event   *Event

	exchanges int
}

// An Event is what a transaction emits.
type Event struct {
	Name    string
	Payload []byte
}

func (s *stub) GetTxID() string                                 { return s.txID }
func (s *stub) GetChannelID() string                            { return "quorate" }
func (s *stub) GetArgs() [][]byte                               { return s.args }
func (s *stub) GetCreator() ([]byte, error)                     { return s.creator, nil }
func (s *stub) GetTxTimestamp() (*timestamppb.Timestamp, error) { return s.time, nil }
func (s *stub) StartWriteBatch()                                {}
func (s *stub) FinishWriteBatch() error                         { return nil }

func (s *stub) GetStringArgs() []string {
	list := make([]string, len(s.args))
	for i, arg := range s.args {
		list[i] = string(arg)
	}
	return list
}

func (s *stub) GetFunctionAndParameters() (string, []string) {
	list := s.GetStringArgs()
	if len(list) == 0 {
		return "", nil
	}
	return list[0], list[1:]
}

func (s *stub) GetSignedProposal() (*peer.SignedProposal, error) {
	spec, err := proto.Marshal(&peer.ChaincodeInvocationSpec{
		ChaincodeSpec: &peer.ChaincodeSpec{Input: &peer.ChaincodeInput{Args: s.signed}},
	})
	if err != nil {
		return nil, err
	}
	payload, err := proto.Marshal(&peer.ChaincodeProposalPayload{Input: spec})
	if err != nil {
		return nil, err
	}
	proposal, err := proto.Marshal(&peer.Proposal{Payload: payload})
	return &peer.SignedProposal{ProposalBytes: proposal}, err
}

// GetState returns the committed value: a transaction does not see its own writes.
func (s *stub) GetState(key string) ([]byte, error) {
	s.exchanges++
	return s.value(key)
}

func (s *stub) value(key string) ([]byte, error) {
	if key == "" {
		return nil, errors.New("the key is empty")
	}
	found, exists := s.state[key]
	if exists {
		s.rwset.reads[key] = &found.version
	} else {
		s.rwset.reads[key] = nil
	}
	return found.value, nil
}

// GetMultipleStates returns nil for keys that have no value.
func (s *stub) GetMultipleStates(keys ...string) ([][]byte, error) {
	s.exchanges++
	values := make([][]byte, len(keys))
	for i, key := range keys {
		value, err := s.value(key)
		if err != nil {
			return nil, err
		}
		values[i] = value
	}
	return values, nil
}

func (s *stub) PutState(key string, value []byte) error {
	if key == "" || len(value) == 0 {
		return errors.New("an empty key or value would be a deletion")
	}
	s.rwset.writes[key] = value
	return nil
}

func (s *stub) DelState(key string) error {
	s.rwset.writes[key] = nil
	return nil
}

func (s *stub) SetEvent(name string, payload []byte) error {
	if s.event != nil {
		return errors.New("a transaction has one event, and this is the second")
	}
	s.event = &Event{name, payload}
	return nil
}

// separator stands before and after every part of a composite key.
const separator = "\x00"

func (s *stub) CreateCompositeKey(kind string, parts []string) (string, error) {
	return shim.CreateCompositeKey(kind, parts)
}

// splitKey returns the parts of a composite key, its kind first.
func splitKey(key string) []string { return strings.Split(strings.Trim(key, separator), separator) }

func (s *stub) GetStateByPartialCompositeKey(kind string, parts []string) (shim.StateQueryIteratorInterface, error) {
	first, err := s.CreateCompositeKey(kind, parts)
	if err != nil {
		return nil, err
	}
	return s.scan(first, first+string(utf8.MaxRune)), nil
}

func (s *stub) scan(first, last string) *rows {
	read := rangeRead{first: first, last: last, found: map[string]version{}}
	r := &rows{}
	for _, key := range s.state.between(first, last) {
		read.found[key] = s.state[key].version
		r.list = append(r.list, &queryresult.KV{Namespace: "quorate", Key: key, Value: s.state[key].value})
	}
	s.rwset.ranges = append(s.rwset.ranges, read)
	return r
}

// rows goes through the result of a range read.
type rows struct {
	list   []*queryresult.KV
	closed bool
}

func (r *rows) HasNext() bool { return !r.closed && len(r.list) > 0 }

func (r *rows) Close() error {
	r.closed = true
	return nil
}

func (r *rows) Next() (*queryresult.KV, error) {
	if !r.HasNext() {
		return nil, errors.New("there are no more rows")
	}
	next := r.list[0]
	r.list = r.list[1:]
	return next, nil
}
