package records

// FoundRequest proposes a charter.
type FoundRequest struct {
	Schema Schema `json:"schema"`
	CharterTerms
}

// CharterTerms are what the members agree on.
type CharterTerms struct {
	Title          Title    `json:"title"`
	Members        []Member `json:"members" min:"2" max:"64"`
	Quorum         Quorum   `json:"quorum"`
	ClockSkewMS    int64    `json:"clock_skew_ms" min:"100" max:"600000"`
	VotingPeriodMS int64    `json:"voting_period_ms" min:"1000" max:"31536000000"`
}

// Member is a member and the commitment to its fingerprint key.
type Member struct {
	MSP            MSPID  `json:"msp"`
	FingerprintKey Digest `json:"fingerprint_key"`
}

// Quorum says which share of the members decides.
type Quorum struct {
	Studies  string `json:"studies" enum:"majority,two-thirds,all"`
	Members  string `json:"members" enum:"majority,two-thirds,all"`
	Policies string `json:"policies" enum:"majority,two-thirds,all"`
}

// ConfirmRequest agrees to a proposed charter.
type ConfirmRequest struct {
	Schema        Schema `json:"schema"`
	Proposer      MSPID  `json:"proposer"`
	CharterDigest Digest `json:"charter_digest"`
}

// ConsortiumTallyRequest closes a founding, which is named by its proposer, or a vote on members, by its proposal.
type ConsortiumTallyRequest struct {
	Schema   Schema `json:"schema"`
	Motion   string `json:"motion" enum:"founding,members"`
	Proposer MSPID  `json:"proposer,omitempty"`
	Proposal ID     `json:"proposal,omitempty"`
}

// AnnounceRequest says where the own gateway is.
type AnnounceRequest struct {
	Schema  Schema  `json:"schema"`
	Address Address `json:"address"`
	TLSRoot string  `json:"tls_root" min:"1" max:"8192"`
}

// ConsortiumGetRequest asks for the charter and what led to it.
type ConsortiumGetRequest struct {
	Schema Schema `json:"schema"`
}

// MembersRequest asks for the charter in force, the members and their gateways.
type MembersRequest struct {
	Schema Schema `json:"schema"`
}

// Founding is a proposed charter.
type Founding struct {
	Schema   Schema `json:"schema"`
	Proposer MSPID  `json:"proposer"`
	CharterTerms
	CharterDigest Digest `json:"charter_digest"`
	Proposed      Stamp  `json:"proposed"`
}

// Confirmation is one member's agreement to a proposed charter.
type Confirmation struct {
	Schema        Schema `json:"schema"`
	Proposer      MSPID  `json:"proposer"`
	MSP           MSPID  `json:"msp"`
	CharterDigest Digest `json:"charter_digest"`
	Confirmed     Stamp  `json:"confirmed"`
}

// Charter is the charter in force.
type Charter struct {
	Schema Schema `json:"schema"`
	CharterTerms
	CharterDigest Digest     `json:"charter_digest"`
	Proposer      MSPID      `json:"proposer"`
	Activated     Stamp      `json:"activated"`
	Amended       *Amendment `json:"amended,omitempty"`
}

// Version numbers the charters that were in force, from 1 on.
func (c *Charter) Version() int64 {
	if c.Amended == nil {
		return 1
	}
	return c.Amended.Number + 1
}

// Has tells whether an organisation is a member.
func (t CharterTerms) Has(msp MSPID) bool {
	for _, m := range t.Members {
		if m.MSP == msp {
			return true
		}
	}
	return false
}

// Gateway says where a member's gateway is, and which root its certificate hangs from.
type Gateway struct {
	Schema    Schema  `json:"schema"`
	MSP       MSPID   `json:"msp"`
	Address   Address `json:"address"`
	TLSRoot   string  `json:"tls_root" min:"1" max:"8192"`
	Announced Stamp   `json:"announced"`
}

// ConsortiumView answers consortium:Get.
type ConsortiumView struct {
	Schema        Schema           `json:"schema"`
	Charter       *Charter         `json:"charter,omitempty"`
	Foundings     []Founding       `json:"foundings"`
	Confirmations []Confirmation   `json:"confirmations"`
	Proposals     []MemberProposal `json:"proposals"`
	Ballots       []Ballot         `json:"ballots"`
}

// MemberView is a member, with its gateway once announced.
type MemberView struct {
	MSP     MSPID   `json:"msp"`
	Address Address `json:"address,omitempty"`
	TLSRoot string  `json:"tls_root,omitempty"`
}

// MembersView answers consortium:Members.
type MembersView struct {
	Schema  Schema       `json:"schema"`
	Charter *Charter     `json:"charter,omitempty"`
	Members []MemberView `json:"members"`
}
