// Package merkle is the Merkle tree of RFC 6962, section 2.1, over leaf hashes.
package merkle

import "crypto/sha256"

// A Hash is a node of the tree.
type Hash = [sha256.Size]byte

// LeafHash returns the hash of a leaf's bytes.
func LeafHash(leaf []byte) Hash { return sha256.Sum256(append([]byte{0}, leaf...)) }

func nodeHash(left, right Hash) Hash {
	return sha256.Sum256(append(append([]byte{1}, left[:]...), right[:]...))
}

// Root returns the tree's root; without leaves it is the hash of nothing.
func Root(leaves []Hash) Hash {
	switch n := len(leaves); n {
	case 0:
		return sha256.Sum256(nil)
	case 1:
		return leaves[0]
	default:
		k := split(n)
		return nodeHash(Root(leaves[:k]), Root(leaves[k:]))
	}
}

// Proof returns the inclusion proof of the leaf at an index, lowest hash first.
func Proof(leaves []Hash, index int) []Hash {
	if len(leaves) <= 1 {
		return nil
	}
	k := split(len(leaves))
	if index < k {
		return append(Proof(leaves[:k], index), Root(leaves[k:]))
	}
	return append(Proof(leaves[k:], index-k), Root(leaves[:k]))
}

// split returns the largest power of two that is smaller than n, for n > 1.
func split(n int) int {
	k := 1
	for k*2 < n {
		k *= 2
	}
	return k
}
