package contract

import (
	"errors"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"

	"quorate.dev/chaincode/authz"
	"quorate.dev/chaincode/document"
	"quorate.dev/chaincode/ledger"
	"quorate.dev/chaincode/records"
)

// guard stands before contract-api, which forgives extra arguments and names in lower case.
type guard struct {
	inner    map[string]shim.Chaincode // by contract
	now      func() time.Time
	log      *slog.Logger
	builtIn  *authz.Policies
	policies *authz.Cache

	callers  ledger.Callers
	charters ledger.Memo[records.Charter]
	currents ledger.Memo[records.CurrentPolicy]
	texts    ledger.Memo[records.Policy]
}

// Init does nothing: there is no state before the first founding.
func (g *guard) Init(shim.ChaincodeStubInterface) *peer.Response { return shim.Success(nil) }

// Invoke answers one call. A panic is a defect of ours: it is logged in full, the transaction fails, the process lives.
func (g *guard) Invoke(stub shim.ChaincodeStubInterface) (response *peer.Response) {
	defer func() {
		if cause := recover(); cause != nil {
			g.log.Error("the chaincode panicked", "tx", stub.GetTxID(), "cause", cause, "stack", string(debug.Stack()))
			response = failure(ledger.Refuse(ledger.Defect, "the chaincode failed; its log has the cause under this transaction"))
		}
	}()
	request, err := parseCall(stub.GetArgs())
	if err != nil {
		return failure(err)
	}
	if request.function.mode == ledger.Submit {
		if err := requireDirect(stub); err != nil {
			return failure(err)
		}
	}
	call, err := g.begin(stub, request)
	if err != nil {
		return failure(err)
	}
	if err := call.authorize(request); err != nil {
		return failure(err)
	}
	response = g.inner[request.function.contract()].Invoke(&guardedStub{ChaincodeStubInterface: stub, call: call})
	if response.GetStatus() != shim.OK {
		return response
	}
	if err := call.Flush(); err != nil {
		return failure(err)
	}
	return response
}

func failure(err error) *peer.Response {
	if refusal, ok := errors.AsType[*ledger.Error](err); ok {
		return shim.Error(refusal.Error())
	}
	return shim.Error(ledger.Refuse(ledger.Defect, "%v", err).Error())
}

// A request is a call whose form is in order.
type request struct {
	function *function
	document any // a pointer to the function's request type
}

// parseCall checks a call's form: the exact function, one document, its size, its schema, its fields.
func parseCall(args [][]byte) (request, error) {
	if len(args) != 2 {
		return request{}, ledger.Refuse(ledger.InvalidArgument, "a call has a function and one document, not %d arguments", len(args))
	}
	return parseDocument(string(args[0]), args[1])
}

func parseDocument(name string, data []byte) (request, error) {
	f := functions[name]
	if f == nil {
		return request{}, ledger.Refuse(ledger.InvalidArgument, "there is no function %.80q; audit:Info lists them", name)
	}
	found, err := document.ParseUpTo(data, f.limit)
	if err != nil {
		return request{}, ledger.Refuse(ledger.InvalidArgument, "%s: %v", name, err)
	}
	if err := checkSchema(records.Schema(found.Schema()), f.schema); err != nil {
		return request{}, err
	}
	content := f.newRequest()
	if err := found.Decode(content); err != nil {
		return request{}, ledger.Refuse(ledger.InvalidArgument, "%s: %v", name, err)
	}
	return request{function: f, document: content}, nil
}

// begin reads who calls, when, and what is in force.
func (g *guard) begin(stub shim.ChaincodeStubInterface, r request) (*call, error) {
	tx, err := ledger.Begin(stub, r.function.mode, g.now(), &g.callers)
	if err != nil {
		return nil, err
	}
	c := &call{Tx: tx, checker: g}
	tx.Expect(ledger.CharterKey(), ledger.CurrentPolicyKey())
	if c.charter, err = g.charters.Get(tx, ledger.CharterKey()); err != nil {
		return nil, err
	}
	if err := tx.CheckClock(c.clockSkew()); err != nil {
		return nil, err
	}
	return c, c.findPolicy()
}

// findPolicy finds which policy set is in force. Its text is read together with what the function is done to.
func (c *call) findPolicy() error {
	current, err := c.checker.currents.Get(c.Tx, ledger.CurrentPolicyKey())
	if err == nil && current != nil {
		c.policyVersion = current.Version
		c.Expect(ledger.PolicyKey(current.Version))
	}
	return err
}

// loadPolicy reads the policy set in force. The same keys are read whatever is kept.
func (c *call) loadPolicy() error {
	if c.policyVersion == 0 {
		c.policies = c.checker.builtIn
		return nil
	}
	policy, err := c.checker.texts.Get(c.Tx, ledger.PolicyKey(c.policyVersion))
	if err != nil {
		return err
	}
	if policy == nil {
		return ledger.Refuse(ledger.Defect, "the policy of version %d is in force and not on the ledger", c.policyVersion)
	}
	c.policies, err = c.checker.policies.Get(policy.Text)
	if err != nil {
		return ledger.Refuse(ledger.Defect, "the policy in force cannot be evaluated: %v", err)
	}
	return nil
}
