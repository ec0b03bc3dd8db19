package order

import (
	"slices"
	"testing"
	"time"
)

// cutter runs the cutting alone.
func cutter(t *testing.T, limits Limits) (*Orderer, <-chan []entry) {
	t.Helper()
	o := &Orderer{limits: limits, queue: make(chan entry, 100)}
	batches := make(chan []entry)
	go o.cut(batches)
	return o, batches
}

func entries(sizes ...int) (all []entry) {
	for _, size := range sizes {
		all = append(all, entry{raw: make([]byte, size)})
	}
	return all
}

func sizes(batch []entry) (all []int) {
	for _, e := range batch {
		all = append(all, len(e.raw))
	}
	return all
}

func next(t *testing.T, batches <-chan []entry) []int {
	t.Helper()
	select {
	case batch := <-batches:
		return sizes(batch)
	case <-time.After(time.Minute):
		t.Fatal("no batch")
		return nil
	}
}

func TestBatchesAreCutByCountSizeAndEnd(t *testing.T) {
	for name, test := range map[string]struct {
		limits Limits
		sizes  []int
		want   [][]int
	}{
		"count":                  {Limits{time.Hour, 2, 100, 0}, []int{1, 2, 3, 4, 5}, [][]int{{1, 2}, {3, 4}, {5}}},
		"size reached":           {Limits{time.Hour, 9, 10, 0}, []int{5, 5, 5}, [][]int{{5, 5}, {5}}},
		"size would be exceeded": {Limits{time.Hour, 9, 10, 0}, []int{5, 6, 7}, [][]int{{5}, {6}, {7}}},
		"larger than a batch":    {Limits{time.Hour, 9, 10, 0}, []int{1, 50, 1}, [][]int{{1}, {50}, {1}}},
		"nothing":                {Limits{time.Hour, 9, 10, 0}, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			o, batches := cutter(t, test.limits)
			for _, e := range entries(test.sizes...) {
				o.queue <- e
			}
			close(o.queue)
			for _, want := range test.want {
				if got := next(t, batches); !slices.Equal(got, want) {
					t.Errorf("got %v, want %v", got, want)
				}
			}
			if batch, open := <-batches; open {
				t.Errorf("one more: %v", sizes(batch))
			}
		})
	}
}

func TestBatchIsCutByTime(t *testing.T) {
	o, batches := cutter(t, Limits{20 * time.Millisecond, 9, 100, 0})
	began := time.Now()
	o.queue <- entries(1)[0]
	if got := next(t, batches); !slices.Equal(got, []int{1}) {
		t.Errorf("got %v", got)
	}
	if took := time.Since(began); took < 20*time.Millisecond {
		t.Errorf("cut after %s", took)
	}
	close(o.queue)
}

func TestBatchFillsUpWhileTheWriterIsBusy(t *testing.T) {
	o, batches := cutter(t, Limits{time.Millisecond, 5, 100, 0})
	for i, e := range entries(1, 2, 3, 4, 5, 6) {
		o.queue <- e
		for until := time.Now().Add(time.Minute); i < 5 && len(o.queue) > 0; time.Sleep(time.Millisecond) {
			if time.Now().After(until) {
				t.Fatal("an entry is not taken")
			}
		}
		time.Sleep(2 * time.Millisecond) // more than the time-out, and nobody takes the batch
	}
	if got := next(t, batches); !slices.Equal(got, []int{1, 2, 3, 4, 5}) {
		t.Errorf("got %v", got)
	}
	if got := next(t, batches); !slices.Equal(got, []int{6}) {
		t.Errorf("got %v", got)
	}
	close(o.queue)
}
