package records

// InfoRequest asks what this chaincode is.
type InfoRequest struct {
	Schema Schema `json:"schema"`
}

// Info answers audit:Info.
type Info struct {
	Schema           Schema   `json:"schema"`
	ChaincodeVersion string   `json:"chaincode_version"`
	Schemas          []Schema `json:"schemas"`
	Functions        []string `json:"functions"`
	PolicyVersion    int64    `json:"policy_version" max:"999999"`
	PolicyDigest     Digest   `json:"policy_digest"`
	CharterDigest    Digest   `json:"charter_digest,omitempty"`
}

// States of a review.
const (
	ReviewOpen      = "OPEN"
	ReviewAssigned  = "ASSIGNED"
	ReviewConcluded = "CONCLUDED"
)

// ReviewRequest opens a review of something on the ledger, assigns it, or concludes it.
type ReviewRequest struct {
	Schema   Schema   `json:"schema"`
	Review   ID       `json:"review"`
	Subject  Subject  `json:"subject"`
	State    string   `json:"state" enum:"OPEN,ASSIGNED,CONCLUDED"`
	Findings Findings `json:"findings"`
}

// Findings are who reviews, and what came of it. The reviewer is a pseudonym under a key of the own organisation, the
// note the digest of a text that is kept off the ledger.
type Findings struct {
	Reviewer Hex    `json:"reviewer,omitempty"`
	Meaning  string `json:"meaning,omitempty" enum:"review,approval,responsibility,authorship"`
	Outcome  string `json:"outcome,omitempty" enum:"accepted,follow-up,violation"`
	Note     Digest `json:"note,omitempty"`
}

// Review is one organisation's review of something on the ledger.
type Review struct {
	Schema    Schema   `json:"schema"`
	MSP       MSPID    `json:"msp"`
	Review    ID       `json:"review"`
	Subject   Subject  `json:"subject"`
	State     string   `json:"state" enum:"OPEN,ASSIGNED,CONCLUDED"`
	Findings  Findings `json:"findings"`
	Opened    Stamp    `json:"opened"`
	Assigned  *Stamp   `json:"assigned,omitempty"`
	Concluded *Stamp   `json:"concluded,omitempty"`
}

// ReviewsRequest asks for the reviews of all members, or of one.
type ReviewsRequest struct {
	Schema Schema `json:"schema"`
	MSP    MSPID  `json:"msp,omitempty"`
}

// Reviews answers audit:Reviews.
type Reviews struct {
	Schema  Schema   `json:"schema"`
	Reviews []Review `json:"reviews"`
}

// AnchorRequest commits to the own access log as it is now: how many entries, and the head of their hash chain.
type AnchorRequest struct {
	Schema  Schema `json:"schema"`
	Entries int64  `json:"entries" min:"1"`
	Head    Digest `json:"head"`
}

// Anchor is the newest commitment of an organisation to its access log; older ones are in the blocks.
type Anchor struct {
	Schema   Schema `json:"schema"`
	MSP      MSPID  `json:"msp"`
	Entries  int64  `json:"entries" min:"1"`
	Head     Digest `json:"head"`
	Anchored Stamp  `json:"anchored"`
}

// AnchorsRequest asks for the newest anchor of each member.
type AnchorsRequest struct {
	Schema Schema `json:"schema"`
}

// Anchors answers audit:Anchors.
type Anchors struct {
	Schema  Schema   `json:"schema"`
	Anchors []Anchor `json:"anchors"`
}
