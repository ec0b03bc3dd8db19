package ledger

import (
	"crypto/sha256"
	"sync"
)

// Callers keeps who the creators of transactions are, by the digest of their bytes: nothing else decides it.
type Callers struct {
	mu    sync.Mutex
	known map[[sha256.Size]byte]Caller
}

// mostCallers bounds what is kept: members have some tens of certificates in use.
const mostCallers = 1024

func (c *Callers) of(creator []byte) (Caller, error) {
	digest := sha256.Sum256(creator)
	c.mu.Lock()
	caller, ok := c.known[digest]
	c.mu.Unlock()
	if ok {
		return caller, nil
	}
	caller, err := callerOf(creator)
	if err == nil {
		c.keep(digest, caller)
	}
	return caller, err
}

func (c *Callers) keep(digest [sha256.Size]byte, caller Caller) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil || len(c.known) >= mostCallers {
		c.known = map[[sha256.Size]byte]Caller{}
	}
	c.known[digest] = caller
}
