package msp

import "testing"

func TestSignaturesForgetTheOldest(t *testing.T) {
	s := NewSignatures(2)
	key := func(b byte) [32]byte { return signatureKey([]byte("key"), []byte("digest"), []byte{b}) }
	for b := range byte(5) {
		s.remember(key(b))
	}
	for b, want := range []bool{false, false, true, true, true} {
		if got := s.seen(key(byte(b))); got != want {
			t.Errorf("signature %d: seen %t, want %t", b, got, want)
		}
	}
}
