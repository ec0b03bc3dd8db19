package endorse

import (
	"errors"
	"fmt"
	"strconv"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	pb "github.com/hyperledger/fabric-protos-go-apiv2/peer"
	lb "github.com/hyperledger/fabric-protos-go-apiv2/peer/lifecycle"
	"google.golang.org/protobuf/proto"

	"quorate.dev/network/embedded/internal/fabtx"
	"quorate.dev/network/embedded/internal/ledger"
	"quorate.dev/network/embedded/internal/lifecycle"
)

const queryChaincode = "qscc"

// IsSystem reports whether a name is a system chaincode's. Those answer questions only: definitions are committed when the network starts
// and by nobody else, since there is no approval here that a commit could rest on.
func IsSystem(name string) bool { return name == queryChaincode || name == lifecycle.Namespace }

var systemFunctions = map[string]func(e *Endorser, view ledger.View, args [][]byte) (proto.Message, error){
	queryChaincode + ":GetChainInfo":                  (*Endorser).chainInfo,
	queryChaincode + ":GetBlockByNumber":              (*Endorser).blockByNumber,
	queryChaincode + ":GetBlockByTxID":                (*Endorser).blockByTxID,
	queryChaincode + ":GetTransactionByID":            (*Endorser).transactionByID,
	lifecycle.Namespace + ":QueryChaincodeDefinition": (*Endorser).chaincodeDefinition,
}

func (e *Endorser) system(view ledger.View, p *fabtx.Proposal) *pb.Response {
	args := p.Input.Args
	if len(args) == 0 {
		return &pb.Response{Status: statusError, Message: "a function name is needed"}
	}
	function, ok := systemFunctions[p.Chaincode+":"+string(args[0])]
	if !ok {
		return &pb.Response{Status: statusError, Message: fmt.Sprintf("%s of %s is not available in the embedded network", args[0], p.Chaincode)}
	}
	result, err := function(e, view, args[1:])
	if err != nil {
		return &pb.Response{Status: statusError, Message: fmt.Sprintf("%s failed: %v", args[0], err)}
	}
	payload, err := proto.Marshal(result)
	if err != nil {
		return &pb.Response{Status: statusError, Message: fmt.Sprintf("%s: encode the result: %v", args[0], err)}
	}
	return &pb.Response{Status: 200, Payload: payload}
}

// argument returns the argument behind the channel's name, which every function of qscc takes first.
func argument(args [][]byte) (string, error) {
	if len(args) != 2 {
		return "", fmt.Errorf("needs the channel and one argument, got %d arguments", len(args))
	}
	return string(args[1]), nil
}

func (e *Endorser) chainInfo(ledger.View, [][]byte) (proto.Message, error) {
	tip := e.Ledger.Tip()
	if tip == nil {
		return nil, errors.New("the chain is empty")
	}
	hash, err := fabtx.HeaderHash(tip.Header)
	if err != nil {
		return nil, err
	}
	return &cb.BlockchainInfo{Height: tip.Header.Number + 1, CurrentBlockHash: hash, PreviousBlockHash: tip.Header.PreviousHash}, nil
}

func (e *Endorser) blockByNumber(view ledger.View, args [][]byte) (proto.Message, error) {
	text, err := argument(args)
	if err != nil {
		return nil, err
	}
	number, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return nil, fmt.Errorf("%q is not a block number", text)
	}
	return view.Block(number)
}

func (e *Endorser) blockByTxID(view ledger.View, args [][]byte) (proto.Message, error) {
	id, err := argument(args)
	if err != nil {
		return nil, err
	}
	status, err := e.Ledger.TxStatus(id)
	if err != nil {
		return nil, err
	}
	return view.Block(status.Block)
}

func (e *Endorser) transactionByID(view ledger.View, args [][]byte) (proto.Message, error) {
	id, err := argument(args)
	if err != nil {
		return nil, err
	}
	status, err := e.Ledger.TxStatus(id)
	if err != nil {
		return nil, err
	}
	block, err := view.Block(status.Block)
	if err != nil {
		return nil, err
	}
	envelope := &cb.Envelope{}
	if err := proto.Unmarshal(block.Data.Data[status.Index], envelope); err != nil {
		return nil, fmt.Errorf("read the transaction: %w", err)
	}
	return &pb.ProcessedTransaction{TransactionEnvelope: envelope, ValidationCode: int32(status.Code)}, nil
}

func (e *Endorser) chaincodeDefinition(view ledger.View, args [][]byte) (proto.Message, error) {
	if len(args) != 1 {
		return nil, fmt.Errorf("needs one argument, got %d", len(args))
	}
	request := &lb.QueryChaincodeDefinitionArgs{}
	if err := proto.Unmarshal(args[0], request); err != nil {
		return nil, fmt.Errorf("read the argument: %w", err)
	}
	definition, err := lifecycle.Committed(view, request.Name)
	if err != nil {
		return nil, err
	}
	if definition == nil {
		return nil, fmt.Errorf("namespace %s is not defined", request.Name)
	}
	return &lb.QueryChaincodeDefinitionResult{
		Sequence: definition.Sequence, Version: definition.Version, ValidationParameter: definition.ValidationParameter,
		EndorsementPlugin: lifecycle.EndorsementPlugin, ValidationPlugin: lifecycle.ValidationPlugin,
	}, nil
}
