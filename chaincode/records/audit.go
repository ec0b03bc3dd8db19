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
