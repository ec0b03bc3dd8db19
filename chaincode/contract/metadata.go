package contract

import (
	"encoding/json"
	"reflect"

	"quorate.dev/chaincode/authz"
	"quorate.dev/chaincode/document"
	"quorate.dev/chaincode/ledger"
	"quorate.dev/chaincode/records"
)

// Metadata describes every function and every document as JSON Schema. contract-api's own metadata knows neither
// optional fields nor bounds; this has both, from the same declarations that documents are checked against.
func Metadata() ([]byte, error) {
	type described struct {
		Mode    string         `json:"mode"`
		Action  authz.Action   `json:"action"`
		Schema  records.Schema `json:"schema"`
		Request string         `json:"request"`
		Result  string         `json:"result"`
	}
	definitions, list := map[string]document.Definition{}, map[string]described{}
	for name, f := range functions {
		document.Describe(f.request, definitions)
		document.Describe(f.result, definitions)
		list[name] = described{modeName(f.mode), authz.ActionOf(name), f.schema, f.request.Name(), f.result.Name()}
	}
	document.Describe(reflect.TypeFor[records.Events](), definitions)
	document.Describe(reflect.TypeFor[records.Leaf](), definitions)
	return json.MarshalIndent(map[string]any{
		"version": Version, "functions": list, "definitions": definitions, "records": ledger.Schemas(), "codes": ledger.Codes(),
	}, "", " ")
}

func modeName(mode ledger.Mode) string {
	if mode == ledger.Submit {
		return "submit"
	}
	return "read"
}
