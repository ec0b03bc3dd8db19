package records

// Event is one fact of a transaction; fields that do not apply are absent.
type Event struct {
	Type    string `json:"type"`
	Study   ID     `json:"study,omitempty"`
	Round   int64  `json:"round,omitempty"`
	MSP     MSPID  `json:"msp,omitempty"`
	Dataset ID     `json:"dataset,omitempty"`
	Digest  Digest `json:"digest,omitempty"`
	Attempt int64  `json:"attempt,omitempty"`
	Reason  string `json:"reason,omitempty"`
	Version int64  `json:"version,omitempty"`
	// Proposal is that of a vote on members or policies, Review that of a review.
	Proposal ID `json:"proposal,omitempty"`
	Review   ID `json:"review,omitempty"`
}

// Events are all facts of one transaction, in order.
type Events struct {
	Schema Schema  `json:"schema"`
	Events []Event `json:"events"`
}
