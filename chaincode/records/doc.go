// Package records declares the documents of the ledger, one file per contract: what functions take, what they
// return and what is stored. Form only; what the documents mean is decided in package contract.
package records
