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
