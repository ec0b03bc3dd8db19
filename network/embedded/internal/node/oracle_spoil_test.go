package node_test

import (
	"slices"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	pb "github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"quorate.dev/network/embedded/internal/fabtx"
	"quorate.dev/network/embedded/internal/msp"
)

// spoils are the ways in which a client, a peer or an orderer can break what was an honest transaction.
var spoils = map[string]func(*world, *parts){
	"creator's signature broken": func(w *world, p *parts) {
		p.onEnvelope = func(e *cb.Envelope) { e.Signature = w.flip(e.Signature) }
	},
	"creator's signature with a high S": func(_ *world, p *parts) {
		p.onEnvelope = func(e *cb.Envelope) { e.Signature = highS(e.Signature) }
	},
	"signed by somebody else":         func(w *world, p *parts) { p.creator = w.admins[w.random.IntN(len(w.admins))] },
	"creator of an unknown authority": func(w *world, p *parts) { p.by(w, w.foreign) },
	"creator's certificate expired":   func(w *world, p *parts) { p.by(w, w.expired) },
	"created by an orderer":           func(w *world, p *parts) { p.by(w, w.orderer) },
	"created by a peer":               func(w *world, p *parts) { p.by(w, w.peers[0]) },
	"created by an administrator":     func(w *world, p *parts) { p.by(w, w.admins[1]) },
	"creator malformed": func(w *world, p *parts) {
		p.signature.Creator = w.flip(p.signature.Creator)
		p.rename(w)
	},
	"creator missing": func(w *world, p *parts) {
		p.signature.Creator = nil
		p.rename(w)
	},
	"nonce missing": func(_ *world, p *parts) {
		p.signature.Nonce = nil
		p.channel.TxId = fabtx.TxID(nil, p.signature.Creator)
	},
	"transaction id of another":  func(_ *world, p *parts) { p.channel.TxId = fabtx.TxID([]byte("x"), nil) },
	"transaction id missing":     func(_ *world, p *parts) { p.channel.TxId = "" },
	"another channel":            func(_ *world, p *parts) { p.channel.ChannelId = "elsewhere" },
	"type message":               func(_ *world, p *parts) { p.channel.Type = int32(cb.HeaderType_MESSAGE) },
	"type seek":                  func(_ *world, p *parts) { p.channel.Type = int32(cb.HeaderType_DELIVER_SEEK_INFO) },
	"type unknown":               func(_ *world, p *parts) { p.channel.Type = 4711 },
	"type negative":              func(_ *world, p *parts) { p.channel.Type = -1 },
	"version of the header":      func(_ *world, p *parts) { p.channel.Version = 7 },
	"epoch not zero":             func(_ *world, p *parts) { p.channel.Epoch = 1 },
	"timestamp missing":          func(_ *world, p *parts) { p.channel.Timestamp = nil },
	"timestamp absurd":           func(_ *world, p *parts) { p.channel.Timestamp = &timestamppb.Timestamp{Seconds: -1 << 60, Nanos: -5} },
	"extension missing":          func(_ *world, p *parts) { p.channel.Extension = nil },
	"extension malformed":        func(w *world, p *parts) { p.channel.Extension = w.flip(p.channel.Extension) },
	"extension of another":       func(w *world, p *parts) { p.channel.Extension = w.marshal(extension("other", "")) },
	"extension without a name":   func(w *world, p *parts) { p.channel.Extension = w.marshal(extension("", "")) },
	"extension with a version":   func(w *world, p *parts) { p.channel.Extension = w.marshal(extension("quorate", "9")) },
	"extension without id":       func(w *world, p *parts) { p.channel.Extension = w.marshal(&pb.ChaincodeHeaderExtension{}) },
	"visible payload malformed":  func(w *world, p *parts) { p.visible = w.flip(p.visible) },
	"visible payload missing":    func(_ *world, p *parts) { p.visible = nil },
	"visible payload of another": func(w *world, p *parts) { p.onActionRaw = w.replaceVisible },
	"transient data on the ledger": func(w *world, p *parts) {
		payload := &pb.ChaincodeProposalPayload{}
		w.check(proto.Unmarshal(p.visible, payload))
		payload.TransientMap = map[string][]byte{"secret": []byte("x")}
		p.visible = w.marshal(payload)
	},
	"proposal hash of another": func(w *world, p *parts) {
		p.onResponse = func(r *pb.ProposalResponsePayload) { r.ProposalHash = w.flip(r.ProposalHash) }
	},
	"proposal hash missing": func(_ *world, p *parts) {
		p.onResponse = func(r *pb.ProposalResponsePayload) { r.ProposalHash = nil }
	},
	"action missing in the response": func(_ *world, p *parts) {
		p.onResponse = func(r *pb.ProposalResponsePayload) { r.Extension = nil }
	},
	"action malformed in the response": func(w *world, p *parts) {
		p.onResponse = func(r *pb.ProposalResponsePayload) { r.Extension = w.flip(r.Extension) }
	},
	"response malformed": func(w *world, p *parts) { p.onResponseRaw = w.flip },
	"response missing":   func(_ *world, p *parts) { p.onResponseRaw = func([]byte) []byte { return nil } },
	"action malformed":   func(w *world, p *parts) { p.onActionRaw = w.flip },
	"no action":          func(_ *world, p *parts) { p.onTransaction = func(t *pb.Transaction) { t.Actions = nil } },
	"two actions": func(_ *world, p *parts) {
		p.onTransaction = func(t *pb.Transaction) { t.Actions = append(t.Actions, t.Actions[0]) }
	},
	"action with another's header": func(w *world, p *parts) {
		p.onTransaction = func(t *pb.Transaction) {
			t.Actions[0].Header = w.marshal(&cb.SignatureHeader{Creator: w.admins[0].Serialized, Nonce: w.nonce()})
		}
	},
	"endorsed for another creator": func(w *world, p *parts) {
		p.inner = &cb.SignatureHeader{Creator: w.admins[0].Serialized, Nonce: w.nonce()}
	},
	"action without header": func(_ *world, p *parts) {
		p.onTransaction = func(t *pb.Transaction) { t.Actions[0].Header = nil }
	},
	"channel header malformed": func(w *world, p *parts) {
		p.onHeader = func(h *cb.Header) { h.ChannelHeader = w.flip(h.ChannelHeader) }
	},
	"signature header malformed": func(w *world, p *parts) {
		p.onHeader = func(h *cb.Header) { h.SignatureHeader = w.flip(h.SignatureHeader) }
	},
	"headers missing":   func(_ *world, p *parts) { p.onHeader = func(h *cb.Header) { proto.Reset(h) } },
	"payload malformed": func(w *world, p *parts) { p.onPayloadRaw = w.flip },
	"payload with unknown fields": func(_ *world, p *parts) {
		p.onPayloadRaw = func(raw []byte) []byte {
			return protowire.AppendString(protowire.AppendTag(raw, 77, protowire.BytesType), "x")
		}
	},
	"envelope with unknown fields": func(_ *world, p *parts) {
		p.onRaw = func(raw []byte) []byte {
			return protowire.AppendVarint(protowire.AppendTag(raw, 99, protowire.VarintType), 5)
		}
	},

	"no endorsement":          func(_ *world, p *parts) { p.endorsers = nil },
	"one endorsement":         func(_ *world, p *parts) { p.endorsers = p.endorsers[:1] },
	"one endorsement, twice":  func(_ *world, p *parts) { p.endorsers = []*msp.Signer{p.endorsers[0], p.endorsers[0]} },
	"everybody's endorsement": func(w *world, p *parts) { p.endorsers = w.peers },
	"endorsed by clients": func(w *world, p *parts) {
		p.endorsers = []*msp.Signer{w.clients[0].Signer, w.clients[1].Signer}
	},
	"endorsed by administrators": func(w *world, p *parts) { p.endorsers = w.admins },
	"endorsed by the orderer":    func(w *world, p *parts) { p.endorsers[1] = w.orderer },
	"endorsed by a stranger":     func(w *world, p *parts) { p.endorsers = []*msp.Signer{w.foreign, w.peers[1]} },
	"endorsed by a stranger too": func(w *world, p *parts) { p.endorsers = append(p.endorsers, w.foreign) },
	"an endorsement broken":      func(w *world, p *parts) { p.onEndorsements = w.breakOne },
	"an endorsement with a high S": func(_ *world, p *parts) {
		p.onEndorsements = func(_ []byte, made []*pb.Endorsement) []*pb.Endorsement {
			made[0].Signature = highS(made[0].Signature)
			return made
		}
	},
	"an endorser malformed": func(w *world, p *parts) {
		p.onEndorsements = func(_ []byte, made []*pb.Endorsement) []*pb.Endorsement {
			made[0].Endorser = w.flip(made[0].Endorser)
			return made
		}
	},
	"an empty endorsement too": func(_ *world, p *parts) {
		p.onEndorsements = func(_ []byte, made []*pb.Endorsement) []*pb.Endorsement { return append(made, &pb.Endorsement{}) }
	},
	"endorsements of something else": func(w *world, p *parts) {
		p.onEndorsements = func(_ []byte, made []*pb.Endorsement) []*pb.Endorsement {
			for i, e := range p.endorsers {
				made[i].Signature = w.sign(e, []byte("something else"), e.Serialized)
			}
			return made
		}
	},
}

