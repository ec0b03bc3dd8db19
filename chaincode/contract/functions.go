package contract

import (
	"reflect"
	"slices"
	"strconv"
	"strings"

	"quorate.dev/chaincode/authz"
	"quorate.dev/chaincode/document"
	"quorate.dev/chaincode/ledger"
	"quorate.dev/chaincode/records"
)

// A function is one that can be called: its exact name, what it takes and returns, and what it is done to.
type function struct {
	name            string
	mode            ledger.Mode
	limit           int // of its document, in bytes
	schema          records.Schema
	request, result reflect.Type
	resource        func(*call, *authz.World, any) (authz.Resource, error)
}

func (f *function) newRequest() any { return reflect.New(f.request).Interface() }

// contract returns the name of the contract that the function is of.
func (f *function) contract() string {
	name, _, _ := strings.Cut(f.name, ":")
	return name
}

// A finder finds what a request is about.
type finder[Q any] func(*call, *authz.World, *Q) (authz.Resource, error)

func submit[Q, R any](name string, find finder[Q]) *function {
	return declare[Q, R](name, ledger.Submit, find)
}

func read[Q, R any](name string, find finder[Q]) *function {
	return declare[Q, R](name, ledger.Read, find)
}

// large lets a function take a document that holds the text of a policy set.
func large(f *function) *function {
	f.limit = 2 * document.Limit
	return f
}

func declare[Q, R any](name string, mode ledger.Mode, find finder[Q]) *function {
	return &function{
		name: name, mode: mode, limit: document.Limit, schema: records.Version(string(authz.ActionOf(name)), 1),
		request: reflect.TypeFor[Q](), result: reflect.TypeFor[R](),
		resource: func(c *call, w *authz.World, content any) (authz.Resource, error) {
			return find(c, w, content.(*Q))
		},
	}
}

// functionNames lists all functions, ascending.
func functionNames() []string {
	names := make([]string, 0, len(functions))
	for name := range functions {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// readsOf lists the reading functions of a contract, without its name.
func readsOf(contract string) []string {
	list := []string{}
	for _, name := range functionNames() {
		if rest, ok := strings.CutPrefix(name, contract+":"); ok && functions[name].mode == ledger.Read {
			list = append(list, rest)
		}
	}
	return list
}

// checkSchema wants the schema that a function's document has.
func checkSchema(found, expected records.Schema) error {
	if found == expected {
		return nil
	}
	kind, version, _ := strings.Cut(string(found), "/")
	known, _, _ := strings.Cut(string(expected), "/")
	if n, err := strconv.Atoi(version); kind == known && err == nil && n > 1 {
		return ledger.Refuse(ledger.UnsupportedVersion, "the document is %.80s, and this chaincode knows %s", found, expected)
	}
	return ledger.Refuse(ledger.InvalidArgument, "the document's schema is %.80q instead of %s", found, expected)
}
