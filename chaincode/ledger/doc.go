// Package ledger is typed access to the world state for one transaction: keys, records, events, caller and clock.
//
// A transaction sees its own writes; they reach the peer only when it succeeds, together with one event. A
// function that is submitted reads explicit keys only, and a key that belongs to an organisation is written
// only by that organisation's transactions: both are enforced here, so that no contract can forget them.
package ledger
