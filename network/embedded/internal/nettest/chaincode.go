package nettest

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/hyperledger/fabric-chaincode-go/v2/pkg/statebased"
	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-contract-api-go/v2/contractapi"
)

// Context is what the test contract's functions get.
type Context = contractapi.TransactionContextInterface

// Contract has one function for each thing that a chaincode can ask of a peer.
type Contract struct {
	contractapi.Contract

	clock func() time.Time
}

// NewChaincode makes the test chaincode; it is a node.Factory.
func NewChaincode(clock func() time.Time) (shim.Chaincode, error) {
	return contractapi.NewChaincode(&Contract{clock: clock})
}

// Put writes a key.
func (c *Contract) Put(ctx Context, key, value string) error {
	return ctx.GetStub().PutState(key, []byte(value))
}

// Delete deletes a key.
func (c *Contract) Delete(ctx Context, key string) error { return ctx.GetStub().DelState(key) }

// Get reads a key.
func (c *Contract) Get(ctx Context, key string) (string, error) {
	value, err := ctx.GetStub().GetState(key)
	return string(value), err
}

// Increment reads a number and writes the next.
func (c *Contract) Increment(ctx Context, key string) (int, error) {
	value, err := ctx.GetStub().GetState(key)
	if err != nil {
		return 0, err
	}
	n := 0
	if len(value) > 0 {
		if n, err = strconv.Atoi(string(value)); err != nil {
			return 0, err
		}
	}
	return n + 1, ctx.GetStub().PutState(key, []byte(strconv.Itoa(n+1)))
}

// Fail answers with an error.
func (c *Contract) Fail(_ Context, message string) error { return errors.New(message) }

// Panic panics.
func (c *Contract) Panic(Context) error { panic("on purpose") }

// Random writes what no two endorsers agree on.
func (c *Contract) Random(ctx Context, key string) error {
	value := make([]byte, 8)
	if _, err := rand.Read(value); err != nil {
		return err
	}
	return ctx.GetStub().PutState(key, value)
}

// Emit writes a key and emits an event.
func (c *Contract) Emit(ctx Context, name, payload string) error {
	if err := ctx.GetStub().PutState("event~"+name, []byte(payload)); err != nil {
		return err
	}
	return ctx.GetStub().SetEvent(name, []byte(payload))
}

// Keys lists a range.
func (c *Contract) Keys(ctx Context, start, end string) (string, error) {
	iterator, err := ctx.GetStub().GetStateByRange(start, end)
	if err != nil {
		return "", err
	}
	return drain(iterator)
}

// CountInto writes how many keys a range has.
func (c *Contract) CountInto(ctx Context, start, end, key string) error {
	listed, err := c.Keys(ctx, start, end)
	if err != nil {
		return err
	}
	return ctx.GetStub().PutState(key, []byte(strconv.Itoa(len(strings.Fields(listed)))))
}

// Page lists one page of a range and the bookmark of the next.
func (c *Contract) Page(ctx Context, start, end string, size int32, bookmark string) (string, error) {
	iterator, metadata, err := ctx.GetStub().GetStateByRangeWithPagination(start, end, size, bookmark)
	if err != nil {
		return "", err
	}
	listed, err := drain(iterator)
	return listed + "|" + metadata.GetBookmark(), err
}

func drain(iterator shim.StateQueryIteratorInterface) (listed string, err error) {
	defer func() { err = errors.Join(err, iterator.Close()) }()
	var keys []string
	for iterator.HasNext() {
		kv, err := iterator.Next()
		if err != nil {
			return "", err
		}
		keys = append(keys, kv.Key)
	}
	return strings.Join(keys, " "), nil
}

// History lists a key's values, newest first.
func (c *Contract) History(ctx Context, key string) (listed string, err error) {
	iterator, err := ctx.GetStub().GetHistoryForKey(key)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, iterator.Close()) }()
	var values []string
	for iterator.HasNext() {
		m, err := iterator.Next()
		if err != nil {
			return "", err
		}
		values = append(values, fmt.Sprintf("%s/%t", m.Value, m.IsDelete))
	}
	return strings.Join(values, " "), nil
}

// Bulk writes many keys.
func (c *Contract) Bulk(ctx Context, prefix string, n int) error {
	for i := range n {
		if err := ctx.GetStub().PutState(fmt.Sprintf("%s%06d", prefix, i), []byte("x")); err != nil {
			return err
		}
	}
	return nil
}

// Batch writes many keys in messages of many.
func (c *Contract) Batch(ctx Context, prefix string, n int) error {
	ctx.GetStub().StartWriteBatch()
	if err := c.Bulk(ctx, prefix, n); err != nil {
		return err
	}
	return ctx.GetStub().FinishWriteBatch()
}

// Several reads two keys by one message.
func (c *Contract) Several(ctx Context, first, second string) (string, error) {
	values, err := ctx.GetStub().GetMultipleStates(first, second)
	if err != nil {
		return "", err
	}
	return string(bytes.Join(values, []byte("|"))), nil
}

// Owned tells whether a key has a policy of its own.
func (c *Contract) Owned(ctx Context, key string) (bool, error) {
	policy, err := ctx.GetStub().GetStateValidationParameter(key)
	return len(policy) > 0, err
}

// Own writes a key that only one organisation's peer may endorse writes of from then on.
func (c *Contract) Own(ctx Context, key, mspID string) error {
	policy, err := statebased.NewStateEP(nil)
	if err != nil {
		return err
	}
	if err := policy.AddOrgs(statebased.RoleTypePeer, mspID); err != nil {
		return err
	}
	raw, err := policy.Policy()
	if err != nil {
		return err
	}
	if err := ctx.GetStub().PutState(key, []byte("owned")); err != nil {
		return err
	}
	return ctx.GetStub().SetStateValidationParameter(key, raw)
}

// Fresh refuses a transaction whose timestamp is further from this peer's clock than the skew.
func (c *Contract) Fresh(ctx Context, key string, skewMS int64) error {
	claimed, err := ctx.GetStub().GetTxTimestamp()
	if err != nil {
		return err
	}
	if c.clock().Sub(claimed.AsTime()).Abs() > time.Duration(skewMS)*time.Millisecond {
		return errors.New("EXPIRED: the timestamp is too far from this peer's clock")
	}
	return ctx.GetStub().PutState(key, []byte("fresh"))
}

// Private tries private data.
func (c *Contract) Private(ctx Context) error {
	return ctx.GetStub().PutPrivateData("collection", "key", []byte("value"))
}

// Call tries to call another chaincode.
func (c *Contract) Call(ctx Context) error {
	response := ctx.GetStub().InvokeChaincode("other", [][]byte{[]byte("x")}, "")
	if response.Status != shim.OK {
		return errors.New(response.Message + string(response.Payload)) // the shim puts a peer's refusal into the payload
	}
	return nil
}

// Transient echoes a transient value.
func (c *Contract) Transient(ctx Context, name string) (string, error) {
	values, err := ctx.GetStub().GetTransient()
	return string(values[name]), err
}

// Length tells how long its argument is.
func (c *Contract) Length(_ Context, argument string) int { return len(argument) }
