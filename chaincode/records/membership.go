package records

// States of what is put to a vote: a change of the members, or of the policies.
const (
	MotionProposed = "PROPOSED"
	MotionAdopted  = "ADOPTED"
	MotionRejected = "REJECTED"
)

// The changes of the members that can be voted on.
const (
	ChangeAdmit  = "admit"
	ChangeRemove = "remove"
	ChangeRekey  = "rekey"
)

// ProposeMemberRequest proposes to admit an organisation, or another fingerprint key for one that is a member.
type ProposeMemberRequest struct {
	Schema   Schema `json:"schema"`
	Proposal ID     `json:"proposal"`
	Member   Member `json:"member"`
}

// ProposeRemovalRequest proposes that an organisation is a member no longer.
type ProposeRemovalRequest struct {
	Schema   Schema `json:"schema"`
	Proposal ID     `json:"proposal"`
	MSP      MSPID  `json:"msp"`
}

// BallotRequest votes on a proposal for the own organisation.
type BallotRequest struct {
	Schema   Schema `json:"schema"`
	Proposal ID     `json:"proposal"`
	Digest   Digest `json:"digest"`
	Choice   string `json:"choice" enum:"approve,reject"`
}

// MemberChange is what a proposal would do to the members; its digest is what is voted on.
type MemberChange struct {
	Change         string `json:"change" enum:"admit,remove,rekey"`
	MSP            MSPID  `json:"msp"`
	FingerprintKey Digest `json:"fingerprint_key,omitempty"`
	CharterDigest  Digest `json:"charter_digest"`
}

// MemberProposal is a proposed change of the members, of the charter that it names.
type MemberProposal struct {
	Schema   Schema `json:"schema"`
	Proposal ID     `json:"proposal"`
	MemberChange
	CharterVersion int64   `json:"charter_version,omitempty" min:"1"`
	Digest         Digest  `json:"digest"`
	State          string  `json:"state" enum:"PROPOSED,ADOPTED,REJECTED"`
	Proposed       Stamp   `json:"proposed"`
	ExpiresTime    int64   `json:"expires_time"`
	Closed         *Closed `json:"closed,omitempty"`
}

// IsFor tells whether the charter is the one that the proposal changes. One of the same content that came into force
// again after another is not. The first proposals that were ever written do not say which version they are about.
func (p *MemberProposal) IsFor(charter *Charter) bool {
	return p.CharterDigest == charter.CharterDigest && (p.CharterVersion == 0 || p.CharterVersion == charter.Version())
}

// Ballot is one organisation's vote on a proposal; it cannot be changed.
type Ballot struct {
	Schema   Schema `json:"schema"`
	About    string `json:"about" enum:"members,policies"`
	Proposal ID     `json:"proposal"`
	MSP      MSPID  `json:"msp"`
	Digest   Digest `json:"digest"`
	Choice   string `json:"choice" enum:"approve,reject"`
	Voted    Stamp  `json:"voted"`
}

// Amendment says which vote last changed the charter's members; the first one has number 1.
type Amendment struct {
	Number   int64 `json:"number" min:"1"`
	Proposal ID    `json:"proposal"`
	Stamp    Stamp `json:"stamp"`
}
