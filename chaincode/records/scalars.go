package records

import (
	"fmt"
	"regexp"
)

// The texts that identify, count and name things.
type (
	MSPID     string // an organisation
	ID        string // a study, a data set, a purpose, a metric
	Digest    string // "sha256:" and 64 hexadecimal digits
	Hex       string // 32 bytes as 64 hexadecimal digits
	Title     string // a line for people
	Decimal   string // an exact decimal, such as "1.1"
	Rate      string // an exact fraction, such as "1/4"
	Delta     string // a small number, such as "1e-5"
	Nano      string // a count of nano-units, too large for JSON's numbers
	Address   string // host and port
	ModelText string // a digest, or empty where there is no model
	Motion    string // what a vote on a study is about
	Closing   string // what a tally of a study closes
	Subject   string // what on the ledger is meant, such as "round/one/3"
	Schema    string // "quorate.<kind>/<version>"
)

var (
	mspText     = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.-]{0,63}$`)
	idText      = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,63}$`)
	digestText  = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)
	hexText     = regexp.MustCompile(`^[0-9a-f]{64}$`)
	titleText   = regexp.MustCompile(`^[^\x00-\x1f\x7f]{1,200}$`)
	decimalText = regexp.MustCompile(`^(0|[1-9][0-9]{0,5})(\.[0-9]{1,6})?$`)
	rateText    = regexp.MustCompile(`^[1-9][0-9]{0,8}/[1-9][0-9]{0,8}$`)
	deltaText   = regexp.MustCompile(`^[1-9](\.[0-9]{1,6})?e-[1-9][0-9]?$`)
	nanoText    = regexp.MustCompile(`^(0|[1-9][0-9]{0,39})$`)
	addressText = regexp.MustCompile(`^[A-Za-z0-9.\-\[\]:]{1,255}:[0-9]{1,5}$`)
	modelText   = regexp.MustCompile(`^(sha256:[0-9a-f]{64})?$`)
	motionText  = regexp.MustCompile(`^(approve|abort|abort-round/[1-9][0-9]{0,4}|resume/[1-9][0-9]{0,4})$`)
	closingText = regexp.MustCompile(`^(approve|accept|abort|abort-round/[1-9][0-9]{0,4}|resume/[1-9][0-9]{0,4})$`)
	subjectText = regexp.MustCompile(`^(ledger|block|transaction|member|policy|dataset|study|round|model)(/[A-Za-z0-9][A-Za-z0-9._:-]{0,79}){0,3}$`)
	schemaText  = regexp.MustCompile(`^quorate\.[a-z_.]+/[1-9][0-9]{0,3}$`)
)

func (MSPID) Pattern() *regexp.Regexp     { return mspText }
func (ID) Pattern() *regexp.Regexp        { return idText }
func (Digest) Pattern() *regexp.Regexp    { return digestText }
func (Hex) Pattern() *regexp.Regexp       { return hexText }
func (Title) Pattern() *regexp.Regexp     { return titleText }
func (Decimal) Pattern() *regexp.Regexp   { return decimalText }
func (Rate) Pattern() *regexp.Regexp      { return rateText }
func (Delta) Pattern() *regexp.Regexp     { return deltaText }
func (Nano) Pattern() *regexp.Regexp      { return nanoText }
func (Address) Pattern() *regexp.Regexp   { return addressText }
func (ModelText) Pattern() *regexp.Regexp { return modelText }
func (Motion) Pattern() *regexp.Regexp    { return motionText }
func (Closing) Pattern() *regexp.Regexp   { return closingText }
func (Subject) Pattern() *regexp.Regexp   { return subjectText }
func (Schema) Pattern() *regexp.Regexp    { return schemaText }

// Hex returns the digest's 64 digits.
func (d Digest) Hex() string { return string(d[len("sha256:"):]) }

// Stamp says who made a record, in which transaction, and when by their own account.
type Stamp struct {
	Tx          Hex    `json:"tx"`
	ClaimedTime int64  `json:"claimed_time"`
	MSP         MSPID  `json:"msp"`
	Role        string `json:"role" max:"64"`
	Certificate Digest `json:"certificate"`
}

// Closed says why and by whom something was closed.
type Closed struct {
	Reason string `json:"reason" max:"64"`
	Stamp  Stamp  `json:"stamp"`
}

// Version returns the text of a document kind's first version.
func Version(kind string, version int) Schema {
	return Schema(fmt.Sprintf("quorate.%s/%d", kind, version))
}
