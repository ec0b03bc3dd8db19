package chanconfig

import (
	"errors"
	"fmt"
	"strings"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	mspb "github.com/hyperledger/fabric-protos-go-apiv2/msp"
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

var errNotSatisfied = errors.New("signature set did not satisfy policy")

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
	return evaluate(group, path[cut+1:], identities)
}

// CheckApplication evaluates a chaincode's validation parameter: a signature policy or a reference into the configuration.
func (c *Config) CheckApplication(parameter []byte, identities []*msp.Identity) error {
	policy := &pb.ApplicationPolicy{}
	if err := proto.Unmarshal(parameter, policy); err != nil {
		return fmt.Errorf("read the validation parameter: %w", err)
	}
	switch kind := policy.Type.(type) {
	case *pb.ApplicationPolicy_SignaturePolicy:
		return checkSignatures(kind.SignaturePolicy, identities)
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
	return checkSignatures(policy, identities)
}

func evaluate(group *cb.ConfigGroup, name string, identities []*msp.Identity) error {
	policy := group.GetPolicies()[name].GetPolicy()
	if policy == nil {
		return fmt.Errorf("no such policy: '%s'", name)
	}
	switch cb.Policy_PolicyType(policy.Type) {
	case cb.Policy_SIGNATURE:
		envelope := &cb.SignaturePolicyEnvelope{}
		if err := proto.Unmarshal(policy.Value, envelope); err != nil {
			return fmt.Errorf("read policy '%s': %w", name, err)
		}
		return checkSignatures(envelope, identities)
	case cb.Policy_IMPLICIT_META:
		meta := &cb.ImplicitMetaPolicy{}
		if err := proto.Unmarshal(policy.Value, meta); err != nil {
			return fmt.Errorf("read policy '%s': %w", name, err)
		}
		return checkMeta(group, meta, identities)
	}
	return fmt.Errorf("unsupported type %d of policy '%s'", policy.Type, name)
}

func checkMeta(group *cb.ConfigGroup, meta *cb.ImplicitMetaPolicy, identities []*msp.Identity) error {
	need := map[cb.ImplicitMetaPolicy_Rule]int{
		cb.ImplicitMetaPolicy_ANY: 1, cb.ImplicitMetaPolicy_ALL: len(group.Groups), cb.ImplicitMetaPolicy_MAJORITY: len(group.Groups)/2 + 1,
	}[meta.Rule]
	satisfied := 0
	for _, sub := range group.Groups {
		if evaluate(sub, meta.SubPolicy, identities) == nil {
			satisfied++
		}
	}
	if satisfied < need {
		return fmt.Errorf("implicit policy evaluation failed - %d sub-policies were satisfied, but this policy requires %d of the '%s' sub-policies to be satisfied",
			satisfied, need, meta.SubPolicy)
	}
	return nil
}

func checkSignatures(policy *cb.SignaturePolicyEnvelope, identities []*msp.Identity) error {
	used := make([]bool, len(identities))
	if !satisfied(policy.GetRule(), policy.GetIdentities(), identities, used) {
		return errNotSatisfied
	}
	return nil
}

// satisfied walks a rule as Fabric does: greedily, each identity at most once, and what a failed branch used is given back.
func satisfied(rule *cb.SignaturePolicy, principals []*mspb.MSPPrincipal, identities []*msp.Identity, used []bool) bool {
	switch kind := rule.GetType().(type) {
	case *cb.SignaturePolicy_SignedBy:
		if kind.SignedBy < 0 || int(kind.SignedBy) >= len(principals) {
			return false
		}
		for i, id := range identities {
			if !used[i] && id.Satisfies(principals[kind.SignedBy]) {
				used[i] = true
				return true
			}
		}
	case *cb.SignaturePolicy_NOutOf_:
		return nOutOf(kind.NOutOf, principals, identities, used)
	}
	return false
}

func nOutOf(rule *cb.SignaturePolicy_NOutOf, principals []*mspb.MSPPrincipal, identities []*msp.Identity, used []bool) bool {
	count := int32(0)
	trial := make([]bool, len(used))
	for _, sub := range rule.Rules {
		copy(trial, used)
		if satisfied(sub, principals, identities, trial) {
			count++
			copy(used, trial)
		}
	}
	return count >= rule.N
}
