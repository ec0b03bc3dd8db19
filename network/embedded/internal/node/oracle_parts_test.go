package node_test

import (
	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	pb "github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"

	"quorate.dev/network/embedded/internal/fabtx"
	"quorate.dev/network/embedded/internal/msp"
)

// parts is a transaction taken apart. What is changed in it is endorsed and signed as if it were honest: the changes
// that matter are those that no signature betrays.
type parts struct {
	channel   *cb.ChannelHeader
	signature *cb.SignatureHeader
	inner     *cb.SignatureHeader // the action's own, if it differs
	visible   []byte
	action    *pb.ChaincodeAction
	creator   *msp.Signer
	endorsers []*msp.Signer

	// Each of these, if there, changes one layer after it was made, before the next one is put around it.
	onResponse     func(*pb.ProposalResponsePayload)
	onResponseRaw  func([]byte) []byte
	onEndorsements func(response []byte, made []*pb.Endorsement) []*pb.Endorsement
	onActionRaw    func([]byte) []byte
	onTransaction  func(*pb.Transaction)
	onHeader       func(*cb.Header)
	onPayloadRaw   func([]byte) []byte
	onEnvelope     func(*cb.Envelope)
	onRaw          func([]byte) []byte
}

// take takes an honest transaction apart, under a new id.
func (w *world) take(envelope *cb.Envelope) *parts {
	opened, err := fabtx.UnpackEnvelope(envelope)
	w.check(err)
	unpacked, err := fabtx.UnpackAction(opened.Payload.Data)
	w.check(err)
	p := &parts{channel: opened.Channel, signature: opened.Signature, visible: unpacked.VisiblePayload, action: &pb.ChaincodeAction{}}
	w.check(proto.Unmarshal(unpacked.Extension, p.action))
	for _, c := range w.clients {
		if string(c.Signer.Serialized) == string(p.signature.Creator) {
			p.creator = c.Signer
		}
	}
	for _, i := range w.random.Perm(len(w.peers))[:2] {
		p.endorsers = append(p.endorsers, w.peers[i])
	}
	p.rename(w)
	return p
}

// rename gives the transaction a fresh id that belongs to its creator.
func (p *parts) rename(w *world) {
	p.signature.Nonce = w.nonce()
	p.channel.TxId = fabtx.TxID(p.signature.Nonce, p.signature.Creator)
}

// by makes somebody else the creator.
func (p *parts) by(w *world, creator *msp.Signer) {
	p.creator, p.signature.Creator = creator, creator.Serialized
	p.rename(w)
}

// build puts the transaction together and returns its bytes.
func (p *parts) build(w *world) []byte {
	header := &cb.Header{ChannelHeader: w.marshal(p.channel), SignatureHeader: w.marshal(p.signature)}
	inner := header.SignatureHeader
	if p.inner != nil {
		inner = w.marshal(p.inner)
	}
	response := w.marshal(p.response(w, header.ChannelHeader, inner))
	if p.onResponseRaw != nil {
		response = p.onResponseRaw(response)
	}
	action := w.marshal(&pb.ChaincodeActionPayload{
		ChaincodeProposalPayload: p.visible,
		Action:                   &pb.ChaincodeEndorsedAction{ProposalResponsePayload: response, Endorsements: p.endorse(w, response)},
	})
	if p.onActionRaw != nil {
		action = p.onActionRaw(action)
	}
	transaction := &pb.Transaction{Actions: []*pb.TransactionAction{{Header: inner, Payload: action}}}
	if p.onTransaction != nil {
		p.onTransaction(transaction)
	}
	if p.onHeader != nil {
		p.onHeader(header)
	}
	return p.envelop(w, &cb.Payload{Header: header, Data: w.marshal(transaction)})
}

func (p *parts) response(w *world, channel, signature []byte) *pb.ProposalResponsePayload {
	response := &pb.ProposalResponsePayload{
		ProposalHash: fabtx.ProposalHash(channel, signature, p.visible), Extension: w.marshal(p.action),
	}
	if p.onResponse != nil {
		p.onResponse(response)
	}
	return response
}

func (p *parts) endorse(w *world, response []byte) (made []*pb.Endorsement) {
	for _, e := range p.endorsers {
		made = append(made, &pb.Endorsement{Endorser: e.Serialized, Signature: w.sign(e, response, e.Serialized)})
	}
	if p.onEndorsements != nil {
		made = p.onEndorsements(response, made)
	}
	return made
}

func (p *parts) envelop(w *world, payload *cb.Payload) []byte {
	raw := w.marshal(payload)
	if p.onPayloadRaw != nil {
		raw = p.onPayloadRaw(raw)
	}
	envelope := &cb.Envelope{Payload: raw, Signature: w.sign(p.creator, raw)}
	if p.onEnvelope != nil {
		p.onEnvelope(envelope)
	}
	out := w.marshal(envelope)
	if p.onRaw != nil {
		out = p.onRaw(out)
	}
	return out
}
