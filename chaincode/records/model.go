package records

// ModelGetRequest asks for a model.
type ModelGetRequest struct {
	Schema Schema `json:"schema"`
	Model  Digest `json:"model"`
}

// LineageRequest asks for a model's ancestors.
type LineageRequest struct {
	Schema Schema `json:"schema"`
	Model  Digest `json:"model"`
}

// ModelRetireRequest withdraws a model from use; the reason is the digest of a text that is kept off the ledger.
type ModelRetireRequest struct {
	Schema Schema `json:"schema"`
	Model  Digest `json:"model"`
	Reason Digest `json:"reason"`
}

// Update is an update that went into a model.
type Update struct {
	MSP     MSPID  `json:"msp"`
	Dataset ID     `json:"dataset"`
	Update  Digest `json:"update"`
	Weight  int64  `json:"weight" min:"1" max:"2147483647"`
}

// States of a model.
const (
	ModelFinal   = "FINAL"
	ModelRetired = "RETIRED"
)

// Model is a final model.
type Model struct {
	Schema        Schema      `json:"schema"`
	Digest        Digest      `json:"digest"`
	Study         ID          `json:"study"`
	Round         int64       `json:"round" min:"1" max:"10000"`
	Base          Digest      `json:"base"`
	TermsDigest   Digest      `json:"terms_digest"`
	Plan          Digest      `json:"plan"`
	PolicyVersion int64       `json:"policy_version" min:"1" max:"999999"`
	Updates       []Update    `json:"updates"`
	Excluded      []Exclusion `json:"excluded"`
	AttestedBy    []MSPID     `json:"attested_by"`
	State         string      `json:"state" enum:"FINAL,RETIRED"`
	Finalized     Stamp       `json:"finalized"`
	Retired       *Stamp      `json:"retired,omitempty"`
	RetiredReason Digest      `json:"retired_reason,omitempty"`
}

// Lineage answers model:Lineage: the model first, its oldest ancestor last, and the initial model's digest.
type Lineage struct {
	Schema  Schema  `json:"schema"`
	Models  []Model `json:"models"`
	Initial Digest  `json:"initial"`
}
