package ledger

import (
	"fmt"
	"strings"

	"quorate.dev/chaincode/records"
)

// A Key names one record: its kind, and what tells it from others of the kind. A key with an owner is written
// only by transactions that the owner created.
type Key struct {
	kind  string
	parts []string
	owner records.MSPID
}

// String returns the key for people.
func (k Key) String() string { return strings.Join(append([]string{k.kind}, k.parts...), "~") }

func shared(kind string, parts ...string) Key { return Key{kind: kind, parts: parts} }

func owned(owner records.MSPID, kind string, parts ...string) Key {
	return Key{kind: kind, parts: parts, owner: owner}
}

// Number is how rounds and versions stand in keys: padded, so that the order of keys is theirs.
func Number(n int64) string { return fmt.Sprintf("%06d", n) }

func attempt(n int64) string { return fmt.Sprintf("%02d", n) }

// The keys of the charter and its founding.
func FoundingKey(proposer records.MSPID) Key { return owned(proposer, "founding", string(proposer)) }
func ConfirmKey(proposer, msp records.MSPID) Key {
	return owned(msp, "confirm", string(proposer), string(msp))
}
func CharterKey() Key                        { return shared("charter") }
func GatewayKey(msp records.MSPID) Key       { return owned(msp, "gateway", string(msp)) }
func CurrentPolicyKey() Key                  { return shared("policy", "current") }
func PolicyKey(version int64) Key            { return shared("policy", "version", Number(version)) }
func StudyKey(study records.ID) Key          { return shared("study", string(study)) }
func ModelKey(digest records.Digest) Key     { return shared("model", digest.Hex()) }
func RoundKey(study records.ID, r int64) Key { return shared("round", string(study), Number(r)) }

// The keys of what is put to a vote besides studies, and of the votes.
func MemberProposalKey(proposal records.ID) Key {
	return shared("proposal", "members", string(proposal))
}
func PolicyProposalKey(proposal records.ID) Key {
	return shared("proposal", "policies", string(proposal))
}
func BallotKey(about string, proposal records.ID, msp records.MSPID) Key {
	return owned(msp, "ballot", about, string(proposal), string(msp))
}

// The keys of an organisation's own supervision.
func ReviewKey(msp records.MSPID, review records.ID) Key {
	return owned(msp, "review", string(msp), string(review))
}
func AnchorKey(msp records.MSPID) Key { return owned(msp, "anchor", string(msp)) }

// The keys of data sets.
func DatasetKey(msp records.MSPID, dataset records.ID) Key {
	return owned(msp, "dataset", string(msp), string(dataset))
}
func FingerprintKey(msp records.MSPID, fingerprint records.Digest) Key {
	return owned(msp, "fingerprint", string(msp), fingerprint.Hex())
}
func AccountKey(msp records.MSPID, dataset records.ID) Key {
	return owned(msp, "account", string(msp), string(dataset))
}

// The keys of what an organisation says about a study.
func VoteKey(study records.ID, version int64, motion records.Motion, msp records.MSPID) Key {
	return owned(msp, "vote", "study", string(study), Number(version), string(motion), string(msp))
}
func AcceptKey(study records.ID, version int64, msp records.MSPID) Key {
	return owned(msp, "accept", string(study), Number(version), string(msp))
}
func WithdrawKey(study records.ID, version int64, msp records.MSPID) Key {
	return owned(msp, "withdraw", string(study), Number(version), string(msp))
}

// The keys of what an organisation says in a round.
func ReserveKey(study records.ID, r int64, msp records.MSPID, dataset records.ID) Key {
	return owned(msp, "reserve", string(study), Number(r), string(msp), string(dataset))
}
func DeclineKey(study records.ID, r int64, msp records.MSPID, dataset records.ID) Key {
	return owned(msp, "decline", string(study), Number(r), string(msp), string(dataset))
}
func CommitKey(study records.ID, r int64, msp records.MSPID, dataset records.ID) Key {
	return owned(msp, "commit", string(study), Number(r), string(msp), string(dataset))
}
func AttestKey(study records.ID, r, a int64, msp records.MSPID) Key {
	return owned(msp, "attest", string(study), Number(r), attempt(a), string(msp))
}
