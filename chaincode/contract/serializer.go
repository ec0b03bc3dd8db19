package contract

import (
	"encoding/json"
	"reflect"

	"github.com/hyperledger/fabric-contract-api-go/v2/metadata"

	"quorate.dev/chaincode/document"
)

// serializer replaces contract-api's, which accepts unknown and duplicate names and writes no canonical form. What
// comes in has passed the guard, which is the only way here; so it is not checked twice.
type serializer struct{}

func (serializer) FromString(text string, t reflect.Type, _ *metadata.ParameterMetadata, _ *metadata.ComponentMetadata) (reflect.Value, error) {
	request := reflect.New(t.Elem())
	err := json.Unmarshal([]byte(text), request.Interface())
	return request, err
}

func (serializer) ToString(result reflect.Value, _ reflect.Type, _ *metadata.ReturnMetadata, _ *metadata.ComponentMetadata) (string, error) {
	data, err := document.Encode(result.Interface())
	return string(data), err
}
