package contract

import (
	"errors"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-contract-api-go/v2/contractapi"

	"quorate.dev/chaincode/authz"
	"quorate.dev/chaincode/ledger"
	"quorate.dev/chaincode/records"
)

// A Context is what a contract's function gets: the transaction, and what is in force.
type Context struct {
	contractapi.TransactionContext
	*call
}

// SetStub takes over what the guard has read already.
func (c *Context) SetStub(stub shim.ChaincodeStubInterface) {
	c.TransactionContext.SetStub(stub)
	if guarded, ok := stub.(*guardedStub); ok {
		c.call = guarded.call
	}
}

// guardedStub carries a call through contract-api.
type guardedStub struct {
	shim.ChaincodeStubInterface
	call *call
}

// GetCreator keeps contract-api from parsing the creator's certificate once more, for a client identity that no function
// asks for: who calls is in the call.
func (*guardedStub) GetCreator() ([]byte, error) { return nil, errNoCreator }

var errNoCreator = errors.New("the guard has read who calls")

// A call is one transaction together with the rules in force.
type call struct {
	*ledger.Tx
	charter       *records.Charter // nil until a charter is active
	policies      *authz.Policies  // once the call is decided
	policyVersion int64            // 0 until a charter is active
	checker       *guard
}

// defaultClockSkew holds until a charter sets its own.
const defaultClockSkew = 60_000

func (c *call) clockSkew() int64 {
	if c.charter == nil {
		return defaultClockSkew
	}
	return c.charter.ClockSkewMS
}

// world begins the entities of a decision.
func (c *call) world() *authz.World { return authz.NewWorld(c.members()) }

// members are the charter's, or none.
func (c *call) members() []records.MSPID {
	if c.charter == nil {
		return nil
	}
	list := make([]records.MSPID, len(c.charter.Members))
	for i, member := range c.charter.Members {
		list[i] = member.MSP
	}
	return list
}

// needCharter returns the charter, or says that there is none.
func (c *call) needCharter() (*records.Charter, error) {
	if c.charter == nil {
		return nil, ledger.Refuse(ledger.InvalidState, "no charter is active; found a consortium first")
	}
	return c.charter, nil
}

// closed says that something has ended, why, and by whom.
func (c *call) closed(reason string) *records.Closed {
	return &records.Closed{Reason: reason, Stamp: c.Stamp()}
}

// wrongState is the refusal of a step that expects another state.
func wrongState(what, is, expected string) error {
	return ledger.Refuse(ledger.InvalidState, "%s is %s, and this step expects %s", what, is, expected)
}
