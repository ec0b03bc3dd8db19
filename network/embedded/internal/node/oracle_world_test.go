package node_test

import (
	"bytes"
	"crypto/elliptic"
	cryptorand "crypto/rand"
	"encoding/asn1"
	"fmt"
	"math/big"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	mspb "github.com/hyperledger/fabric-protos-go-apiv2/msp"
	pb "github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"

	"quorate.dev/network/embedded/internal/fabtx"
	"quorate.dev/network/embedded/internal/msp"
	"quorate.dev/network/embedded/internal/nettest"
)

// world holds who acts in the oracle's run, and what has happened so far.
type world struct {
	t       *testing.T
	random  *rand.Rand
	clients []*nettest.Client // one at each organisation
	peers   []*msp.Signer
	admins  []*msp.Signer
	orderer *msp.Signer
	expired *msp.Signer // once of the first organisation
	foreign *msp.Signer // of an authority that nobody knows, in the first organisation's name

	held [][]byte // honest transactions of which a broken copy is on the ledger already
	past [][]byte // entries of earlier blocks that may be repeated
}

func newWorld(t *testing.T, r *running, random *rand.Rand) *world {
	t.Helper()
	w := &world{t: t, random: random}
	folder := r.material.Folder
	for _, o := range r.material.Config.Organisations {
		w.clients = append(w.clients, r.client(t, o.Name))
		w.peers = append(w.peers, signer(t, o.MSPID, folder, o.Name, "peer"))
		w.admins = append(w.admins, signer(t, o.MSPID, folder, o.Name, "admin"))
	}
	w.orderer = signer(t, "OrdererMSP", folder, "orderer", "orderer")
	first := r.material.Config.Organisations[0]
	leaf := nettest.Leaf{Name: "expired", Unit: "client", NotAfter: time.Now().Add(-time.Minute)}
	w.expired = issued(t, r.material.CAs[first.Name], leaf, first.MSPID)
	stranger, err := nettest.NewAuthority("ca." + first.Name)
	if err != nil {
		t.Fatal(err)
	}
	w.foreign = issued(t, stranger, nettest.Leaf{Name: "peer", Unit: "peer"}, first.MSPID)
	return w
}

func issued(t *testing.T, authority *nettest.Authority, leaf nettest.Leaf, mspID string) *msp.Signer {
	t.Helper()
	folder := t.TempDir()
	if err := authority.Issue(folder, leaf); err != nil {
		t.Fatal(err)
	}
	return signer(t, mspID, folder, leaf.Name)
}

