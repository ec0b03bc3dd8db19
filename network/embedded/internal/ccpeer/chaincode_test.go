package ccpeer_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	pb "github.com/hyperledger/fabric-protos-go-apiv2/peer"

	"quorate.dev/network/embedded/internal/ccpeer"
	"quorate.dev/network/embedded/internal/ledger"
)

// noState is a state without keys.
type noState struct{}

func (noState) Get(string, string) (*ledger.Value, error)          { return nil, nil }
func (noState) Range(string, string, string) ledger.Iterator       { return noState{} }
func (noState) History(string, string) ([]ledger.Version, error)   { return nil, nil }
func (noState) Block(uint64) (*cb.Block, error)                    { return nil, ledger.ErrNotFound }
func (noState) Next() (key string, value *ledger.Value, err error) { return "", nil, nil }

// function is a chaincode with one function.
type function func(shim.ChaincodeStubInterface) *pb.Response

func (function) Init(shim.ChaincodeStubInterface) *pb.Response          { return shim.Success(nil) }
func (f function) Invoke(stub shim.ChaincodeStubInterface) *pb.Response { return f(stub) }

func started(t *testing.T, f function) *ccpeer.Chaincode {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c, err := ccpeer.Start(ctx, "cc", f)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

func execute(ctx context.Context, c *ccpeer.Chaincode, id string) (*pb.Response, *ccpeer.Simulation, error) {
	simulation := ccpeer.NewSimulation(noState{})
	response, _, err := c.Execute(ctx, simulation, ccpeer.Invocation{Channel: "ch", TxID: id, Input: &pb.ChaincodeInput{}})
	return response, simulation, err
}

func TestDeadlineEndsAnExecutionAndLaterCallsOfItAreRefused(t *testing.T) {
	release, outcome := make(chan struct{}), make(chan error, 1)
	c := started(t, func(stub shim.ChaincodeStubInterface) *pb.Response {
		<-release
		outcome <- stub.PutState("late", []byte("x"))
		return shim.Success(nil)
	})
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Millisecond)
	defer cancel()
	_, simulation, err := execute(ctx, c, "slow")
	if err == nil || !strings.Contains(err.Error(), "timeout expired while executing transaction") {
		t.Errorf("got %v", err)
	}
	if len(simulation.Set()) != 0 {
		t.Errorf("it wrote %v", simulation.Set())
	}
	close(release)
	select {
	case err := <-outcome:
		if err == nil || !strings.Contains(err.Error(), "has ended") {
			t.Errorf("a late write: %v", err)
		}
	case <-time.After(time.Minute):
		t.Fatal("a late call is never answered")
	}
	if len(simulation.Set()) != 0 {
		t.Errorf("it wrote after its end: %v", simulation.Set())
	}
}

func TestOneTransactionIDAtATime(t *testing.T) {
	entered, release := make(chan struct{}), make(chan struct{})
	c := started(t, func(shim.ChaincodeStubInterface) *pb.Response {
		close(entered)
		<-release
		return shim.Success(nil)
	})
	first := make(chan error, 1)
	go func() {
		_, _, err := execute(context.Background(), c, "same")
		first <- err
	}()
	select {
	case <-entered:
	case err := <-first:
		t.Fatal(err)
	}
	if _, _, err := execute(context.Background(), c, "same"); err == nil || !strings.Contains(err.Error(), "exists") {
		t.Errorf("got %v", err)
	}
	close(release)
	if err := <-first; err != nil {
		t.Error(err)
	}
}

func TestPanicIsAnEndedStream(t *testing.T) {
	c := started(t, func(stub shim.ChaincodeStubInterface) *pb.Response {
		if stub.GetTxID() == "bad" {
			panic("on purpose")
		}
		return shim.Success([]byte("fine"))
	})
	if _, _, err := execute(context.Background(), c, "bad"); !errors.Is(err, ccpeer.ErrStreamEnded) {
		t.Errorf("got %v", err)
	}
	if response, _, err := execute(context.Background(), c, "good"); err != nil || string(response.Payload) != "fine" {
		t.Errorf("%v %v", response, err)
	}
}

func TestClosedChaincode(t *testing.T) {
	c := started(t, func(shim.ChaincodeStubInterface) *pb.Response { return shim.Success(nil) })
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	<-c.Ended()
	if _, _, err := execute(context.Background(), c, "late"); !errors.Is(err, ccpeer.ErrStreamEnded) {
		t.Errorf("got %v", err)
	}
}

func TestRulesOfWriting(t *testing.T) {
	for name, test := range map[string]struct {
		do   func(*ccpeer.Simulation) error
		want string
	}{
		"empty key": {func(s *ccpeer.Simulation) error { return s.Put("cc", "", []byte("x")) }, "empty key"},
		"write after page": {func(s *ccpeer.Simulation) error {
			if _, err := s.Range("cc", "a", "b", true, 5); err != nil {
				return err
			}
			return s.Put("cc", "key", []byte("x"))
		}, "already performed a paginated query"},
		"page after write": {func(s *ccpeer.Simulation) error {
			if err := s.Put("cc", "key", []byte("x")); err != nil {
				return err
			}
			_, err := s.Range("cc", "a", "b", true, 5)
			return err
		}, "read-only"},
	} {
		if err := test.do(ccpeer.NewSimulation(noState{})); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
}

func TestSetIsSortedAndEmptyValuesDelete(t *testing.T) {
	s := ccpeer.NewSimulation(noState{})
	for _, namespace := range []string{"b", "a"} {
		for _, key := range []string{"y", "x"} {
			if err := s.Put(namespace, key, nil); err != nil {
				t.Fatal(err)
			}
			if _, err := s.Get(namespace, key); err != nil {
				t.Fatal(err)
			}
		}
	}
	set := s.Set()
	if len(set) != 2 || set[0].Name != "a" || set[1].Name != "b" {
		t.Fatalf("%v", set)
	}
	for _, ns := range set {
		if ns.KV.Writes[0].Key != "x" || ns.KV.Writes[1].Key != "y" || !ns.KV.Writes[0].IsDelete || ns.KV.Reads[0].Key != "x" || ns.KV.Reads[0].Version != nil {
			t.Errorf("%v", ns.KV)
		}
	}
}
