package contract

import (
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-contract-api-go/v2/contractapi"

	"quorate.dev/chaincode/authz"
)

// Version is the version of this chaincode.
const Version = "1.0.0"

// An Option changes what New returns.
type Option func(*guard)

// WithClock replaces the endorser's clock, which bounds the timestamps that transactions may claim.
func WithClock(now func() time.Time) Option { return func(g *guard) { g.now = now } }

// WithLogger replaces where defects are reported; slog's default otherwise.
func WithLogger(logger *slog.Logger) Option { return func(g *guard) { g.log = logger } }

// New returns the chaincode. One instance serves one peer; it keeps nothing between calls but what it has parsed.
func New(opts ...Option) (shim.Chaincode, error) {
	inner, err := assembled()
	if err != nil {
		return nil, fmt.Errorf("assembling the contracts: %w", err)
	}
	builtIn, err := authz.Parse(authz.Default)
	if err != nil {
		return nil, fmt.Errorf("the default policies: %w", err)
	}
	g := &guard{inner: inner, now: time.Now, log: slog.Default(), builtIn: builtIn, policies: &authz.Cache{}}
	for _, option := range opts {
		option(g)
	}
	return g, nil
}

// assembled are contract-api's chaincodes by contract. There is one per contract, made once per process: contract-api
// compiles a schema for every parameter from all types that it knows, which takes 150 ms for all contracts together.
var assembled = sync.OnceValues(func() (map[string]shim.Chaincode, error) {
	inner := map[string]shim.Chaincode{}
	for _, contract := range contracts() {
		chaincode, err := contractapi.NewChaincode(contract)
		if err != nil {
			return nil, err
		}
		chaincode.TransactionSerializer = serializer{}
		inner[contract.GetName()] = chaincode
	}
	return inner, nil
})

func contracts() []contractapi.ContractInterface {
	return []contractapi.ContractInterface{
		&Consortium{contractFor("consortium")}, &Policy{contractFor("policy")}, &Dataset{contractFor("dataset")},
		&Study{contractFor("study")}, &Round{contractFor("round")}, &Privacy{contractFor("privacy")},
		&Model{contractFor("model")}, &Audit{contractFor("audit")},
	}
}

// base is what every contract is made of.
type base struct{ contractapi.Contract }

func contractFor(name string) base {
	b := base{}
	b.Name = name
	b.TransactionContextHandler = &Context{}
	return b
}

// GetEvaluateTransactions lists the contract's reading functions.
func (b *base) GetEvaluateTransactions() []string { return readsOf(b.Name) }
