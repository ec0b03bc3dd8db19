package chanconfig

import (
	"errors"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	mspb "github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"google.golang.org/protobuf/proto"

	"quorate.dev/network/embedded/internal/msp"
)

var errNotSatisfied = errors.New("signature set did not satisfy policy")

// signaturePolicy is a rule over principals.
type signaturePolicy struct {
	rule       *cb.SignaturePolicy
	principals []*mspb.MSPRole // nil for principals that are no roles: nobody has them
}

func newSignaturePolicy(envelope *cb.SignaturePolicyEnvelope) signaturePolicy {
	p := signaturePolicy{rule: envelope.GetRule(), principals: make([]*mspb.MSPRole, len(envelope.GetIdentities()))}
	for i, principal := range envelope.GetIdentities() {
		role := &mspb.MSPRole{}
		if principal.GetPrincipalClassification() == mspb.MSPPrincipal_ROLE && proto.Unmarshal(principal.Principal, role) == nil {
			p.principals[i] = role
		}
	}
	return p
}

func (p signaturePolicy) check(_ *policyGroup, identities []*msp.Identity) error {
	if !p.satisfied(p.rule, identities, make([]bool, len(identities))) {
		return errNotSatisfied
	}
	return nil
}

// satisfied walks a rule as Fabric does: greedily, each identity at most once, and what a failed branch used is given back.
func (p signaturePolicy) satisfied(rule *cb.SignaturePolicy, identities []*msp.Identity, used []bool) bool {
	switch kind := rule.GetType().(type) {
	case *cb.SignaturePolicy_SignedBy:
		return p.signedBy(kind.SignedBy, identities, used)
	case *cb.SignaturePolicy_NOutOf_:
		return p.nOutOf(kind.NOutOf, identities, used)
	}
	return false
}

func (p signaturePolicy) signedBy(index int32, identities []*msp.Identity, used []bool) bool {
	if index < 0 || int(index) >= len(p.principals) || p.principals[index] == nil {
		return false
	}
	for i, id := range identities {
		if !used[i] && id.Has(p.principals[index]) {
			used[i] = true
			return true
		}
	}
	return false
}

func (p signaturePolicy) nOutOf(rule *cb.SignaturePolicy_NOutOf, identities []*msp.Identity, used []bool) bool {
	count := int32(0)
	trial := make([]bool, len(used))
	for _, sub := range rule.GetRules() {
		copy(trial, used)
		if p.satisfied(sub, identities, trial) {
			count++
			copy(used, trial)
		}
	}
	return count >= rule.GetN()
}
