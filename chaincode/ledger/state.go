package ledger

import (
	"encoding/json"
	"reflect"
	"slices"

	"quorate.dev/chaincode/document"
	"quorate.dev/chaincode/records"
)

// kinds are the record kinds that the types of package records stand for.
var kinds = map[reflect.Type]string{
	reflect.TypeFor[records.Founding]():      "founding",
	reflect.TypeFor[records.Confirmation]():  "confirmation",
	reflect.TypeFor[records.Charter]():       "charter",
	reflect.TypeFor[records.Gateway]():       "gateway",
	reflect.TypeFor[records.Policy]():        "policy",
	reflect.TypeFor[records.CurrentPolicy](): "policy_current",
	reflect.TypeFor[records.Dataset]():       "dataset",
	reflect.TypeFor[records.Fingerprint]():   "fingerprint",
	reflect.TypeFor[records.Account]():       "account",
	reflect.TypeFor[records.Study]():         "study",
	reflect.TypeFor[records.Vote]():          "vote",
	reflect.TypeFor[records.Accept]():        "accept",
	reflect.TypeFor[records.Withdrawal]():    "withdraw",
	reflect.TypeFor[records.Round]():         "round",
	reflect.TypeFor[records.Reservation]():   "reservation",
	reflect.TypeFor[records.Decline]():       "decline",
	reflect.TypeFor[records.Commit]():        "commit",
	reflect.TypeFor[records.Attestation]():   "attestation",
	reflect.TypeFor[records.Model]():         "model",

	reflect.TypeFor[records.MemberProposal](): "member_proposal",
	reflect.TypeFor[records.PolicyProposal](): "policy_proposal",
	reflect.TypeFor[records.Ballot]():         "ballot",
	reflect.TypeFor[records.Review]():         "review",
	reflect.TypeFor[records.Anchor]():         "anchor",
}

// SchemaOf returns the schema under which records of a type are written.
func SchemaOf[T any]() records.Schema {
	kind := kinds[reflect.TypeFor[T]()]
	return records.Version(kind, versions[kind])
}

// Get returns a record, or nil when there is none. Records of one transaction may share what they point to: change
// their fields, never the contents of their lists.
func Get[T any](t *Tx, key Key) (*T, error) {
	name, data, err := t.read(key)
	if err != nil || data == nil {
		return nil, err
	}
	if known, ok := t.decoded[name].(*T); ok {
		return copyOf(known), nil
	}
	record, err := decode[T](key, data)
	if err != nil {
		return nil, err
	}
	t.decoded[name] = record
	return copyOf(record), nil
}

func copyOf[T any](record *T) *T {
	other := *record
	return &other
}

// Need returns a record, or a NOT_FOUND that names it as what.
func Need[T any](t *Tx, key Key, what string) (*T, error) {
	record, err := Get[T](t, key)
	if err == nil && record == nil {
		err = Refuse(NotFound, "there is no %s", what)
	}
	return record, err
}

// Put stores a record for the end of the transaction.
func Put[T any](t *Tx, key Key, record *T) error {
	if t.mode == Read {
		return Refuse(Defect, "a reading function tried to write %s", key)
	}
	if key.owner != "" && key.owner != t.Caller.MSP {
		return Refuse(Denied, "%s belongs to %s and cannot be written by %s", key, key.owner, t.Caller.MSP)
	}
	name, err := t.nameOf(key)
	if err != nil {
		return err
	}
	data, err := document.Encode(record)
	if err != nil {
		return err
	}
	t.pending[name] = data
	delete(t.decoded, name)
	return nil
}

// List returns all records whose keys begin with that of prefix, in the order of keys. Only reading functions may.
func List[T any](t *Tx, kind string, parts ...string) (list []T, err error) {
	if t.mode == Submit {
		return nil, Refuse(Defect, "a submitted function tried to read the range %s", shared(kind, parts...))
	}
	rows, err := t.stub.GetStateByPartialCompositeKey(kind, parts)
	if err != nil {
		return nil, err
	}
	defer func() {
		if closing := rows.Close(); err == nil {
			err = closing
		}
	}()
	list = []T{}
	for rows.HasNext() {
		row, err := rows.Next()
		if err != nil {
			return nil, err
		}
		record, err := decode[T](shared(kind, parts...), row.GetValue())
		if err != nil {
			return nil, err
		}
		list = append(list, *record)
	}
	return list, nil
}

// read returns a key's name in the state, and what the transaction sees under it: its own write, or the state.
func (t *Tx) read(key Key) (name string, data []byte, err error) {
	if name, err = t.nameOf(key); err != nil {
		return "", nil, err
	}
	if data, written := t.pending[name]; written {
		return name, data, nil
	}
	if data, seen := t.seen[name]; seen {
		return name, data, nil
	}
	if err := t.fetch(name); err != nil {
		return "", nil, err
	}
	return name, t.seen[name], nil
}

// Expect names records that the transaction is about to read. The next read that has to ask the peer brings all of them
// along, in one exchange instead of one for each; a peer of Fabric 2 is asked one by one.
func (t *Tx) Expect(keys ...Key) { t.expected = append(t.expected, keys...) }

// fetch reads a name and what is expected besides.
func (t *Tx) fetch(name string) error {
	names, err := t.unseen(name)
	if err != nil {
		return err
	}
	values, err := t.values(names)
	if err != nil {
		return err
	}
	if len(values) != len(names) {
		return Refuse(Defect, "the peer answered %d of %d keys", len(values), len(names))
	}
	for i, name := range names {
		if t.seen[name] = values[i]; len(values[i]) == 0 {
			t.seen[name] = nil // no record
		}
	}
	return nil
}

func (t *Tx) values(names []string) ([][]byte, error) {
	if len(names) > 1 {
		return t.stub.GetMultipleStates(names...)
	}
	value, err := t.stub.GetState(names[0])
	return [][]byte{value}, err
}

// unseen returns a name and those that are expected, each once, and expects nothing more.
func (t *Tx) unseen(name string) ([]string, error) {
	names := []string{name}
	for _, key := range t.expected {
		other, err := t.nameOf(key)
		if err != nil {
			return nil, err
		}
		if _, seen := t.seen[other]; !seen && !slices.Contains(names, other) {
			names = append(names, other)
		}
	}
	t.expected = nil
	return names, nil
}

func (t *Tx) nameOf(key Key) (string, error) {
	name, err := t.stub.CreateCompositeKey(key.kind, key.parts)
	if err != nil {
		return "", Refuse(Defect, "the key %s cannot be formed: %v", key, err)
	}
	return name, nil
}

func decode[T any](key Key, data []byte) (*T, error) {
	record, kind := new(T), kinds[reflect.TypeFor[T]()]
	if err := json.Unmarshal(data, record); err != nil {
		return nil, unreadable(key, data, kind, err)
	}
	schema := reflect.ValueOf(record).Elem().FieldByName("Schema").String()
	return record, checkVersion(key, schema, kind)
}
