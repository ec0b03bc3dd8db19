package msp

import (
	"crypto/sha256"
	"sync"
)

// Signatures remembers signatures that were already found good, because one transaction's signatures are looked at
// several times: by each endorser, by the orderer and by the validator.
//
// An entry is the hash of public key, digest and signature together, so a hit means that exactly this check passed
// before; the outcome is a function of those three alone. Failures are never remembered.
type Signatures struct {
	mu         sync.Mutex
	limit      int
	young, old map[[sha256.Size]byte]struct{}
}

// NewSignatures returns a memory of between limit and twice limit checks.
func NewSignatures(limit int) *Signatures {
	return &Signatures{limit: limit, young: map[[sha256.Size]byte]struct{}{}}
}

func signatureKey(publicKey, digest, signature []byte) [sha256.Size]byte {
	h := sha256.New()
	h.Write(publicKey) // DER ends where it says, and a digest has 32 bytes: no two triples run together
	h.Write(digest)
	h.Write(signature)
	var key [sha256.Size]byte
	h.Sum(key[:0])
	return key
}

func (s *Signatures) seen(key [sha256.Size]byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.young[key]; ok {
		return true
	}
	_, ok := s.old[key]
	return ok
}

func (s *Signatures) remember(key [sha256.Size]byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.young) >= s.limit {
		s.old, s.young = s.young, map[[sha256.Size]byte]struct{}{}
	}
	s.young[key] = struct{}{}
}
