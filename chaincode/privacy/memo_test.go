package privacy

import "testing"

func TestMemoForgetsTheOldest(t *testing.T) {
	computed := 0
	m := newMemo[int, int](3)
	ask := func(key int) int {
		return m.get(key, func() int { computed++; return key * key })
	}
	for _, key := range []int{1, 2, 3, 1, 2, 3} {
		if got := ask(key); got != key*key {
			t.Errorf("%d for %d", got, key)
		}
	}
	if computed != 3 {
		t.Errorf("computed %d times, want 3", computed)
	}
	ask(4) // 1 is forgotten
	ask(2)
	ask(3)
	if computed != 4 {
		t.Errorf("computed %d times, want 4", computed)
	}
	ask(1)
	if computed != 5 || len(m.results) != 3 || len(m.keys) != 3 {
		t.Errorf("computed %d times; %d results, %d keys", computed, len(m.results), len(m.keys))
	}
}
