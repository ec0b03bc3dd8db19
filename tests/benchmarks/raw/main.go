// Command raw serves the smallest chaincode there is, one key read or written: what Fabric itself costs on the same
// peers with the same client, beside which benchmarks put Quorate's chaincode.
package main

import (
	"fmt"
	"os"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
)

type raw struct{}

// Init is for the lifecycle of Fabric 1.
func (raw) Init(shim.ChaincodeStubInterface) *peer.Response { return shim.Success(nil) }

// Invoke puts a value at a key or gets it.
func (raw) Invoke(stub shim.ChaincodeStubInterface) *peer.Response {
	name, arguments := stub.GetFunctionAndParameters()
	switch {
	case name == "Put" && len(arguments) == 2:
		if err := stub.PutState(arguments[0], []byte(arguments[1])); err != nil {
			return shim.Error(err.Error())
		}
		return shim.Success(nil)
	case name == "Get" && len(arguments) == 1:
		value, err := stub.GetState(arguments[0])
		if err != nil {
			return shim.Error(err.Error())
		}
		return shim.Success(value)
	}
	return shim.Error("no such function")
}

func main() {
	key, certificate, roots := file("CHAINCODE_TLS_KEY"), file("CHAINCODE_TLS_CERT"), file("CHAINCODE_CLIENT_CA_CERT")
	server := &shim.ChaincodeServer{
		CCID:     os.Getenv("CHAINCODE_ID"),
		Address:  os.Getenv("CHAINCODE_SERVER_ADDRESS"),
		CC:       raw{},
		TLSProps: shim.TLSProperties{Key: key, Cert: certificate, ClientCACerts: roots},
	}
	if err := server.Start(); err != nil {
		fail(err)
	}
}

func file(variable string) []byte {
	data, err := os.ReadFile(os.Getenv(variable))
	if err != nil {
		fail(fmt.Errorf("%s: %w", variable, err))
	}
	return data
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
