package authz

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sync"

	"github.com/cedar-policy/cedar-go"

	"quorate.dev/chaincode/records"
)

// Policies are a policy set, ready to decide.
type Policies struct {
	Digest records.Digest
	set    *cedar.PolicySet
}

// Parse reads a policy text that the guard accepts. Each policy's id is its annotation @id.
func Parse(source string) (*Policies, error) {
	if err := Check(source); err != nil {
		return nil, err
	}
	parsed, err := cedar.NewPolicySetFromBytes("policy", []byte(source))
	if err != nil {
		return nil, fmt.Errorf("the policy text is not Cedar: %w", err)
	}
	named := cedar.NewPolicySet()
	for _, policy := range parsed.All() {
		id := cedar.PolicyID(policy.Annotations()["id"])
		if id == "" || !named.Add(id, policy) {
			return nil, fmt.Errorf("the policy text has no unique id %q", id)
		}
	}
	return &Policies{Digest: DigestOf(source), set: named}, nil
}

// DigestOf returns what names a policy set: the SHA-256 of its exact text.
func DigestOf(source string) records.Digest {
	sum := sha256.Sum256([]byte(source))
	return records.Digest("sha256:" + hex.EncodeToString(sum[:]))
}

// A Cache keeps parsed policy sets by digest. What is read from the ledger does not depend on it.
type Cache struct {
	mu     sync.Mutex
	parsed map[records.Digest]*Policies
}

// mostParsed bounds the cache; a consortium has one policy set in force, and asks about few others.
const mostParsed = 8

// Get returns the parsed form of a text.
func (c *Cache) Get(source string) (*Policies, error) {
	digest := DigestOf(source)
	c.mu.Lock()
	defer c.mu.Unlock()
	if known := c.parsed[digest]; known != nil {
		return known, nil
	}
	policies, err := Parse(source)
	if err != nil {
		return nil, err
	}
	if c.parsed == nil || len(c.parsed) >= mostParsed {
		c.parsed = map[records.Digest]*Policies{}
	}
	c.parsed[digest] = policies
	return policies, nil
}
