// Command quorate-embedded is a Hyperledger Fabric compatible network in one process, for development, demos and tests.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"quorate.dev/chaincode/contract"

	"quorate.dev/network/embedded/internal/node"
)

// version may be set when linking.
var version = "0.1.0"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	code := node.Main(ctx, version, func(clock func() time.Time) (shim.Chaincode, error) {
		return contract.New(contract.WithClock(clock))
	})
	stop()
	os.Exit(code)
}
