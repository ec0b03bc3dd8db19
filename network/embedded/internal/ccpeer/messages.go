package ccpeer

import (
	"errors"
	"fmt"

	pb "github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"
)

// batchLimit is how many keys or writes the chaincode may send in one message.
const batchLimit = 1000

func (c *Chaincode) receive() {
	for {
		message, err := c.stream.Recv()
		if err != nil {
			c.fail(err)
			return
		}
		switch message.Type {
		case pb.ChaincodeMessage_REGISTER:
			if err := c.register(message); err != nil {
				c.fail(err)
				return
			}
		case pb.ChaincodeMessage_KEEPALIVE:
		default:
			c.dispatch(message)
		}
	}
}

func (c *Chaincode) register(message *pb.ChaincodeMessage) error {
	select {
	case <-c.ready:
		return fmt.Errorf("chaincode %s registered twice", c.name)
	default:
	}
	id := &pb.ChaincodeID{}
	if err := proto.Unmarshal(message.Payload, id); err != nil {
		return fmt.Errorf("read the registration: %w", err)
	}
	c.packageID = id.Name
	parameters, err := proto.Marshal(&pb.ChaincodeAdditionalParams{
		UseWriteBatch: true, MaxSizeWriteBatch: batchLimit, UseGetMultipleKeys: true, MaxSizeGetMultipleKeys: batchLimit,
	})
	if err != nil {
		return fmt.Errorf("encode the parameters: %w", err)
	}
	if err := c.send(&pb.ChaincodeMessage{Type: pb.ChaincodeMessage_REGISTERED}); err != nil {
		return err
	}
	if err := c.send(&pb.ChaincodeMessage{Type: pb.ChaincodeMessage_READY, Payload: parameters}); err != nil {
		return err
	}
	close(c.ready)
	return nil
}

// errEnded is what a chaincode hears that asks for a transaction which nobody waits for any more.
var errEnded = errors.New("the transaction has ended")

// dispatch hands a message to the transaction that it belongs to.
func (c *Chaincode) dispatch(message *pb.ChaincodeMessage) {
	run := c.execution(message.ChannelId + message.Txid)
	ends := message.Type == pb.ChaincodeMessage_COMPLETED || message.Type == pb.ChaincodeMessage_ERROR
	switch {
	case run == nil && ends:
	case run == nil:
		go c.answerWith(message, nil, errEnded) // the receiver never waits for the chaincode
	case ends:
		run.finish(message)
	default:
		go func() {
			payload, err := c.handle(run, message)
			c.answerWith(message, payload, err)
		}()
	}
}

func (c *Chaincode) answerWith(message *pb.ChaincodeMessage, payload []byte, err error) {
	answer := &pb.ChaincodeMessage{
		Type: pb.ChaincodeMessage_RESPONSE, Payload: payload, Txid: message.Txid, ChannelId: message.ChannelId,
	}
	if err != nil {
		answer.Type = pb.ChaincodeMessage_ERROR
		answer.Payload = fmt.Appendf(nil, "%s failed: transaction ID: %s: %s", message.Type, message.Txid, err)
	}
	if err := c.send(answer); err != nil {
		c.fail(err)
	}
}

type handler func(c *Chaincode, run *execution, payload []byte) ([]byte, error)

var handlers = map[pb.ChaincodeMessage_Type]handler{
	pb.ChaincodeMessage_GET_STATE:           getState,
	pb.ChaincodeMessage_GET_STATE_MULTIPLE:  getStateMultiple,
	pb.ChaincodeMessage_GET_STATE_METADATA:  getStateMetadata,
	pb.ChaincodeMessage_PUT_STATE:           putState,
	pb.ChaincodeMessage_DEL_STATE:           delState,
	pb.ChaincodeMessage_PUT_STATE_METADATA:  putStateMetadata,
	pb.ChaincodeMessage_WRITE_BATCH_STATE:   writeBatch,
	pb.ChaincodeMessage_GET_STATE_BY_RANGE:  getStateByRange,
	pb.ChaincodeMessage_GET_HISTORY_FOR_KEY: getHistoryForKey,
	pb.ChaincodeMessage_QUERY_STATE_NEXT:    queryNext,
	pb.ChaincodeMessage_QUERY_STATE_CLOSE:   queryClose,

	pb.ChaincodeMessage_GET_QUERY_RESULT:      getQueryResult,
	pb.ChaincodeMessage_GET_PRIVATE_DATA_HASH: getPrivateDataHash,
	pb.ChaincodeMessage_PURGE_PRIVATE_DATA:    purgePrivateData,
	pb.ChaincodeMessage_INVOKE_CHAINCODE:      invokeChaincode,
}

func (c *Chaincode) handle(run *execution, message *pb.ChaincodeMessage) ([]byte, error) {
	run.mu.Lock()
	defer run.mu.Unlock()
	if run.finished {
		return nil, errEnded
	}
	h, ok := handlers[message.Type]
	if !ok {
		return nil, fmt.Errorf("%s is not available in the embedded network", message.Type)
	}
	payload, err := h(c, run, message.Payload)
	if errors.Is(err, errWriteAfterPage) || errors.Is(err, errPageAfterWrite) {
		err = fmt.Errorf("txid [%s]: %w", message.Txid, err)
	}
	return payload, err
}