func extension(name, version string) *pb.ChaincodeHeaderExtension {
	return &pb.ChaincodeHeaderExtension{ChaincodeId: &pb.ChaincodeID{Name: name, Version: version}}
}

// replaceVisible carries another proposal's payload than the one that was endorsed.
func (w *world) replaceVisible(raw []byte) []byte {
	action := &pb.ChaincodeActionPayload{}
	w.check(proto.Unmarshal(raw, action))
	action.ChaincodeProposalPayload = w.flip(action.ChaincodeProposalPayload)
	return w.marshal(action)
}

func (w *world) breakOne(_ []byte, made []*pb.Endorsement) []*pb.Endorsement {
	i := w.random.IntN(len(made))
	made[i].Signature = w.flip(made[i].Signature)
	return made
}

// spoilt is an honest transaction with something broken.
func (w *world) spoilt() ([]byte, string) {
	name := w.pick(spoils)
	envelope, _ := w.endorsed()
	p := w.take(envelope)
	spoils[name](w, p)
	return p.build(w), name
}

// pick chooses by the seed alone, whatever the order of a map.
func (w *world) pick(from map[string]func(*world, *parts)) string {
	names := make([]string, 0, len(from))
	for name := range from {
		names = append(names, name)
	}
	slices.Sort(names)
	return names[w.random.IntN(len(names))]
}
