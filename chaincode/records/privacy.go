package records

// Charge is a Poisson-subsampled Gaussian mechanism, run for a number of steps.
type Charge struct {
	NoiseMultiplier Decimal `json:"noise_multiplier"`
	SampleRate      Rate    `json:"sample_rate"`
	Steps           int64   `json:"steps" min:"1"`
}

// ReserveRequest charges a round to the own account before any record is touched.
type ReserveRequest struct {
	Schema  Schema `json:"schema"`
	Study   ID     `json:"study"`
	Round   int64  `json:"round" min:"1" max:"10000"`
	Dataset ID     `json:"dataset"`
}

// AccountRequest asks for an account.
type AccountRequest struct {
	Schema  Schema `json:"schema"`
	MSP     MSPID  `json:"msp"`
	Dataset ID     `json:"dataset"`
}

// QuoteRequest asks what a study, or a mechanism on one data set, would cost.
type QuoteRequest struct {
	Schema          Schema  `json:"schema"`
	Study           ID      `json:"study,omitempty"`
	MSP             MSPID   `json:"msp,omitempty"`
	Dataset         ID      `json:"dataset,omitempty"`
	NoiseMultiplier Decimal `json:"noise_multiplier,omitempty"`
	SampleRate      Rate    `json:"sample_rate,omitempty"`
	Steps           int64   `json:"steps,omitempty" min:"1" max:"1000000000"`
}

// Outcomes of a reservation.
const (
	Granted = "GRANTED"
	Refused = "REFUSED"
)

// Reservation is a granted charge, or the record of a refused one.
type Reservation struct {
	Schema            Schema `json:"schema"`
	Study             ID     `json:"study"`
	Round             int64  `json:"round" min:"1" max:"10000"`
	MSP               MSPID  `json:"msp"`
	Dataset           ID     `json:"dataset"`
	Status            string `json:"status" enum:"GRANTED,REFUSED"`
	Charge            Charge `json:"charge"`
	Delta             Delta  `json:"delta"`
	EpsilonBeforeNano Nano   `json:"epsilon_before_nano"`
	EpsilonAfterNano  Nano   `json:"epsilon_after_nano"`
	CapNano           Nano   `json:"cap_nano"`
	Reserved          Stamp  `json:"reserved"`
}

// Account is what was charged to a data set, in nano-RDP per order and as a histogram.
type Account struct {
	Schema      Schema          `json:"schema"`
	MSP         MSPID           `json:"msp"`
	Dataset     ID              `json:"dataset"`
	Delta       Delta           `json:"delta"`
	CapNano     Nano            `json:"cap_nano"`
	RDPNano     map[string]Nano `json:"rdp_nano"`
	Histogram   []Charge        `json:"histogram"`
	Charges     int64           `json:"charges"`
	EpsilonNano Nano            `json:"epsilon_nano"`
	Order       int64           `json:"order"`
	Updated     Stamp           `json:"updated"`
}

// QuoteLine is what would be spent on one data set.
type QuoteLine struct {
	MSP              MSPID `json:"msp"`
	Dataset          ID    `json:"dataset"`
	EpsilonNowNano   Nano  `json:"epsilon_now_nano"`
	EpsilonAfterNano Nano  `json:"epsilon_after_nano"`
	CapNano          Nano  `json:"cap_nano"`
	Fits             bool  `json:"fits"`
}

// LedgerQuote answers privacy:Quote.
type LedgerQuote struct {
	Schema Schema      `json:"schema"`
	Quotes []QuoteLine `json:"quotes"`
}
