package validate_test

import (
	"crypto/rand"
	"crypto/x509"
	"errors"
	"path/filepath"
	"testing"
	"time"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset/kvrwset"
	pb "github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"quorate.dev/network/embedded/internal/ccpeer"
	"quorate.dev/network/embedded/internal/chanconfig"
	"quorate.dev/network/embedded/internal/endorse"
	"quorate.dev/network/embedded/internal/fabtx"
	"quorate.dev/network/embedded/internal/ledger"
	"quorate.dev/network/embedded/internal/lifecycle"
	"quorate.dev/network/embedded/internal/msp"
	"quorate.dev/network/embedded/internal/nettest"
	"quorate.dev/network/embedded/internal/order"
	"quorate.dev/network/embedded/internal/rwset"
	"quorate.dev/network/embedded/internal/validate"
)

// channel is a founded channel without any service around it.
type channel struct {
	t      *testing.T
	config *chanconfig.Config
	ledger *ledger.Ledger
	writer order.Writer
	folder string
}

func newChannel(t *testing.T, organisations int) *channel {
	t.Helper()
	material, err := nettest.NewMaterial(t.TempDir(), organisations)
	if err != nil {
		t.Fatal(err)
	}
	c := &channel{t: t, folder: material.Folder}
	settings := chanconfig.Channel{
		Name: "quorate", Orderer: c.organisation("orderer"), OrdererTLS: c.certificate("orderer", "tls").Cert, OrdererHost: "127.0.0.1",
		OrdererPort: 7050, BatchTimeout: time.Second, BatchCount: 10, BatchBytes: 1 << 20, Capability: "V3_0",
	}
	for _, o := range material.Config.Organisations {
		settings.Organisations = append(settings.Organisations, c.organisation(o.Name))
	}
	genesis, err := chanconfig.Genesis(settings)
	if err != nil {
		t.Fatal(err)
	}
	if c.config, err = chanconfig.Parse(genesis); err != nil {
		t.Fatal(err)
	}
	if c.ledger, err = ledger.Open(t.TempDir(), 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.ledger.Close() })
	if err := c.ledger.Commit(genesis, []ledger.Tx{{}}); err != nil {
		t.Fatal(err)
	}
	c.writer = order.Writer{
		Ledger: c.ledger, Committer: &validate.Validator{Config: c.config, Ledger: c.ledger}, Signer: c.certificate("orderer", "orderer"),
	}
	c.define()
	return c
}

func (c *channel) organisation(name string) chanconfig.Organisation {
	return chanconfig.Organisation{Name: name, MSPID: nettest.MSPID(name), CA: c.authority(name, "ca"), TLSCA: c.authority(name, "tlsca")}
}

func (c *channel) authority(organisation, name string) *x509.Certificate {
	c.t.Helper()
	_, cert, err := msp.LoadCertificate(filepath.Join(c.folder, organisation, name+".pem"))
	if err != nil {
		c.t.Fatal(err)
	}
	return cert
}

func (c *channel) certificate(organisation, leaf string) *msp.Signer {
	c.t.Helper()
	path := filepath.Join(c.folder, organisation, leaf)
	s, err := msp.LoadSigner(nettest.MSPID(organisation), path+".pem", path+".key")
	if err != nil {
		c.t.Fatal(err)
	}
	return s
}

// define commits the definition of chaincode "cc".
func (c *channel) define() {
	c.t.Helper()
	parameter, err := lifecycle.MajorityEndorsement()
	if err != nil {
		c.t.Fatal(err)
	}
	snapshots, err := c.ledger.Snapshots(1)
	if err != nil {
		c.t.Fatal(err)
	}
	simulation := ccpeer.NewSimulation(snapshots[0])
	if err := errors.Join(lifecycle.Write(simulation, lifecycle.Definition{Name: "cc", Version: "1", Sequence: 1, ValidationParameter: parameter}), ledger.CloseAll(snapshots)); err != nil {
		c.t.Fatal(err)
	}
	tx := c.transaction()
	tx.chaincode, tx.version, tx.set = lifecycle.Namespace, lifecycle.SystemVersion, simulation.Set()
	tx.endorsers = nil
	for _, organisation := range []string{"alder", "birch", "cedar"} {
		tx.endorsers = append(tx.endorsers, c.certificate(organisation, "peer"))
	}
	if got := c.commit(tx.envelope()); got[0] != pb.TxValidationCode_VALID {
		c.t.Fatalf("definition: %s", got[0])
	}
}

