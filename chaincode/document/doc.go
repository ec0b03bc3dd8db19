// Package document reads, checks and writes the JSON documents that Quorate's functions take, return and store.
//
// Reading is strict: bounded size and depth, UTF-8, exact and unique names, no null, integers that a double
// holds exactly and no other numbers. Form is declared once, on the Go types: JSON tags name the fields,
// `omitempty` makes one optional, the tags `min` and `max` bound integers, texts and lists, `enum` lists the
// words that a text may be, and a type with a Pattern method bounds its own text. Schema describes the same
// declarations as JSON Schema. Writing is RFC 8785: one value, one sequence of bytes.
package document
