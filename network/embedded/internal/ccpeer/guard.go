package ccpeer

import (
	"fmt"
	"log/slog"
	"runtime/debug"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	pb "github.com/hyperledger/fabric-protos-go-apiv2/peer"
)

// guard keeps a chaincode's panic from ending the whole network.
type guard struct {
	shim.Chaincode
	panicked func(id string)
}

// Invoke implements shim.Chaincode.
func (g guard) Invoke(stub shim.ChaincodeStubInterface) (response *pb.Response) {
	defer func() {
		if reason := recover(); reason != nil {
			slog.Error("chaincode panicked", "transaction", stub.GetTxID(), "reason", fmt.Sprint(reason), "stack", string(debug.Stack()))
			g.panicked(stub.GetChannelID() + stub.GetTxID())
			response = shim.Error("chaincode panicked")
		}
	}()
	return g.Chaincode.Invoke(stub)
}
