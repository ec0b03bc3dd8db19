// Package validate gives every transaction of a block the validation code that a Fabric peer would give it, but for the
// comparison of read sets, which the ledger does when it commits.
package validate

import (
	"bytes"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	pb "github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"

	"quorate.dev/network/embedded/internal/chanconfig"
	"quorate.dev/network/embedded/internal/fabtx"
	"quorate.dev/network/embedded/internal/msp"
	"quorate.dev/network/embedded/internal/rwset"
)

// transaction is one entry of a block while it is looked at.
type transaction struct {
	id        string // what the entry calls itself; empty when that cannot be read
	sound     bool   // put together and signed as a transaction, so that it counts as a repetition before anything else
	code      pb.TxValidationCode
	chaincode string
	set       rwset.Set
	endorsers []*msp.Identity // distinct ones with a good signature

	envelope *fabtx.Envelope
	action   *fabtx.Action
}

// check does everything that depends neither on the state nor on other entries. The steps stand in Fabric's order,
// because the first that fails decides the code.
func check(config *chanconfig.Config, raw []byte) *transaction {
	t := &transaction{}
	for _, step := range []func(*chanconfig.Config, []byte) pb.TxValidationCode{
		t.open, t.checkHeader, t.checkCreator, t.openAction, t.openResults, t.checkEndorsers,
	} {
		if t.code = step(config, raw); t.code != pb.TxValidationCode_VALID {
			return t
		}
	}
	return t
}

func (t *transaction) open(_ *chanconfig.Config, raw []byte) pb.TxValidationCode {
	envelope := &cb.Envelope{}
	if proto.Unmarshal(raw, envelope) != nil {
		return pb.TxValidationCode_INVALID_OTHER_REASON
	}
	if proto.Unmarshal(envelope.Payload, &cb.Payload{}) != nil {
		return pb.TxValidationCode_BAD_PAYLOAD
	}
	t.id = fabtx.ClaimedID(envelope)
	var err error
	if t.envelope, err = fabtx.UnpackEnvelope(envelope); err != nil {
		return pb.TxValidationCode_BAD_COMMON_HEADER
	}
	return pb.TxValidationCode_VALID
}

func (t *transaction) checkHeader(*chanconfig.Config, []byte) pb.TxValidationCode {
	signature := t.envelope.Signature
	if !known[t.envelope.Channel.Type] || t.envelope.Channel.Epoch != 0 || len(signature.Nonce) == 0 || len(signature.Creator) == 0 {
		return pb.TxValidationCode_BAD_COMMON_HEADER
	}
	return pb.TxValidationCode_VALID
}

// known are the types that Fabric looks at more closely; only transactions are taken here.
var known = map[int32]bool{
	int32(cb.HeaderType_ENDORSER_TRANSACTION): true, int32(cb.HeaderType_CONFIG_UPDATE): true, int32(cb.HeaderType_CONFIG): true,
}

// checkCreator looks a creator up among the organisations of the channel that the entry names, of which there is one.
func (t *transaction) checkCreator(config *chanconfig.Config, _ []byte) pb.TxValidationCode {
	if t.envelope.Channel.ChannelId != config.Channel {
		return pb.TxValidationCode_BAD_CREATOR_SIGNATURE
	}
	creator, err := config.Directory.Identity(t.envelope.Signature.Creator)
	if err != nil || creator.Verify(t.envelope.Raw.Signature, t.envelope.Raw.Payload) != nil {
		return pb.TxValidationCode_BAD_CREATOR_SIGNATURE
	}
	if t.envelope.Channel.Type != int32(cb.HeaderType_ENDORSER_TRANSACTION) {
		return pb.TxValidationCode_UNSUPPORTED_TX_PAYLOAD
	}
	if t.envelope.Channel.TxId != fabtx.TxID(t.envelope.Signature.Nonce, t.envelope.Signature.Creator) {
		return pb.TxValidationCode_BAD_PROPOSAL_TXID
	}
	return pb.TxValidationCode_VALID
}

// openAction binds what was endorsed to the channel header, and by that to the transaction's id, nonce and creator. That
// the action has a header of its own, which nobody compares with the transaction's, is Fabric's way too.
func (t *transaction) openAction(*chanconfig.Config, []byte) pb.TxValidationCode {
	action, err := fabtx.UnpackAction(t.envelope.Payload.Data)
	if err != nil || len(action.VisiblePayload) == 0 || !complete(action.Header) {
		return pb.TxValidationCode_INVALID_ENDORSER_TRANSACTION
	}
	channel := t.envelope.Payload.Header.ChannelHeader
	if !bytes.Equal(action.ProposalHash, fabtx.ProposalHash(channel, action.Header, action.VisiblePayload)) {
		return pb.TxValidationCode_INVALID_ENDORSER_TRANSACTION
	}
	t.action, t.sound = action, true
	return pb.TxValidationCode_VALID
}

// complete reports whether bytes are a signature header with a creator and a nonce.
func complete(raw []byte) bool {
	header := &cb.SignatureHeader{}
	return proto.Unmarshal(raw, header) == nil && len(header.Creator) > 0 && len(header.Nonce) > 0
}

func (t *transaction) openResults(*chanconfig.Config, []byte) pb.TxValidationCode {
	extension, action := &pb.ChaincodeHeaderExtension{}, &pb.ChaincodeAction{}
	if proto.Unmarshal(t.envelope.Channel.Extension, extension) != nil {
		return pb.TxValidationCode_BAD_HEADER_EXTENSION
	}
	if len(t.action.Extension) == 0 || proto.Unmarshal(t.action.Extension, action) != nil {
		return pb.TxValidationCode_BAD_RESPONSE_PAYLOAD
	}
	set, err := rwset.Parse(action.Results)
	if err != nil {
		return pb.TxValidationCode_BAD_RWSET
	}
	if extension.ChaincodeId == nil || action.ChaincodeId == nil {
		return pb.TxValidationCode_INVALID_OTHER_REASON
	}
	name := extension.ChaincodeId.Name
	if name == "" || name != action.ChaincodeId.Name || action.ChaincodeId.Version == "" {
		return pb.TxValidationCode_INVALID_CHAINCODE
	}
	if event, err := fabtx.Event(action); err != nil || event != nil && event.ChaincodeId != name {
		return pb.TxValidationCode_INVALID_OTHER_REASON
	}
	t.chaincode, t.set = name, set
	return pb.TxValidationCode_VALID
}

// checkEndorsers collects the endorsers whose signatures are good. Bad ones are no failure by themselves: the policy
// decides whether enough are left.
func (t *transaction) checkEndorsers(config *chanconfig.Config, _ []byte) pb.TxValidationCode {
	seen := map[string]bool{}
	for _, endorsement := range t.action.Endorsements {
		if seen[string(endorsement.Endorser)] {
			continue
		}
		endorser, err := config.Directory.Identity(endorsement.Endorser)
		if err != nil || endorser.Verify(endorsement.Signature, t.action.Response, endorsement.Endorser) != nil {
			continue
		}
		seen[string(endorsement.Endorser)] = true
		t.endorsers = append(t.endorsers, endorser)
	}
	return pb.TxValidationCode_VALID
}
