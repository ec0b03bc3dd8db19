package privacy

import "sync"

// A memo keeps the results of a pure function for the last keys seen. It is safe for several chaincode
// instances in one process. What it hands out must not be changed.
type memo[K comparable, V any] struct {
	mu      sync.Mutex
	limit   int
	results map[K]V
	keys    []K // in the order of their arrival, a ring once limit is reached
	oldest  int
}

func newMemo[K comparable, V any](limit int) *memo[K, V] {
	return &memo[K, V]{limit: limit, results: make(map[K]V)}
}

// get returns the result for key, computed outside the lock when it is new: two callers may compute the
// same thing, none waits for another's work.
func (m *memo[K, V]) get(key K, compute func() V) V {
	if result, ok := m.lookup(key); ok {
		return result
	}
	result := compute()
	m.keep(key, result)
	return result
}

func (m *memo[K, V]) lookup(key K) (V, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	result, ok := m.results[key]
	return result, ok
}

func (m *memo[K, V]) keep(key K, result V) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.results[key]; ok {
		return
	}
	m.results[key] = result
	if len(m.keys) < m.limit {
		m.keys = append(m.keys, key)
		return
	}
	delete(m.results, m.keys[m.oldest])
	m.keys[m.oldest] = key
	m.oldest = (m.oldest + 1) % m.limit
}
