package contract

import (
	"quorate.dev/chaincode/ledger"
	"quorate.dev/chaincode/records"
)

// Audit says what this chaincode is.
type Audit struct{ base }

// Info returns version, schemas and functions, and what is in force.
func (*Audit) Info(ctx *Context, _ *records.InfoRequest) (*records.Info, error) {
	info := &records.Info{
		Schema: records.Version("info", 1), ChaincodeVersion: Version, Schemas: ledger.Schemas(), Functions: functionNames(),
		PolicyVersion: ctx.policyVersion, PolicyDigest: ctx.policies.Digest,
	}
	if ctx.charter != nil {
		info.CharterDigest = ctx.charter.CharterDigest
	}
	return info, nil
}
