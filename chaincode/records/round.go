package records

import "encoding/json"

// RoundRequest names a round: to open, seal, finalize, abort or get it.
type RoundRequest struct {
	Schema Schema `json:"schema"`
	Study  ID     `json:"study"`
	Round  int64  `json:"round" min:"1" max:"10000"`
}

// DeclineRequest says that a data set takes no part in a round, and why.
type DeclineRequest struct {
	Schema  Schema `json:"schema"`
	Study   ID     `json:"study"`
	Round   int64  `json:"round" min:"1" max:"10000"`
	Dataset ID     `json:"dataset"`
	Reason  string `json:"reason" enum:"policy,data,operator,failed"`
}

// CommitRequest commits to an update by its digest.
type CommitRequest struct {
	Schema  Schema `json:"schema"`
	Study   ID     `json:"study"`
	Round   int64  `json:"round" min:"1" max:"10000"`
	Dataset ID     `json:"dataset"`
	Base    Digest `json:"base"`
	Update  Digest `json:"update"`
}

// Exclusion is a sealed update that could not be used.
type Exclusion struct {
	MSP     MSPID  `json:"msp"`
	Dataset ID     `json:"dataset"`
	Reason  string `json:"reason" enum:"invalid,unavailable"`
}

// AttestRequest says which model the included updates make; Model is empty when too few were usable.
type AttestRequest struct {
	Schema     Schema      `json:"schema"`
	Study      ID          `json:"study"`
	Round      int64       `json:"round" min:"1" max:"10000"`
	Attempt    int64       `json:"attempt" min:"1" max:"3"`
	Model      ModelText   `json:"model"`
	Excluded   []Exclusion `json:"excluded" max:"64"`
	Possession Digest      `json:"possession"`
}

// RetryRequest ends an attempt that found no quorum.
type RetryRequest struct {
	Schema  Schema `json:"schema"`
	Study   ID     `json:"study"`
	Round   int64  `json:"round" min:"1" max:"10000"`
	Attempt int64  `json:"attempt" min:"1" max:"3"`
}

// ReceiptRequest asks for proof that an update was included, or why it was not.
type ReceiptRequest struct {
	Schema  Schema `json:"schema"`
	Study   ID     `json:"study"`
	Round   int64  `json:"round" min:"1" max:"10000"`
	MSP     MSPID  `json:"msp"`
	Dataset ID     `json:"dataset"`
}

// States of a round.
const (
	RoundOpen     = "OPEN"
	RoundSealed   = "SEALED"
	RoundFinal    = "FINAL"
	RoundDisputed = "DISPUTED"
	RoundAborted  = "ABORTED"
)

// Included is an update that the seal included.
type Included struct {
	MSP     MSPID  `json:"msp"`
	Dataset ID     `json:"dataset"`
	Weight  int64  `json:"weight" min:"1" max:"2147483647"`
	Update  Digest `json:"update"`
	Leaf    Hex    `json:"leaf"`
}

// LeftOut is a participant without an included update.
type LeftOut struct {
	MSP     MSPID  `json:"msp"`
	Dataset ID     `json:"dataset"`
	Reason  string `json:"reason" enum:"late,missing,declined,withdrawn,refused"`
}

// Round is a round.
type Round struct {
	Schema       Schema      `json:"schema"`
	Study        ID          `json:"study"`
	Round        int64       `json:"round" min:"1" max:"10000"`
	State        string      `json:"state" enum:"OPEN,SEALED,FINAL,DISPUTED,ABORTED"`
	Base         Digest      `json:"base"`
	CommitBy     int64       `json:"commit_by"`
	Attesters    []MSPID     `json:"attesters"`
	M            int64       `json:"m"`
	FinalsBefore int64       `json:"finals_before"`
	Opened       Stamp       `json:"opened"`
	Attempt      int64       `json:"attempt" max:"3"`
	AttemptTime  int64       `json:"attempt_time,omitempty"`
	AttestBy     int64       `json:"attest_by,omitempty"`
	Included     []Included  `json:"included"`
	LeftOut      []LeftOut   `json:"left_out"`
	Root         Hex         `json:"root,omitempty"`
	Sealed       *Stamp      `json:"sealed,omitempty"`
	Model        Digest      `json:"model,omitempty"`
	Excluded     []Exclusion `json:"excluded"`
	AttestedBy   []MSPID     `json:"attested_by"`
	Finalized    *Stamp      `json:"finalized,omitempty"`
	Closed       *Closed     `json:"closed,omitempty"`
}