func signer(t *testing.T, mspID string, path ...string) *msp.Signer {
	t.Helper()
	base := filepath.Join(path...)
	s, err := msp.LoadSigner(mspID, base+".pem", base+".key")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// check fails the test at what can only be a mistake of its own.
func (w *world) check(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) marshal(m proto.Message) []byte {
	w.t.Helper()
	raw, err := proto.Marshal(m)
	w.check(err)
	return raw
}

func (w *world) sign(s *msp.Signer, parts ...[]byte) []byte {
	w.t.Helper()
	signature, err := s.Sign(parts...)
	w.check(err)
	return signature
}

func (w *world) nonce() []byte {
	nonce := make([]byte, 24)
	_, err := cryptorand.Read(nonce)
	w.check(err)
	return nonce
}

func (w *world) key() string { return fmt.Sprintf("k%02d", w.random.IntN(30)) }

func (w *world) client() *nettest.Client { return w.clients[w.random.IntN(len(w.clients))] }

// flip changes one bit, takes a piece out or puts something in.
func (w *world) flip(raw []byte) []byte {
	out := append([]byte{}, raw...)
	if len(out) == 0 {
		return []byte{byte(w.random.IntN(256))}
	}
	at := w.random.IntN(len(out))
	switch w.random.IntN(4) {
	case 0:
		return append(out[:at], out[at+w.random.IntN(min(3, len(out)-at)):]...)
	case 1:
		return append(out[:at], append([]byte{byte(w.random.IntN(256))}, out[at:]...)...)
	case 2:
		return out[:at]
	}
	out[at] ^= 1 << w.random.IntN(8)
	return out
}

// highS is the other signature that mathematics allows for the same message.
func highS(signature []byte) []byte {
	var rs struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(signature, &rs); err != nil {
		return signature
	}
	rs.S.Sub(elliptic.P256().Params().N, rs.S)
	raw, err := asn1.Marshal(rs)
	if err != nil {
		return signature
	}
	return raw
}

// calls are what honest clients ask for.
func (w *world) call() (function string, args []string) {
	a, b := w.key(), w.key()
	if b < a {
		a, b = b, a
	}
	switch w.random.IntN(9) {
	case 0:
		return "Delete", []string{a}
	case 1, 2:
		return "Increment", []string{"n" + a[:2]}
	case 3:
		return "CountInto", []string{a, b, "count"}
	case 4:
		return "Emit", []string{"e" + a, b}
	case 5:
		return "Batch", []string{"b" + a, "3"}
	case 6:
		return "Get", []string{a}
	}
	return "Put", []string{a, fmt.Sprint(w.random.Uint32())}
}

// endorsed is an honest transaction on the present state, signed by its creator.
func (w *world) endorsed() (*cb.Envelope, string) {
	function, args := w.call()
	var organisations []string
	if w.random.IntN(8) == 0 { // more than is needed, or less
		for _, i := range w.random.Perm(len(w.peers))[:1+w.random.IntN(len(w.peers))] {
			organisations = append(organisations, w.mspID(i))
		}
	}
	envelope, _, err := w.client().Endorse(deadline(w.t), organisations, function, args...)
	w.check(err)
	return envelope, function
}

func (w *world) mspID(organisation int) string {
	id := &mspb.SerializedIdentity{}
	w.check(proto.Unmarshal(w.peers[organisation].Serialized, id))
	return id.Mspid
}

// block makes the entries of one block and tells what each of them is.
func (w *world) block(n int) (entries [][]byte, names []string) {
	for len(entries) < n {
		entry, name := w.entry(entries)
		if !deliverable(entry) {
			continue
		}
		entries, names = append(entries, entry), append(names, name)
		if mute(entry) {
			break
		}
		if !strings.Contains(name, "policy") {
			w.past = append(w.past, entry)
		}
	}
	return entries, names
}

func (w *world) honest() ([]byte, string) {
	envelope, function := w.endorsed()
	return w.marshal(envelope), function
}

// hold keeps an honest transaction back and breaks the signature of a copy that goes before it: what became of the id
// is decided by the copy.
func (w *world) hold() []byte {
	envelope, _ := w.endorsed()
	w.held = append(w.held, w.marshal(envelope))
	envelope.Signature = highS(envelope.Signature)
	return w.marshal(envelope)
}

func (w *world) release() []byte {
	first := w.held[0]
	w.held = w.held[1:]
	return first
}

// deliverable reports whether peers take a block with this entry at all: they send blocks back in which an envelope is
// not as it would be written anew; and orderers keep away configurations that do not apply, and what names no channel.
func deliverable(entry []byte) bool {
	envelope := &cb.Envelope{}
	if proto.Unmarshal(entry, envelope) != nil || len(envelope.Payload) == 0 || len(envelope.Signature) == 0 {
		return false
	}
	if again, err := proto.Marshal(envelope); err != nil || !bytes.Equal(again, entry) {
		return false
	}
	opened, err := fabtx.UnpackEnvelope(envelope)
	return err != nil || opened.Channel.Type != int32(cb.HeaderType_CONFIG) && opened.Channel.ChannelId != "" && !fatal(opened.Payload.Data)
}

// mute reports whether Fabric cannot find out which keys' policies a transaction changes. Its peers wait for ever to
// learn it before they look at a later write of the block, so such a transaction has to be the last of its block. For
// the same reason nothing that changes a key's policy is ever repeated.
func mute(entry []byte) bool {
	envelope, action := &cb.Envelope{}, &pb.ChaincodeAction{}
	if proto.Unmarshal(entry, envelope) != nil {
		return true
	}
	payload := &cb.Payload{}
	if proto.Unmarshal(envelope.Payload, payload) != nil {
		return true
	}
	unpacked, err := fabtx.UnpackAction(payload.Data)
	return err != nil || proto.Unmarshal(unpacked.Extension, action) != nil
}

// entry is honest if it is the first: peers of Fabric 2.5 take a block's channel from that one.
func (w *world) entry(before [][]byte) ([]byte, string) {
	if len(before) == 0 {
		return w.honest()
	}
	switch w.random.IntN(10) {
	case 0, 1, 2:
		return w.honest()
	case 3:
		if recent := min(len(before), len(w.past)); recent > 0 && w.random.IntN(2) == 0 {
			return w.past[len(w.past)-1-w.random.IntN(recent)], "again at once"
		}
		if len(w.past) > 0 {
			return w.past[w.random.IntN(len(w.past))], "again later"
		}
	case 4, 5:
		return w.forged()
	case 6:
		if len(w.held) > 0 && w.random.IntN(2) == 0 {
			return w.release(), "honest after a broken copy"
		}
		return w.hold(), "broken copy of an honest one"
	}
	return w.spoilt()
}
