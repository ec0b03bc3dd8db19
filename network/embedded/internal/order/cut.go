package order

import "time"

// batch is what the next block will hold.
type batch struct {
	entries []entry
	size    int
	next    *entry // did not fit any more, starts the next batch
	due     bool
}

// cut collects batches. A batch is due by time, count or size; while the writer is busy a due batch goes on filling up
// to its limits, so that a slow disk makes larger blocks and not a queue.
func (o *Orderer) cut(batches chan<- []entry) {
	defer close(batches)
	var b batch
	var timer <-chan time.Time
	queue := (<-chan entry)(o.queue)
	for queue != nil || len(b.entries) > 0 {
		in, out := queue, chan<- []entry(nil)
		if o.full(&b) {
			in, b.due = nil, true
		}
		if b.due || queue == nil {
			out = batches
		}
		select {
		case e, open := <-in:
			if !open {
				queue = nil
				continue
			}
			o.add(&b, e)
			if timer == nil {
				timer = time.After(o.limits.Timeout)
			}
		case <-timer:
			b.due = true
		case out <- b.entries:
			b, timer = o.rest(b.next)
		}
	}
}

func (o *Orderer) full(b *batch) bool {
	return b.next != nil || len(b.entries) >= o.limits.Count || b.size >= o.limits.Bytes
}

func (o *Orderer) add(b *batch, e entry) {
	if len(b.entries) > 0 && b.size+len(e.raw) > o.limits.Bytes {
		b.next = &e
		return
	}
	b.entries, b.size = append(b.entries, e), b.size+len(e.raw)
}

// rest is the batch after one that was handed over.
func (o *Orderer) rest(next *entry) (batch, <-chan time.Time) {
	if next == nil {
		return batch{}, nil
	}
	return batch{entries: []entry{*next}, size: len(next.raw)}, time.After(o.limits.Timeout)
}
