package deliversvc

import (
	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	pb "github.com/hyperledger/fabric-protos-go-apiv2/peer"

	"quorate.dev/network/embedded/internal/fabtx"
)

// filtered reduces a block to what Fabric's filtered blocks say: of events the name, never the payload. The channel is
// the one that the last transaction names.
func filtered(block *cb.Block) *pb.FilteredBlock {
	out := &pb.FilteredBlock{Number: block.Header.Number}
	for _, entry := range fabtx.Entries(block) {
		transaction := &pb.FilteredTransaction{
			Txid: entry.Channel.TxId, Type: cb.HeaderType(entry.Channel.Type), TxValidationCode: entry.Code,
		}
		if transaction.Type == cb.HeaderType_ENDORSER_TRANSACTION {
			transaction.Data = &pb.FilteredTransaction_TransactionActions{TransactionActions: actions(entry.Event)}
		}
		out.ChannelId = entry.Channel.ChannelId
		out.FilteredTransactions = append(out.FilteredTransactions, transaction)
	}
	return out
}

func actions(event *pb.ChaincodeEvent) *pb.FilteredTransactionActions {
	if event == nil {
		return &pb.FilteredTransactionActions{}
	}
	return &pb.FilteredTransactionActions{ChaincodeActions: []*pb.FilteredChaincodeAction{{
		ChaincodeEvent: &pb.ChaincodeEvent{TxId: event.TxId, ChaincodeId: event.ChaincodeId, EventName: event.EventName},
	}}}
}
