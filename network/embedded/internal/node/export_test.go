package node

import "quorate.dev/network/embedded/internal/order"

// WriteBlock commits a block with exactly these entries, past the orderer's door, which would refuse most of what a
// dishonest orderer could let in.
func (n *Network) WriteBlock(entries [][]byte) error {
	writer := order.Writer{Ledger: n.ledger, Committer: n.validator, Signer: n.material.orderer.node}
	return writer.Write(entries)
}
