// Package authz decides by policy: whether a caller may do an action to a resource.
//
// Policies are Cedar text in a restricted profile that Check guards, because outside of it the two engines
// that decide (this one, and cedarpy off the ledger) differ or can be stalled. A policy set is its exact text and
// is named by the SHA-256 of that. Nothing is allowed unless a policy permits it, and any error while deciding
// is a denial. What is decided about, the entities, is built here from typed values, always complete: a rule
// that meets a missing entity would fail open.
package authz
