package endorse

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	pb "github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"

	"quorate.dev/network/embedded/internal/chanconfig"
	"quorate.dev/network/embedded/internal/fabtx"
	"quorate.dev/network/embedded/internal/ledger"
)

var ledgerQuestions = map[string]func(q *question, argument []byte) (proto.Message, error){
	"GetChainInfo":       (*question).chainInfo,
	"GetBlockByNumber":   (*question).blockByNumber,
	"GetBlockByHash":     (*question).blockByHash,
	"GetBlockByTxID":     (*question).blockByTxID,
	"GetTransactionByID": (*question).transactionByID,
}

// aboutLedger is qscc, whose functions take the channel's name first.
func (q *question) aboutLedger() *pb.Response {
	if len(q.args) < 2 {
		return refused("Incorrect number of arguments, %d", len(q.args))
	}
	name, channel := q.function(), string(q.args[1])
	var argument []byte
	if name != "GetChainInfo" {
		if len(q.args) < 3 {
			return refused("missing 3rd argument for %s", name)
		}
		argument = q.args[2]
	}
	if channel != q.endorser.Config.Channel {
		return refused("Invalid chain ID, %s", channel)
	}
	ask, ok := ledgerQuestions[name]
	if !ok {
		return refused("access denied for [%s][%s]: [Unmapped policy for qscc/%s]", name, channel, name)
	}
	if err := q.may(chanconfig.ApplicationReaders); err != nil {
		return refused("access denied for [%s][%s]: [%s]", name, channel, err)
	}
	return answer(ask(q, argument))
}

func (q *question) chainInfo([]byte) (proto.Message, error) {
	tip := q.endorser.Ledger.Tip()
	if tip == nil {
		return nil, errors.New("the chain is empty")
	}
	hash, err := fabtx.HeaderHash(tip.Header)
	if err != nil {
		return nil, err
	}
	return &cb.BlockchainInfo{Height: tip.Header.Number + 1, CurrentBlockHash: hash, PreviousBlockHash: tip.Header.PreviousHash}, nil
}

func (q *question) blockByNumber(argument []byte) (proto.Message, error) {
	number, err := strconv.ParseUint(string(argument), 10, 64)
	if err != nil {
		//lint:ignore ST1005 Fabric's words
		return nil, fmt.Errorf("Failed to parse block number with error %w", err)
	}
	block, err := q.view.Block(number)
	if errors.Is(err, ledger.ErrNotFound) {
		//lint:ignore ST1005 Fabric's words
		return nil, fmt.Errorf("Failed to get block number %d, error no such block number [%d] in index", number, number)
	}
	return block, err
}

// blockByHash looks through the chain from its end: there is no index, and who asks wants a recent block.
func (q *question) blockByHash(argument []byte) (proto.Message, error) {
	height, _ := q.endorser.Ledger.Height()
	for number := height; number > 0; number-- {
		block, err := q.view.Block(number - 1)
		if errors.Is(err, ledger.ErrNotFound) { // younger than the view
			continue
		}
		if err != nil {
			return nil, err
		}
		hash, err := fabtx.HeaderHash(block.Header)
		if err != nil || bytes.Equal(hash, argument) {
			return block, err
		}
	}
	//lint:ignore ST1005 Fabric's words
	return nil, fmt.Errorf("Failed to get block hash %s, error no such block hash [%x] in index", argument, argument)
}

func (q *question) blockByTxID(argument []byte) (proto.Message, error) {
	_, block, err := q.committed(argument)
	if errors.Is(err, ledger.ErrNotFound) {
		//lint:ignore ST1005 Fabric's words
		return nil, fmt.Errorf("Failed to get block for txID %s, error no such transaction ID [%s] in index", argument, argument)
	}
	return block, err
}

func (q *question) transactionByID(argument []byte) (proto.Message, error) {
	status, block, err := q.committed(argument)
	if errors.Is(err, ledger.ErrNotFound) {
		//lint:ignore ST1005 Fabric's words
		return nil, fmt.Errorf("Failed to get transaction with id %s, error no such transaction ID [%s] in index", argument, argument)
	}
	if err != nil {
		return nil, err
	}
	envelope := &cb.Envelope{}
	if err := proto.Unmarshal(block.Data.Data[status.Index], envelope); err != nil {
		return nil, fmt.Errorf("read the transaction: %w", err)
	}
	return &pb.ProcessedTransaction{TransactionEnvelope: envelope, ValidationCode: int32(status.Code)}, nil
}

func (q *question) committed(id []byte) (ledger.TxStatus, *cb.Block, error) {
	status, err := q.endorser.Ledger.TxStatus(string(id))
	if err != nil {
		return status, nil, err
	}
	block, err := q.view.Block(status.Block)
	return status, block, err
}
