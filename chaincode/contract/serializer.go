package contract

import (
	"reflect"

	"github.com/hyperledger/fabric-contract-api-go/v2/metadata"

	"quorate.dev/chaincode/document"
)

// serializer replaces contract-api's, which accepts unknown and duplicate names and writes no canonical form.
type serializer struct{}

func (serializer) FromString(text string, t reflect.Type, _ *metadata.ParameterMetadata, _ *metadata.ComponentMetadata) (reflect.Value, error) {
	request := reflect.New(t.Elem())
	if err := document.Decode([]byte(text), request.Interface()); err != nil {
		return reflect.Value{}, err
	}
	return request, nil
}

func (serializer) ToString(result reflect.Value, _ reflect.Type, _ *metadata.ReturnMetadata, _ *metadata.ComponentMetadata) (string, error) {
	data, err := document.Encode(result.Interface())
	return string(data), err
}