// transaction is everything a transaction is made of, for tests to spoil.
type transaction struct {
	c                           *channel
	creator                     *msp.Signer
	nonce                       []byte
	channel, chaincode, version string
	action                      string // the chaincode that the action names; empty: the same
	set                         rwset.Set
	results                     []byte // instead of set
	event                       *pb.ChaincodeEvent
	endorsers                   []*msp.Signer
	editEnvelope                func(*cb.Envelope)
	editPayload                 func(*cb.Payload)
	editChannel                 func(*cb.ChannelHeader)
	editEndorsements            func([]*pb.Endorsement)
}

func (c *channel) transaction() *transaction {
	nonce := make([]byte, 24)
	if _, err := rand.Read(nonce); err != nil {
		c.t.Fatal(err)
	}
	return &transaction{
		c: c, creator: c.certificate("alder", "user"), nonce: nonce, channel: "quorate", chaincode: "cc", version: "1",
		set:       rwset.Set{{Name: "cc", KV: &kvrwset.KVRWSet{Writes: []*kvrwset.KVWrite{{Key: "key", Value: []byte("value")}}}}},
		endorsers: []*msp.Signer{c.certificate("alder", "peer"), c.certificate("birch", "peer")},
	}
}

func (t *transaction) must(err error) {
	t.c.t.Helper()
	if err != nil {
		t.c.t.Fatal(err)
	}
}

func (t *transaction) envelope() []byte {
	t.c.t.Helper()
	signed, err := fabtx.NewProposal(fabtx.ProposalFields{
		Channel: t.channel, Chaincode: t.chaincode, Args: [][]byte{[]byte("f")}, Creator: t.creator.Serialized, Nonce: t.nonce, Time: timestamppb.Now(),
	})
	t.must(err)
	if t.editChannel != nil {
		t.changeChannel(signed)
	}
	p, err := fabtx.UnpackProposal(signed)
	t.must(err)
	action := *p
	if t.action != "" {
		action.Invoked = t.action
	}
	payload, err := endorse.Payload(&action, t.version, &pb.Response{Status: 200}, t.event, t.set)
	t.must(err)
	if t.results != nil {
		payload = t.changeResults(payload)
	}
	var endorsements []*pb.Endorsement
	for _, endorser := range t.endorsers {
		e, err := endorse.Sign(endorser, t.c.config.Directory, payload)
		t.must(err)
		endorsements = append(endorsements, e)
	}
	if t.editEndorsements != nil {
		t.editEndorsements(endorsements)
	}
	envelope, err := fabtx.Prepare(p, payload, endorsements)
	t.must(err)
	return t.finish(envelope)
}

// finish signs what the edits have left.
func (t *transaction) finish(envelope *cb.Envelope) []byte {
	if t.editPayload != nil {
		payload := &cb.Payload{}
		t.must(proto.Unmarshal(envelope.Payload, payload))
		t.editPayload(payload)
		raw, err := proto.Marshal(payload)
		t.must(err)
		envelope.Payload = raw
	}
	signature, err := t.creator.Sign(envelope.Payload)
	t.must(err)
	envelope.Signature = signature
	if t.editEnvelope != nil {
		t.editEnvelope(envelope)
	}
	raw, err := proto.Marshal(envelope)
	t.must(err)
	return raw
}

func (t *transaction) changeChannel(signed *pb.SignedProposal) {
	proposal, header, channel := &pb.Proposal{}, &cb.Header{}, &cb.ChannelHeader{}
	t.must(proto.Unmarshal(signed.ProposalBytes, proposal))
	t.must(proto.Unmarshal(proposal.Header, header))
	t.must(proto.Unmarshal(header.ChannelHeader, channel))
	t.editChannel(channel)
	var err error
	header.ChannelHeader, err = proto.Marshal(channel)
	t.must(err)
	proposal.Header, err = proto.Marshal(header)
	t.must(err)
	signed.ProposalBytes, err = proto.Marshal(proposal)
	t.must(err)
}

func (t *transaction) changeResults(raw []byte) []byte {
	payload, action := &pb.ProposalResponsePayload{}, &pb.ChaincodeAction{}
	t.must(proto.Unmarshal(raw, payload))
	t.must(proto.Unmarshal(payload.Extension, action))
	action.Results = t.results
	var err error
	payload.Extension, err = proto.Marshal(action)
	t.must(err)
	raw, err = proto.Marshal(payload)
	t.must(err)
	return raw
}

// commit writes one block and returns the codes of its entries.
func (c *channel) commit(entries ...[]byte) []pb.TxValidationCode {
	c.t.Helper()
	if err := c.writer.Write(entries); err != nil {
		c.t.Fatal(err)
	}
	var codes []pb.TxValidationCode
	for _, b := range c.ledger.Tip().Metadata.Metadata[cb.BlockMetadataIndex_TRANSACTIONS_FILTER] {
		codes = append(codes, pb.TxValidationCode(b))
	}
	return codes
}

