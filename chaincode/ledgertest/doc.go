// Package ledgertest is a ledger in memory for tests of the chaincode, with Fabric's semantics of read and write
// sets: transactions are simulated on the committed state and recorded as what they read and wrote; a block then
// validates them in order, so that a transaction that read what an earlier one of its block has written fails.
//
// Rules of Quorate hold for every transaction here, and break the test when they do not: it has read no ranges before
// it is ordered, it has written no key that belongs to another organisation, it has read something of what it writes,
// and it emits an event when it writes, and only then.
package ledgertest
