package records

import "encoding/json"

// PolicyGetRequest asks for a version of the policy set; 0, or none, is the one in force.
type PolicyGetRequest struct {
	Schema  Schema `json:"schema"`
	Version int64  `json:"version,omitempty" max:"999999"`
}

// CheckRequest asks whether the caller could call a function with a document.
type CheckRequest struct {
	Schema   Schema          `json:"schema"`
	Function string          `json:"function" min:"1" max:"128"`
	Document json.RawMessage `json:"document"`
}

// Policy is one version of the policy set; its identity is the digest of its exact text.
type Policy struct {
	Schema  Schema `json:"schema"`
	Version int64  `json:"version" min:"1" max:"999999"`
	Digest  Digest `json:"digest"`
	Text    string `json:"text" max:"65536"`
	InForce Stamp  `json:"in_force"`
	// Proposal is the vote that brought it into force; the first version came with the charter.
	Proposal ID `json:"proposal,omitempty"`
}

// PolicyProposeRequest proposes a policy set in place of the one that base names.
type PolicyProposeRequest struct {
	Schema   Schema `json:"schema"`
	Proposal ID     `json:"proposal"`
	Title    Title  `json:"title"`
	Base     Digest `json:"base"`
	Text     string `json:"text" min:"1" max:"65536"`
}

// PolicyTallyRequest counts the votes on a proposed policy set, and closes it when they decide.
type PolicyTallyRequest struct {
	Schema   Schema `json:"schema"`
	Proposal ID     `json:"proposal"`
}

// PolicyProposalRequest asks for a proposed policy set with its text and the votes on it.
type PolicyProposalRequest struct {
	Schema   Schema `json:"schema"`
	Proposal ID     `json:"proposal"`
}

// PolicyHistoryRequest asks for all versions of the policy set and all proposals.
type PolicyHistoryRequest struct {
	Schema Schema `json:"schema"`
}

// PolicyMotion is what a proposal of a policy set says, besides its text.
type PolicyMotion struct {
	Proposal    ID      `json:"proposal"`
	Title       Title   `json:"title"`
	Base        Digest  `json:"base"`
	BaseVersion int64   `json:"base_version,omitempty" min:"1" max:"999999"`
	Digest      Digest  `json:"digest"`
	State       string  `json:"state" enum:"PROPOSED,ADOPTED,REJECTED"`
	Version     int64   `json:"version,omitempty" min:"1" max:"999999"`
	Proposed    Stamp   `json:"proposed"`
	ExpiresTime int64   `json:"expires_time"`
	Closed      *Closed `json:"closed,omitempty"`
}

// IsFor tells whether the policy set of a version and a digest is the one that the proposal changes. One of the same
// text that came into force again after another is not. The first proposals that were ever written do not say which
// version they are about.
func (m *PolicyMotion) IsFor(version int64, digest Digest) bool {
	return m.Base == digest && (m.BaseVersion == 0 || m.BaseVersion == version)
}

// PolicyProposal is a proposed policy set; its digest is that of its text, and what is voted on.
type PolicyProposal struct {
	Schema Schema `json:"schema"`
	PolicyMotion
	Text string `json:"text" max:"65536"`
}

// PolicyProposalView answers policy:Proposal.
type PolicyProposalView struct {
	Schema   Schema         `json:"schema"`
	Proposal PolicyProposal `json:"proposal"`
	Ballots  []Ballot       `json:"ballots"`
}

// PolicyVersion is one version of the policy set, without its text.
type PolicyVersion struct {
	Version  int64  `json:"version" min:"1" max:"999999"`
	Digest   Digest `json:"digest"`
	InForce  Stamp  `json:"in_force"`
	Proposal ID     `json:"proposal,omitempty"`
}

// PolicyHistory answers policy:History.
type PolicyHistory struct {
	Schema    Schema          `json:"schema"`
	Versions  []PolicyVersion `json:"versions"`
	Proposals []PolicyMotion  `json:"proposals"`
	Ballots   []Ballot        `json:"ballots"`
}

// CurrentPolicy names the version of the policy set that is in force.
type CurrentPolicy struct {
	Schema  Schema `json:"schema"`
	Version int64  `json:"version" min:"1" max:"999999"`
	Digest  Digest `json:"digest"`
}

// Decision answers policy:Check.
type Decision struct {
	Schema        Schema   `json:"schema"`
	Decision      string   `json:"decision" enum:"allow,deny"`
	Policies      []string `json:"policies"`
	PolicyVersion int64    `json:"policy_version" max:"999999"`
	PolicyDigest  Digest   `json:"policy_digest"`
}
