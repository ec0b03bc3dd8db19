package chanconfig

import (
	"errors"
	"fmt"
	"strings"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	pb "github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"

	"quorate.dev/network/embedded/internal/msp"
)

// Paths of the policies that the network asks.
const (
	Readers              = "/Channel/Readers"
	Writers              = "/Channel/Writers"
	ApplicationReaders   = "/Channel/Application/Readers"
	ApplicationWriters   = "/Channel/Application/Writers"
	Endorsement          = "/Channel/Application/Endorsement"
	LifecycleEndorsement = "/Channel/Application/LifecycleEndorsement"
)

// Check evaluates a policy of the configuration over valid identities, each of which counts once.
func (c *Config) Check(path string, identities ...*msp.Identity) error {
	cut := strings.LastIndex(path, "/")
	if cut < 0 {
		return fmt.Errorf("policy path %q is not absolute", path)
	}
	group, err := c.group(path[:cut])
	if err != nil {
		return err
	}
	return group.check(path[cut+1:], identities)
}

// CheckACL is Check, failing with the words by which a peer tells that somebody may not do something on a channel.
func (c *Config) CheckACL(path string, identities ...*msp.Identity) error {
	if err := c.Check(path, identities...); err != nil {
		//lint:ignore ST1005 Fabric's words
		return fmt.Errorf("Failed evaluating policy on signed data during check policy on channel [%s] with policy [%s]: [%w]",
			c.Channel, path, err)
	}
	return nil
}

// Signatories are those of whom a signature is good: one or none. Policies are evaluated over what is left when all else
// has been put aside, so that what was wrong with a signature is not told.
func (c *Config) Signatories(identity, signature []byte, data ...[]byte) []*msp.Identity {
	signatory, err := c.Directory.Identity(identity)
	if err != nil || signatory.Verify(signature, data...) != nil {
		return nil
	}
	return []*msp.Identity{signatory}
}

// CheckApplication evaluates a chaincode's validation parameter: a signature policy or a reference into the configuration.
func (c *Config) CheckApplication(parameter []byte, identities []*msp.Identity) error {
	policy := &pb.ApplicationPolicy{}
	if err := proto.Unmarshal(parameter, policy); err != nil {
		return fmt.Errorf("read the validation parameter: %w", err)
	}
	switch kind := policy.Type.(type) {
	case *pb.ApplicationPolicy_SignaturePolicy:
		return newSignaturePolicy(kind.SignaturePolicy).check(nil, identities)
	case *pb.ApplicationPolicy_ChannelConfigPolicyReference:
		return c.Check(kind.ChannelConfigPolicyReference, identities...)
	}
	return errors.New("unsupported validation parameter")
}

// CheckKey evaluates a key-level validation parameter.
func CheckKey(parameter []byte, identities []*msp.Identity) error {
	policy := &cb.SignaturePolicyEnvelope{}
	if err := proto.Unmarshal(parameter, policy); err != nil {
		return fmt.Errorf("read the key's validation parameter: %w", err)
	}
	return newSignaturePolicy(policy).check(nil, identities)
}

// policyGroup is a group of the configuration with its policies made ready: they are asked several times a transaction.
type policyGroup struct {
	policies map[string]policy
	groups   map[string]*policyGroup
}

// policy is one policy of a group.
type policy interface {
	check(group *policyGroup, identities []*msp.Identity) error
}

func newPolicyGroup(config *cb.ConfigGroup) (*policyGroup, error) {
	group := &policyGroup{policies: map[string]policy{}, groups: map[string]*policyGroup{}}
	for name, value := range config.GetPolicies() {
		p, err := newPolicy(value.GetPolicy())
		if err != nil {
			return nil, fmt.Errorf("policy '%s': %w", name, err)
		}
		group.policies[name] = p
	}
	for name, value := range config.GetGroups() {
		sub, err := newPolicyGroup(value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		group.groups[name] = sub
	}
	return group, nil
}

func newPolicy(config *cb.Policy) (policy, error) {
	switch cb.Policy_PolicyType(config.GetType()) {
	case cb.Policy_SIGNATURE:
		envelope := &cb.SignaturePolicyEnvelope{}
		err := proto.Unmarshal(config.Value, envelope)
		return newSignaturePolicy(envelope), err
	case cb.Policy_IMPLICIT_META:
		meta := &cb.ImplicitMetaPolicy{}
		err := proto.Unmarshal(config.Value, meta)
		return metaPolicy{rule: meta.Rule, name: meta.SubPolicy}, err
	}
	return nil, fmt.Errorf("unsupported type %d", config.GetType())
}

func (g *policyGroup) check(name string, identities []*msp.Identity) error {
	p, ok := g.policies[name]
	if !ok {
		return fmt.Errorf("no such policy: '%s'", name)
	}
	return p.check(g, identities)
}

// metaPolicy counts how many of the groups below satisfy a policy of theirs.
type metaPolicy struct {
	rule cb.ImplicitMetaPolicy_Rule
	name string
}

func (p metaPolicy) check(group *policyGroup, identities []*msp.Identity) error {
	satisfied := 0
	for _, sub := range group.groups {
		if sub.check(p.name, identities) == nil {
			satisfied++
		}
	}
	if need := p.need(len(group.groups)); satisfied < need {
		return fmt.Errorf("implicit policy evaluation failed - %d sub-policies were satisfied, but this policy requires %d of the '%s' sub-policies to be satisfied",
			satisfied, need, p.name)
	}
	return nil
}

func (p metaPolicy) need(groups int) int {
	switch p.rule {
	case cb.ImplicitMetaPolicy_ANY:
		return 1
	case cb.ImplicitMetaPolicy_MAJORITY:
		return groups/2 + 1
	default: // ALL, and nothing unknown is easier than that
		return max(groups, 1)
	}
}
