// Package contract is Quorate's chaincode: the only code that decides what is true.
//
// One file, or a few, per contract. Every call comes through the guard, which checks its form, its clock and its
// policy before a contract sees it, and which lets its writes out only when it succeeds. Transitions are pure
// functions of records; the methods around them read and write the ledger.
package contract
