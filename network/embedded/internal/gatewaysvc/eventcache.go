package gatewaysvc

import (
	"sync"

	pb "github.com/hyperledger/fabric-protos-go-apiv2/peer"

	"quorate.dev/network/embedded/internal/fabtx"
	"quorate.dev/network/embedded/internal/ledger"
)

// cachedBlocks is how many of the newest blocks' events are kept: every listener wants the same ones at the same time.
const cachedBlocks = 64

// eventCache keeps the events of recent blocks by block number.
type eventCache struct {
	mu     sync.Mutex
	events map[uint64][]*pb.ChaincodeEvent
}

func newEventCache() *eventCache { return &eventCache{events: map[uint64][]*pb.ChaincodeEvent{}} }

// of returns the events of a block's valid transactions, in order. Callers share them.
func (c *eventCache) of(l *ledger.Ledger, number uint64) ([]*pb.ChaincodeEvent, error) {
	c.mu.Lock()
	events, ok := c.events[number]
	c.mu.Unlock()
	if ok {
		return events, nil
	}
	block, err := l.Block(number)
	if err != nil {
		return nil, err
	}
	for _, entry := range fabtx.Entries(block) {
		if entry.Code == pb.TxValidationCode_VALID && entry.Event != nil {
			events = append(events, entry.Event)
		}
	}
	if height, _ := l.Height(); height-number <= cachedBlocks {
		c.keep(number, events)
	}
	return events, nil
}

func (c *eventCache) keep(number uint64, events []*pb.ChaincodeEvent) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.events[number] = events
	for old := range c.events {
		if old+cachedBlocks < number {
			delete(c.events, old)
		}
	}
}