// Commitment states of an update.
const (
	OnTime = "ON_TIME"
	Late   = "LATE"
)

// Commit is a commit.
type Commit struct {
	Schema    Schema `json:"schema"`
	Study     ID     `json:"study"`
	Round     int64  `json:"round" min:"1" max:"10000"`
	MSP       MSPID  `json:"msp"`
	Dataset   ID     `json:"dataset"`
	Base      Digest `json:"base"`
	Update    Digest `json:"update"`
	Status    string `json:"status" enum:"ON_TIME,LATE"`
	Leaf      Hex    `json:"leaf"`
	Committed Stamp  `json:"committed"`
}

// Leaf is what a leaf of a round's Merkle tree is the hash of.
type Leaf struct {
	Schema  Schema `json:"schema"`
	Study   ID     `json:"study"`
	Round   int64  `json:"round" min:"1" max:"10000"`
	MSP     MSPID  `json:"msp"`
	Dataset ID     `json:"dataset"`
	Base    Digest `json:"base"`
	Update  Digest `json:"update"`
}

// Decline is a decline.
type Decline struct {
	Schema   Schema `json:"schema"`
	Study    ID     `json:"study"`
	Round    int64  `json:"round" min:"1" max:"10000"`
	MSP      MSPID  `json:"msp"`
	Dataset  ID     `json:"dataset"`
	Reason   string `json:"reason" enum:"policy,data,operator,failed"`
	Declined Stamp  `json:"declined"`
}

// Attestation is an attestation.
type Attestation struct {
	Schema     Schema      `json:"schema"`
	Study      ID          `json:"study"`
	Round      int64       `json:"round" min:"1" max:"10000"`
	Attempt    int64       `json:"attempt" min:"1" max:"3"`
	MSP        MSPID       `json:"msp"`
	Model      ModelText   `json:"model"`
	Excluded   []Exclusion `json:"excluded"`
	Possession Digest      `json:"possession"`
	Attested   Stamp       `json:"attested"`
}

// RoundView answers round:Get.
type RoundView struct {
	Schema       Schema        `json:"schema"`
	Round        Round         `json:"round"`
	Reservations []Reservation `json:"reservations"`
	Commits      []Commit      `json:"commits"`
	Declines     []Decline     `json:"declines"`
	Attestations []Attestation `json:"attestations"`
}

// Receipt answers round:Receipt with an inclusion proof, or with a reason.
type Receipt struct {
	Schema  Schema `json:"schema"`
	Study   ID     `json:"study"`
	Round   int64  `json:"round" min:"1" max:"10000"`
	MSP     MSPID  `json:"msp"`
	Dataset ID     `json:"dataset"`
	Leaf    Hex    `json:"leaf,omitempty"`
	Index   int64  `json:"index,omitempty"`
	Size    int64  `json:"size,omitempty"`
	Proof   []Hex  `json:"proof,omitempty"`
	Root    Hex    `json:"root,omitempty"`
	Reason  string `json:"reason,omitempty"`
}

// MarshalJSON leaves out exactly what does not apply: the first leaf has index 0, and a single one an empty proof.
func (r Receipt) MarshalJSON() ([]byte, error) {
	type plain Receipt
	if r.Reason != "" {
		return json.Marshal(plain(r))
	}
	return json.Marshal(struct {
		plain
		Index int64 `json:"index"`
		Proof []Hex `json:"proof"`
	}{plain(r), r.Index, r.Proof})
}
