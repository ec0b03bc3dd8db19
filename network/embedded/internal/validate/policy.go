package validate

import (
	pb "github.com/hyperledger/fabric-protos-go-apiv2/peer"

	"quorate.dev/network/embedded/internal/chanconfig"
	"quorate.dev/network/embedded/internal/ledger"
	"quorate.dev/network/embedded/internal/lifecycle"
	"quorate.dev/network/embedded/internal/msp"
	"quorate.dev/network/embedded/internal/rwset"
)

// keyPolicy is the metadata entry that holds a key's own endorsement policy.
const keyPolicy = "VALIDATION_PARAMETER"

type stateKey struct{ namespace, key string }

// Policies answers whether endorsers suffice for what a transaction writes.
type Policies struct {
	Config *chanconfig.Config
	View   ledger.View

	// repoliced are keys whose own policy changed earlier in the same block: nobody can say which policy holds for them.
	repoliced map[stateKey]bool
}

// Check applies the policy of the invoked chaincode, of every namespace written, and of keys that have their own.
// The error is a failure to read the state.
func (p Policies) Check(set rwset.Set, chaincode string, endorsers []*msp.Identity) (pb.TxValidationCode, error) {
	written := map[string]rwset.Namespace{chaincode: {}}
	seen := map[string]bool{}
	for _, ns := range set {
		if seen[ns.Name] {
			return pb.TxValidationCode_ILLEGAL_WRITESET, nil
		}
		seen[ns.Name] = true
		if ns.Writes() {
			written[ns.Name] = ns
		}
	}
	for name, ns := range written {
		if code, err := p.checkNamespace(name, ns, endorsers); err != nil || code != pb.TxValidationCode_VALID {
			return code, err
		}
	}
	return pb.TxValidationCode_VALID, nil
}

// checkNamespace: keys with their own policy are under that one alone; the chaincode's policy is asked if any key has
// none or nothing is written.
func (p Policies) checkNamespace(name string, ns rwset.Namespace, endorsers []*msp.Identity) (pb.TxValidationCode, error) {
	parameter, err := lifecycle.ValidationParameter(p.View, name)
	if err != nil {
		return pb.TxValidationCode_INVALID_OTHER_REASON, err
	}
	if parameter == nil {
		return pb.TxValidationCode_INVALID_CHAINCODE, nil
	}
	keys := keysOf(ns)
	ownPolicies := 0
	for _, key := range keys {
		own, ok, err := p.checkKey(stateKey{name, key}, endorsers)
		if err != nil || !ok {
			return pb.TxValidationCode_ENDORSEMENT_POLICY_FAILURE, err
		}
		if own {
			ownPolicies++
		}
	}
	if ownPolicies > 0 && ownPolicies == len(keys) {
		return pb.TxValidationCode_VALID, nil
	}
	if p.Config.CheckApplication(parameter, endorsers) != nil {
		return pb.TxValidationCode_ENDORSEMENT_POLICY_FAILURE, nil
	}
	return pb.TxValidationCode_VALID, nil
}

// checkKey reports whether a key has its own policy and, if it has, whether that is satisfied.
func (p Policies) checkKey(key stateKey, endorsers []*msp.Identity) (own, ok bool, err error) {
	if p.repoliced[key] {
		return true, false, nil
	}
	value, err := p.View.Get(key.namespace, key.key)
	if err != nil || value == nil || len(value.Metadata[keyPolicy]) == 0 {
		return false, err == nil, err
	}
	return true, chanconfig.CheckKey(value.Metadata[keyPolicy], endorsers) == nil, nil
}

func keysOf(ns rwset.Namespace) []string {
	var keys []string
	for _, write := range ns.KV.GetWrites() {
		keys = append(keys, write.Key)
	}
	for _, write := range ns.KV.GetMetadataWrites() {
		keys = append(keys, write.Key)
	}
	return keys
}
