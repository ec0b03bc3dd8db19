package ledgertest

import (
	"maps"
	"slices"
)

// A version is where a value was written.
type version struct{ block, tx int }

type entry struct {
	value   []byte
	version version
}

// A state is the committed world state.
type state map[string]entry

// between returns the keys from first up to, not including, last.
func (s state) between(first, last string) []string {
	keys := slices.DeleteFunc(slices.Collect(maps.Keys(s)), func(key string) bool { return key < first || key >= last })
	slices.Sort(keys)
	return keys
}

// A Code is what validation says about a transaction, in Fabric's words.
type Code string

// The codes that this ledger gives.
const (
	Valid               Code = "VALID"
	MVCCReadConflict    Code = "MVCC_READ_CONFLICT"
	PhantomReadConflict Code = "PHANTOM_READ_CONFLICT"
	DuplicateTxID       Code = "DUPLICATE_TXID"
)

// A rangeRead is a range that a transaction has gone through, and what it found.
type rangeRead struct {
	first, last string
	found       map[string]version
}

// A RWSet is what a transaction has read and written.
type RWSet struct {
	reads  map[string]*version // nil when the key had no value
	ranges []rangeRead
	writes map[string][]byte // nil deletes
}

// Writes returns the keys written, ascending.
func (s *RWSet) Writes() []string { return slices.Sorted(maps.Keys(s.writes)) }

// Reads returns the keys read, ascending.
func (s *RWSet) Reads() []string { return slices.Sorted(maps.Keys(s.reads)) }

// Ranges tells how many ranges of keys were read.
func (s *RWSet) Ranges() int { return len(s.ranges) }

// validate compares what a transaction has read with the state that it would change.
func (s *RWSet) validate(now state) Code {
	for key, then := range s.reads {
		current, exists := now[key]
		if exists != (then != nil) || (exists && current.version != *then) {
			return MVCCReadConflict
		}
	}
	for _, r := range s.ranges {
		found := map[string]version{}
		for _, key := range now.between(r.first, r.last) {
			found[key] = now[key].version
		}
		if !maps.Equal(found, r.found) {
			return PhantomReadConflict
		}
	}
	return Valid
}

func (s *RWSet) apply(to state, at version) {
	for key, value := range s.writes {
		if value == nil {
			delete(to, key)
			continue
		}
		to[key] = entry{value, at}
	}
}
