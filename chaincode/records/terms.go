package records

// Terms are what a vote on a study freezes.
type Terms struct {
	Schema          Schema        `json:"schema"`
	Title           Title         `json:"title"`
	Purpose         ID            `json:"purpose"`
	Participants    []Participant `json:"participants" min:"1" max:"64"`
	Plan            Digest        `json:"plan"`
	Model           ModelTerms    `json:"model"`
	Aggregation     Aggregation   `json:"aggregation"`
	ScaleBits       int64         `json:"scale_bits" min:"1" max:"40"`
	Bound           int64         `json:"bound" min:"1" max:"2147483647"`
	Rounds          int64         `json:"rounds" min:"1" max:"10000"`
	MaxRounds       int64         `json:"max_rounds" min:"1" max:"10000"`
	MinimumCommits  int64         `json:"minimum_commits" min:"1" max:"64"`
	CommitTimeoutMS int64         `json:"commit_timeout_ms" min:"1" max:"31536000000"`
	AttestTimeoutMS int64         `json:"attest_timeout_ms" min:"1" max:"31536000000"`
	Attesters       []MSPID       `json:"attesters" min:"2" max:"64"`
	M               int64         `json:"m" min:"2" max:"64"`
	Unit            string        `json:"unit" enum:"record,group"`
	Adjacency       string        `json:"adjacency" enum:"add-or-remove-one"`
	Privacy         PrivacyTerms  `json:"privacy"`
	Evaluation      *Evaluation   `json:"evaluation,omitempty"`
	PolicyVersion   int64         `json:"policy_version" min:"1" max:"999999"`
}

// Participant is a data set that takes part, and its weight in the aggregate.
type Participant struct {
	MSP     MSPID `json:"msp"`
	Dataset ID    `json:"dataset"`
	Weight  int64 `json:"weight" min:"1" max:"2147483647"`
}

// ModelTerms are the model's tensors in their order, and the digest of its initial file.
type ModelTerms struct {
	Tensors []Tensor `json:"tensors" min:"1" max:"4096"`
	Initial Digest   `json:"initial"`
}

// Tensor is a tensor of the model.
type Tensor struct {
	Name  Title   `json:"name"`
	Shape []int64 `json:"shape" max:"8" each:"1..1099511627776"`
}

// Aggregation says how updates become an aggregate.
type Aggregation struct {
	Rule       string     `json:"rule" enum:"weighted-mean"`
	Parameters Parameters `json:"parameters"`
}

// Parameters of the weighted mean: it has none.
type Parameters struct{}

// PrivacyTerms are either none, or DP-SGD with every public parameter.
type PrivacyTerms struct {
	Mechanism         string  `json:"mechanism" enum:"none,dp-sgd"`
	NoiseMultiplier   Decimal `json:"noise_multiplier,omitempty"`
	SampleRate        Rate    `json:"sample_rate,omitempty"`
	StepsPerRound     int64   `json:"steps_per_round,omitempty" min:"1" max:"1000000000"`
	ClippingNorm      Decimal `json:"clipping_norm,omitempty"`
	ExpectedBatchSize int64   `json:"expected_batch_size,omitempty" min:"1" max:"2147483647"`
	Delta             Delta   `json:"delta,omitempty"`
}

// Private tells whether rounds are charged.
func (p PrivacyTerms) Private() bool { return p.Mechanism != "none" }

// Evaluation is a public evaluation set and the metrics computed on it.
type Evaluation struct {
	Digest  Digest `json:"digest"`
	Metrics []ID   `json:"metrics" min:"1" max:"16"`
}
