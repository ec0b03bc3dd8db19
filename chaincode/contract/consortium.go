package contract

import (
	"slices"
	"strings"

	"quorate.dev/chaincode/authz"
	"quorate.dev/chaincode/ledger"
	"quorate.dev/chaincode/records"
)

// What consortium:Tally closes.
const (
	motionFounding = "founding"
	motionMembers  = "members"
)

// Consortium holds the charter, its founding, and where each member's gateway is.
type Consortium struct{ base }

// Found proposes a charter. A proposer may replace its proposal until some charter is active.
func (*Consortium) Found(ctx *Context, q *records.FoundRequest) (*records.Founding, error) {
	if err := checkCharter(q.CharterTerms, ctx.Caller.MSP); err != nil {
		return nil, err
	}
	digest, err := digestOf(q.CharterTerms)
	if err != nil {
		return nil, err
	}
	key := ledger.FoundingKey(ctx.Caller.MSP)
	stored, err := ledger.Get[records.Founding](ctx.Tx, key)
	if err != nil || (stored != nil && stored.CharterDigest == digest) {
		return stored, err
	}
	if ctx.charter != nil {
		return nil, wrongState("the consortium", "founded", "that no charter is active")
	}
	founding := &records.Founding{
		Schema: ledger.SchemaOf[records.Founding](), Proposer: ctx.Caller.MSP,
		CharterTerms: q.CharterTerms, CharterDigest: digest, Proposed: ctx.Stamp(),
	}
	ctx.Emit(records.Event{Type: "consortium.proposed", MSP: ctx.Caller.MSP, Digest: digest})
	return founding, ledger.Put(ctx.Tx, key, founding)
}

func checkCharter(terms records.CharterTerms, proposer records.MSPID) error {
	if !slices.IsSortedFunc(terms.Members, func(a, b records.Member) int { return strings.Compare(string(a.MSP), string(b.MSP)) }) {
		return ledger.Refuse(ledger.InvalidArgument, "members are not in ascending order of MSP id")
	}
	for i := 1; i < len(terms.Members); i++ {
		if terms.Members[i-1].MSP == terms.Members[i].MSP {
			return ledger.Refuse(ledger.InvalidArgument, "member %s is there twice", terms.Members[i].MSP)
		}
	}
	if !terms.Has(proposer) {
		return ledger.Refuse(ledger.InvalidArgument, "the proposer %s is not among the members", proposer)
	}
	return nil
}

// Confirm agrees to a proposed charter, for the caller's organisation.
func (*Consortium) Confirm(ctx *Context, q *records.ConfirmRequest) (*records.Confirmation, error) {
	founding, err := ctx.founding(q.Proposer)
	if err != nil {
		return nil, err
	}
	if !founding.Has(ctx.Caller.MSP) {
		return nil, ledger.Refuse(ledger.Denied, "%s is not among the members that %s proposes", ctx.Caller.MSP, q.Proposer)
	}
	key := ledger.ConfirmKey(q.Proposer, ctx.Caller.MSP)
	stored, err := ledger.Get[records.Confirmation](ctx.Tx, key)
	if err != nil || (stored != nil && stored.CharterDigest == q.CharterDigest) {
		return stored, err
	}
	if ctx.charter != nil {
		return nil, wrongState("the consortium", "founded", "that no charter is active")
	}
	if founding.CharterDigest != q.CharterDigest {
		return nil, ledger.Refuse(ledger.Conflict, "%s proposes the charter %s; read it again before confirming", q.Proposer, founding.CharterDigest)
	}
	confirmation := &records.Confirmation{
		Schema: ledger.SchemaOf[records.Confirmation](), Proposer: q.Proposer, MSP: ctx.Caller.MSP,
		CharterDigest: q.CharterDigest, Confirmed: ctx.Stamp(),
	}
	ctx.Emit(records.Event{Type: "consortium.confirmed", MSP: ctx.Caller.MSP, Digest: q.CharterDigest})
	return confirmation, ledger.Put(ctx.Tx, key, confirmation)
}

// Tally makes a founding the charter once every one of its members, the proposer included, has confirmed it, or closes
// a vote on members that is decided. It returns the charter that is then in force.
func (*Consortium) Tally(ctx *Context, q *records.ConsortiumTallyRequest) (*records.Charter, error) {
	switch {
	case q.Motion == motionMembers && q.Proposal != "" && q.Proposer == "":
		return ctx.tallyMembers(q.Proposal)
	case q.Motion == motionFounding && q.Proposer != "" && q.Proposal == "":
		return ctx.tallyFounding(q.Proposer)
	default:
		return nil, ledger.Refuse(ledger.InvalidArgument, "a founding is named by its proposer, a vote on members by its proposal")
	}
}

func (c *call) tallyFounding(proposer records.MSPID) (*records.Charter, error) {
	if c.charter != nil {
		if c.charter.Proposer == proposer {
			return c.charter, nil
		}
		return nil, ledger.Refuse(ledger.Conflict, "the charter that %s proposed is active already", c.charter.Proposer)
	}
	founding, err := c.founding(proposer)
	if err != nil {
		return nil, err
	}
	if !founding.Has(c.Caller.MSP) {
		return nil, ledger.Refuse(ledger.Denied, "%s is not among the members that %s proposes", c.Caller.MSP, proposer)
	}
	missing, err := c.unconfirmed(founding)
	if err != nil {
		return nil, err
	}
	if len(missing) > 0 {
		return nil, wrongState("the founding by "+string(proposer), "waiting for "+strings.Join(missing, ", "), "that all members have confirmed")
	}
	return c.activate(founding)
}

func (c *call) founding(proposer records.MSPID) (*records.Founding, error) {
	return ledger.Need[records.Founding](c.Tx, ledger.FoundingKey(proposer), "founding proposed by "+string(proposer))
}

func (c *call) unconfirmed(founding *records.Founding) (missing []string, err error) {
	for _, member := range founding.Members {
		confirmation, err := ledger.Get[records.Confirmation](c.Tx, ledger.ConfirmKey(founding.Proposer, member.MSP))
		if err != nil {
			return nil, err
		}
		if confirmation == nil || confirmation.CharterDigest != founding.CharterDigest {
			missing = append(missing, string(member.MSP))
		}
	}
	return missing, nil
}

// activate writes the charter, and the default policies as version 1.
func (c *call) activate(founding *records.Founding) (*records.Charter, error) {
	stamp := c.Stamp()
	charter := &records.Charter{
		Schema: ledger.SchemaOf[records.Charter](), CharterTerms: founding.CharterTerms,
		CharterDigest: founding.CharterDigest, Proposer: founding.Proposer, Activated: stamp,
	}
	policy := &records.Policy{
		Schema: ledger.SchemaOf[records.Policy](), Version: 1,
		Digest: authz.DigestOf(authz.Default), Text: authz.Default, InForce: stamp,
	}
	current := &records.CurrentPolicy{Schema: ledger.SchemaOf[records.CurrentPolicy](), Version: 1, Digest: policy.Digest}
	if err := ledger.Put(c.Tx, ledger.CharterKey(), charter); err != nil {
		return nil, err
	}
	if err := ledger.Put(c.Tx, ledger.PolicyKey(1), policy); err != nil {
		return nil, err
	}
	c.Emit(records.Event{Type: "consortium.founded", MSP: founding.Proposer, Digest: founding.CharterDigest})
	c.Emit(records.Event{Type: "policy.in_force", Digest: policy.Digest, Version: 1})
	return charter, ledger.Put(c.Tx, ledger.CurrentPolicyKey(), current)
}
