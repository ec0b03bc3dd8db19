package main

import (
	"fmt"
	"strconv"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	pb "github.com/hyperledger/fabric-protos-go-apiv2/peer"
)

// chaincode answers with what the peer answered it, so that a test sees both.
type chaincode struct{ host string }

// call is one invocation: what it may ask the peer, and its arguments behind the function's name.
type call struct {
	shim.ChaincodeStubInterface

	host string
	args []string
}

type function func(*call) (string, error)

// functions by name, with how many arguments each takes.
var functions = map[string]struct {
	arguments int
	run       function
}{
	"put": {2, put}, "get": {1, get}, "delete": {1, remove}, "increment": {1, increment}, "several": {2, several},
	"fill": {2, fill}, "batch": {2, batch}, "putAndGet": {2, putAndGet}, "putLarge": {2, putLarge}, "getLength": {1, getLength},
	"range": {2, keys}, "countInto": {3, countInto}, "page": {4, page}, "pageInto": {3, pageInto}, "query": {1, query}, "history": {1, history},
	"composite": {3, composite}, "partial": {2, partial},
	"own": {2, own}, "owned": {1, owned},
	"event": {3, event}, "twoEvents": {2, twoEvents}, "eventOnly": {2, eventOnly}, "largeEvent": {2, largeEvent},
	"fail": {1, fail}, "panic": {0, fall}, "status": {3, nil}, "random": {1, random}, "failAt": {2, failAt}, "differAt": {2, differAt},
	"sleep": {1, sleep}, "sleepAt": {2, sleepAt},
	"transient": {1, transient}, "transientInto": {2, transientInto}, "length": {1, length}, "large": {1, large}, "context": {0, context}, "call": {3, callOther},
	"privatePut": {2, privatePut}, "privateGet": {2, privateGet}, "privateDelete": {2, privateDelete}, "privateHash": {2, privateHash},
	"privatePurge": {2, privatePurge}, "privateRange": {1, privateRange}, "privateQuery": {1, privateQuery},
}

func (chaincode) Init(shim.ChaincodeStubInterface) *pb.Response { return shim.Success(nil) }

func (c chaincode) Invoke(stub shim.ChaincodeStubInterface) *pb.Response {
	name, args := stub.GetFunctionAndParameters()
	found, ok := functions[name]
	switch {
	case !ok:
		return shim.Error(fmt.Sprintf("no function %q", name))
	case len(args) != found.arguments:
		return shim.Error(fmt.Sprintf("%s takes %d arguments, got %d", name, found.arguments, len(args)))
	case name == "status":
		return answer(args)
	}
	result, err := found.run(&call{ChaincodeStubInterface: stub, host: c.host, args: args})
	if err != nil {
		return shim.Error(err.Error())
	}
	return shim.Success([]byte(result))
}

// answer makes any response: status, message, payload.
func answer(args []string) *pb.Response {
	status, err := strconv.ParseInt(args[0], 10, 32)
	if err != nil {
		return shim.Error(err.Error())
	}
	return &pb.Response{Status: int32(status), Message: args[1], Payload: []byte(args[2])}
}