func TestValidationCodes(t *testing.T) {
	c := newChannel(t, 3)
	foreign, err := nettest.NewAuthority("foreign")
	if err != nil {
		t.Fatal(err)
	}
	if err := foreign.Issue(c.folder, nettest.Leaf{Name: "stranger", Unit: "peer"}); err != nil {
		t.Fatal(err)
	}
	stranger := c.certificate("alder", "../stranger")
	for name, test := range map[string]struct {
		spoil func(*transaction)
		want  pb.TxValidationCode
	}{
		"good":            {func(*transaction) {}, pb.TxValidationCode_VALID},
		"with an event":   {func(x *transaction) { x.event = &pb.ChaincodeEvent{ChaincodeId: "cc", EventName: "e"} }, pb.TxValidationCode_VALID},
		"another's event": {func(x *transaction) { x.event = &pb.ChaincodeEvent{ChaincodeId: "other"} }, pb.TxValidationCode_INVALID_OTHER_REASON},
		"payload cut": {func(x *transaction) {
			x.editEnvelope = func(e *cb.Envelope) { e.Payload = e.Payload[:len(e.Payload)-1] }
		}, pb.TxValidationCode_BAD_PAYLOAD},
		"no header":             {func(x *transaction) { x.editPayload = func(p *cb.Payload) { p.Header = nil } }, pb.TxValidationCode_BAD_COMMON_HEADER},
		"epoch":                 {func(x *transaction) { x.editChannel = func(h *cb.ChannelHeader) { h.Epoch = 1 } }, pb.TxValidationCode_BAD_COMMON_HEADER},
		"bad signature":         {func(x *transaction) { x.editEnvelope = func(e *cb.Envelope) { e.Signature[9] ^= 1 } }, pb.TxValidationCode_BAD_CREATOR_SIGNATURE},
		"foreign creator":       {func(x *transaction) { x.creator = stranger }, pb.TxValidationCode_BAD_CREATOR_SIGNATURE},
		"wrong type":            {func(x *transaction) { x.editChannel = func(h *cb.ChannelHeader) { h.Type = 7 } }, pb.TxValidationCode_BAD_COMMON_HEADER},
		"wrong id":              {func(x *transaction) { x.editChannel = func(h *cb.ChannelHeader) { h.TxId = "00" } }, pb.TxValidationCode_BAD_PROPOSAL_TXID},
		"no transaction":        {func(x *transaction) { x.editPayload = func(p *cb.Payload) { p.Data = nil } }, pb.TxValidationCode_INVALID_ENDORSER_TRANSACTION},
		"another's action":      {func(x *transaction) { x.editPayload = replaceAction }, pb.TxValidationCode_INVALID_ENDORSER_TRANSACTION},
		"other channel":         {func(x *transaction) { x.channel = "other" }, pb.TxValidationCode_BAD_CREATOR_SIGNATURE},
		"no version":            {func(x *transaction) { x.version = "" }, pb.TxValidationCode_INVALID_CHAINCODE},
		"other chaincode acted": {func(x *transaction) { x.action = "other" }, pb.TxValidationCode_INVALID_CHAINCODE},
		"undefined chaincode":   {func(x *transaction) { x.chaincode, x.set = "other", nil }, pb.TxValidationCode_INVALID_CHAINCODE},
		"broken results":        {func(x *transaction) { x.results = []byte{0xff} }, pb.TxValidationCode_BAD_RWSET},
		"namespace twice":       {func(x *transaction) { x.set = append(x.set, x.set...) }, pb.TxValidationCode_ILLEGAL_WRITESET},
		"undefined namespace":   {func(x *transaction) { x.set[0].Name = "other" }, pb.TxValidationCode_INVALID_CHAINCODE},
		"one endorser":          {func(x *transaction) { x.endorsers = x.endorsers[:1] }, pb.TxValidationCode_ENDORSEMENT_POLICY_FAILURE},
		"no endorser":           {func(x *transaction) { x.endorsers = nil }, pb.TxValidationCode_ENDORSEMENT_POLICY_FAILURE},
		"same endorser twice":   {func(x *transaction) { x.endorsers[1] = x.endorsers[0] }, pb.TxValidationCode_ENDORSEMENT_POLICY_FAILURE},
		"user as endorser":      {func(x *transaction) { x.endorsers[1] = x.c.certificate("birch", "user") }, pb.TxValidationCode_ENDORSEMENT_POLICY_FAILURE},
		"foreign endorser":      {func(x *transaction) { x.endorsers[1] = stranger }, pb.TxValidationCode_ENDORSEMENT_POLICY_FAILURE},
		"bad endorsement":       {func(x *transaction) { x.editEndorsements = func(e []*pb.Endorsement) { e[1].Signature[9] ^= 1 } }, pb.TxValidationCode_ENDORSEMENT_POLICY_FAILURE},
		"one bad of three": {func(x *transaction) {
			x.endorsers = append(x.endorsers, x.c.certificate("cedar", "peer"))
			x.editEndorsements = func(e []*pb.Endorsement) { e[0].Signature = nil }
		}, pb.TxValidationCode_VALID},
		"stale read": {func(x *transaction) {
			x.set[0].KV.Reads = []*kvrwset.KVRead{{Key: "key", Version: &kvrwset.Version{BlockNum: 99}}}
		}, pb.TxValidationCode_MVCC_READ_CONFLICT},
	} {
		t.Run(name, func(t *testing.T) {
			tx := c.transaction()
			tx.c = &channel{t: t, config: c.config, ledger: c.ledger, writer: c.writer, folder: c.folder}
			test.spoil(tx)
			if got := c.commit(tx.envelope())[0]; got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

// replaceAction gives the transaction's action another header, as if it had been endorsed for somebody else.
func replaceAction(p *cb.Payload) {
	transaction := &pb.Transaction{}
	if proto.Unmarshal(p.Data, transaction) != nil {
		return
	}
	transaction.Actions[0].Header = append([]byte{}, transaction.Actions[0].Header[1:]...)
	p.Data, _ = proto.Marshal(transaction)
}

func TestNoEnvelopeAtAll(t *testing.T) {
	c := newChannel(t, 3)
	if got := c.commit([]byte{0xff, 0xff})[0]; got != pb.TxValidationCode_INVALID_OTHER_REASON {
		t.Errorf("got %s", got)
	}
}

func TestDuplicateIDs(t *testing.T) {
	c := newChannel(t, 3)
	first := c.transaction().envelope()
	if got := c.commit(first, first); got[0] != pb.TxValidationCode_VALID || got[1] != pb.TxValidationCode_DUPLICATE_TXID {
		t.Errorf("in one block: %v", got)
	}
	if got := c.commit(first); got[0] != pb.TxValidationCode_DUPLICATE_TXID {
		t.Errorf("in a later block: %v", got)
	}
}

func TestKeyWhosePolicyChangedInTheBlock(t *testing.T) {
	c := newChannel(t, 3)
	policy := c.transaction()
	policy.set[0].KV.MetadataWrites = []*kvrwset.KVMetadataWrite{{Key: "key", Entries: []*kvrwset.KVMetadataEntry{{Name: "VALIDATION_PARAMETER", Value: []byte("x")}}}}
	other := c.transaction()
	other.set[0].KV.Writes[0].Key = "other"
	got := c.commit(policy.envelope(), c.transaction().envelope(), other.envelope())
	if got[0] != pb.TxValidationCode_VALID || got[1] != pb.TxValidationCode_ENDORSEMENT_POLICY_FAILURE || got[2] != pb.TxValidationCode_VALID {
		t.Errorf("got %v", got)
	}
	if got := c.commit(c.transaction().envelope()); got[0] != pb.TxValidationCode_ENDORSEMENT_POLICY_FAILURE {
		t.Errorf("a policy that nobody can read is satisfied: %v", got)
	}
}

func TestBlocksAreSignedByTheOrderer(t *testing.T) {
	c := newChannel(t, 3)
	c.commit(c.transaction().envelope())
	tip := c.ledger.Tip()
	metadata, header := &cb.Metadata{}, &cb.SignatureHeader{}
	if err := proto.Unmarshal(tip.Metadata.Metadata[cb.BlockMetadataIndex_SIGNATURES], metadata); err != nil {
		t.Fatal(err)
	}
	signature := metadata.Signatures[0]
	if err := proto.Unmarshal(signature.SignatureHeader, header); err != nil {
		t.Fatal(err)
	}
	signer, err := c.config.Directory.Identity(header.Creator)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := fabtx.HeaderBytes(tip.Header)
	if err != nil {
		t.Fatal(err)
	}
	if err := signer.Verify(signature.Signature, metadata.Value, signature.SignatureHeader, raw); err != nil {
		t.Error(err)
	}
	if err := c.config.Check("/Channel/Orderer/BlockValidation", signer); err != nil {
		t.Error(err)
	}
}
