package node_test

import (
	"encoding/hex"
	"testing"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	gp "github.com/hyperledger/fabric-protos-go-apiv2/gateway"
	pb "github.com/hyperledger/fabric-protos-go-apiv2/peer"
	lb "github.com/hyperledger/fabric-protos-go-apiv2/peer/lifecycle"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"quorate.dev/network/embedded/internal/nettest"
)

// query asks a system chaincode and reads the answer into a message.
func query(t *testing.T, c *nettest.Client, into proto.Message, chaincode, function string, args ...string) error {
	t.Helper()
	signed, id, err := c.Propose(chaincode, function, args...)
	if err != nil {
		t.Fatal(err)
	}
	response, err := c.Gateway.Evaluate(deadline(t), &gp.EvaluateRequest{TransactionId: id, ChannelId: "quorate", ProposedTransaction: signed})
	if err != nil {
		return err
	}
	return proto.Unmarshal(response.Result.Payload, into)
}

func TestQueriesOfTheChain(t *testing.T) {
	r := startFresh(t, 1)
	c := r.client(t, "alder")
	envelope, id, err := c.Endorse(deadline(t), nil, "Put", "key", "value")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Send(deadline(t), envelope, id); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Status(deadline(t), id); err != nil {
		t.Fatal(err)
	}

	info, genesis, block, processed := &cb.BlockchainInfo{}, &cb.Block{}, &cb.Block{}, &pb.ProcessedTransaction{}
	for _, q := range []struct {
		into     proto.Message
		function string
		args     []string
	}{
		{info, "GetChainInfo", []string{"quorate"}}, {genesis, "GetBlockByNumber", []string{"quorate", "0"}},
		{block, "GetBlockByTxID", []string{"quorate", id}}, {processed, "GetTransactionByID", []string{"quorate", id}},
	} {
		if err := query(t, c, q.into, "qscc", q.function, q.args...); err != nil {
			t.Errorf("%s: %v", q.function, err)
		}
	}
	if info.Height != 3 || hex.EncodeToString(info.PreviousBlockHash) == "" {
		t.Errorf("chain info %v", info)
	}
	if genesis.Header.GetNumber() != 0 || block.Header.GetNumber() != 2 {
		t.Errorf("blocks %v and %v", genesis.Header, block.Header)
	}
	if processed.ValidationCode != 0 || !proto.Equal(processed.TransactionEnvelope, envelope) {
		t.Errorf("transaction %v", processed)
	}
	for _, q := range []struct {
		function string
		args     []string
		error    string
	}{
		{"GetBlockByNumber", []string{"quorate", "many"}, "Failed to parse block number"},
		{"GetBlockByTxID", []string{"quorate", "unknown"}, "no such transaction ID [unknown]"},
		{"GetTransactionByID", []string{"quorate"}, "missing 3rd argument for GetTransactionByID"},
		{"Nothing", nil, "Incorrect number of arguments, 1"},
	} {
		wantStatus(t, query(t, c, &cb.Block{}, "qscc", q.function, q.args...), codes.Unknown, q.error)
	}
}

func TestDefinitionCanBeReadButNotChanged(t *testing.T) {
	r := startFresh(t, 1)
	c := r.client(t, "alder")
	request, err := proto.Marshal(&lb.QueryChaincodeDefinitionArgs{Name: "quorate"})
	if err != nil {
		t.Fatal(err)
	}
	definition, policy := &lb.QueryChaincodeDefinitionResult{}, &pb.ApplicationPolicy{}
	if err := query(t, c, definition, "_lifecycle", "QueryChaincodeDefinition", string(request)); err != nil {
		t.Fatal(err)
	}
	if err := proto.Unmarshal(definition.ValidationParameter, policy); err != nil {
		t.Fatal(err)
	}
	if definition.Sequence != 1 || definition.Version != "0.1.0" || policy.GetChannelConfigPolicyReference() != "/Channel/Application/Endorsement" {
		t.Errorf("definition %v under %v", definition, policy)
	}
	wantStatus(t, query(t, c, definition, "_lifecycle", "CommitChaincodeDefinition", "x"), codes.Unknown, "CommitChaincodeDefinition of _lifecycle is not available")
	signed, id, err := c.Propose("_lifecycle", "CommitChaincodeDefinition", "x")
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Gateway.Endorse(deadline(t), &gp.EndorseRequest{TransactionId: id, ChannelId: "quorate", ProposedTransaction: signed})
	wantStatus(t, err, codes.FailedPrecondition, "No metadata was found for chaincode _lifecycle")
}
