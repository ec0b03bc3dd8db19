package contract

import (
	"fmt"

	"quorate.dev/chaincode/ledger"
	"quorate.dev/chaincode/records"
)

// Policy holds the Cedar policy set, by version, and what is put to a vote about it.
type Policy struct{ base }

// Get returns a version of the policy set; version 0 is the one in force.
func (*Policy) Get(ctx *Context, q *records.PolicyGetRequest) (*records.Policy, error) {
	version := q.Version
	if version == 0 {
		version = ctx.policyVersion
	}
	if version == 0 {
		return nil, ledger.Refuse(ledger.NotFound, "no charter is active, so there is no policy on the ledger; audit:Info names the one that decides until then")
	}
	return ledger.Need[records.Policy](ctx.Tx, ledger.PolicyKey(version), fmt.Sprintf("policy of version %d", version))
}

// Check says whether the caller could call a function with a document, as far as policies decide.
func (*Policy) Check(ctx *Context, q *records.CheckRequest) (*records.Decision, error) {
	request, err := parseDocument(q.Function, q.Document)
	if err != nil {
		return nil, err
	}
	decision, err := ctx.decide(request)
	if err != nil {
		return nil, err
	}
	answer := &records.Decision{
		Schema: records.Version("decision", 1), Decision: "deny", Policies: decision.Policies,
		PolicyVersion: ctx.policyVersion, PolicyDigest: ctx.policies.Digest,
	}
	if decision.Allow {
		answer.Decision = "allow"
	}
	return answer, nil
}
