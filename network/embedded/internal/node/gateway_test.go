package node_test

import (
	"context"
	"strings"
	"testing"
	"time"

	gp "github.com/hyperledger/fabric-protos-go-apiv2/gateway"
	pb "github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"quorate.dev/network/embedded/internal/fabtx"
	"quorate.dev/network/embedded/internal/nettest"
)

// details are the organisations and messages in a status's details.
func details(err error) map[string]string {
	found := map[string]string{}
	for _, d := range status.Convert(err).Details() {
		if detail, ok := d.(*gp.ErrorDetail); ok {
			found[detail.MspId] = detail.Message
		}
	}
	return found
}

func wantStatus(t *testing.T, err error, code codes.Code, message string) {
	t.Helper()
	if status.Code(err) != code || !strings.Contains(status.Convert(err).Message(), message) {
		t.Errorf("got %v, want %s with %q", err, code, message)
	}
}

func TestChaincodeErrors(t *testing.T) {
	r := startFresh(t, 4)
	c := r.client(t, "birch")
	_, err := c.Evaluate(deadline(t), "Fail", "CODE: sorry")
	wantStatus(t, err, codes.Unknown, "evaluate call to endorser returned error: chaincode response 500, CODE: sorry")
	if got := details(err)["BirchMSP"]; got != "chaincode response 500, CODE: sorry" {
		t.Errorf("detail %q", got)
	}
	_, _, err = c.Endorse(deadline(t), nil, "Fail", "CODE: sorry")
	wantStatus(t, err, codes.Aborted, "failed to endorse transaction, see attached details for more info")
	if got := details(err); len(got) != 1 || got["BirchMSP"] != "chaincode response 500, CODE: sorry" {
		t.Errorf("details %v", got)
	}
}

func TestPanicEndsOneTransactionOnly(t *testing.T) {
	r := startFresh(t, 2)
	c := r.client(t, "alder")
	_, err := c.Evaluate(deadline(t), "Panic")
	wantStatus(t, err, codes.Aborted, "failed to evaluate transaction, see attached details for more info")
	for organisation, message := range details(err) {
		if !strings.Contains(message, "chaincode stream terminated") {
			t.Errorf("%s: %s", organisation, message)
		}
	}
	submitValid(t, c, "Put", "key", "value")
}

func TestRefusedFeatures(t *testing.T) {
	r := startFresh(t, 1)
	c := r.client(t, "alder")
	for function, message := range map[string]string{
		"Private": "collection quorate/quorate/collection could not be found",
		"Call":    "chaincode other not found",
	} {
		_, err := c.Evaluate(deadline(t), function)
		wantStatus(t, err, codes.Unknown, message)
	}
}

func TestEndorsersThatDiffer(t *testing.T) {
	r := startFresh(t, 3)
	c := r.client(t, "alder")
	_, _, err := c.Endorse(deadline(t), nil, "Random", "key")
	wantStatus(t, err, codes.Aborted, "failed to collect enough transaction endorsements")
	want := map[string]string{"BirchMSP": "ProposalResponsePayloads do not match", "CedarMSP": "ProposalResponsePayloads do not match"}
	if got := details(err); len(got) != 2 || got["BirchMSP"] != want["BirchMSP"] || got["CedarMSP"] != want["CedarMSP"] {
		t.Errorf("details %v", got)
	}
}

func TestEndorsementsAreAMajority(t *testing.T) {
	r := startFresh(t, 4)
	c := r.client(t, "damson")
	envelope, _, err := c.Endorse(deadline(t), nil, "Put", "key", "value")
	if err != nil {
		t.Fatal(err)
	}
	opened, err := fabtx.UnpackEnvelope(envelope)
	if err != nil {
		t.Fatal(err)
	}
	action, err := fabtx.UnpackAction(opened.Payload.Data)
	if err != nil {
		t.Fatal(err)
	}
	if len(action.Endorsements) != 3 {
		t.Errorf("%d endorsements of 4 organisations, want 3", len(action.Endorsements))
	}
}

func TestNamedOrganisations(t *testing.T) {
	r := startFresh(t, 3)
	c := r.client(t, "alder")
	_, _, err := c.Endorse(deadline(t), []string{"BirchMSP", "NobodyMSP"}, "Put", "key", "value")
	wantStatus(t, err, codes.Unavailable, "failed to find any endorsing peers for org(s): NobodyMSP")

	envelope, id, err := c.Endorse(deadline(t), []string{"BirchMSP"}, "Put", "key", "value")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Send(deadline(t), envelope, id); err != nil {
		t.Fatal(err)
	}
	committed, err := c.Status(deadline(t), id)
	if err != nil || committed.Result != pb.TxValidationCode_ENDORSEMENT_POLICY_FAILURE {
		t.Errorf("one endorsement of three: %v %v", committed, err)
	}
}

func TestProposalsThatAreRefused(t *testing.T) {
	r := startFresh(t, 2)
	c := r.client(t, "alder")
	fields := func() fabtx.ProposalFields {
		return fabtx.ProposalFields{
			Channel: "quorate", Chaincode: "quorate", Args: [][]byte{[]byte("Get"), []byte("key")}, Creator: c.Signer.Serialized,
			Nonce: []byte(time.Now().String()), Time: timestamppb.Now(),
		}
	}
	for name, test := range map[string]struct {
		edit    func(*fabtx.ProposalFields)
		spoil   func(*pb.SignedProposal)
		code    codes.Code
		message string
	}{
		"other channel":   {edit: func(f *fabtx.ProposalFields) { f.Channel = "other" }, code: codes.Unavailable, message: "channel [other]"},
		"no channel":      {edit: func(f *fabtx.ProposalFields) { f.Channel = "" }, code: codes.InvalidArgument, message: "no channel id provided"},
		"other chaincode": {edit: func(f *fabtx.ProposalFields) { f.Chaincode = "other" }, code: codes.FailedPrecondition, message: "no peers available to evaluate chaincode other"},
		"no nonce":        {edit: func(f *fabtx.ProposalFields) { f.Nonce = nil }, code: codes.FailedPrecondition, message: "nonce is empty"},
		"no time":         {edit: func(f *fabtx.ProposalFields) { f.Time = nil }, code: codes.Unavailable, message: "failed to evaluate transaction"},
		"malformed":       {spoil: func(p *pb.SignedProposal) { p.ProposalBytes = []byte{0xff} }, code: codes.InvalidArgument, message: "failed to unpack transaction proposal"},
		"no signature":    {spoil: func(p *pb.SignedProposal) { p.Signature = nil }, code: codes.FailedPrecondition, message: "empty signature bytes"},
		"bad signature":   {spoil: func(p *pb.SignedProposal) { p.Signature[10] ^= 1 }, code: codes.FailedPrecondition, message: "access denied: channel [quorate] creator org [AlderMSP]"},
		"unknown creator": {edit: func(f *fabtx.ProposalFields) { f.Creator = []byte("nobody") }, code: codes.FailedPrecondition, message: "creator org unknown, creator is malformed"},
	} {
		t.Run(name, func(t *testing.T) {
			f := fields()
			if test.edit != nil {
				test.edit(&f)
			}
			signed, id, err := c.ProposeFields(f)
			if err != nil {
				t.Fatal(err)
			}
			if test.spoil != nil {
				test.spoil(signed)
			}
			_, err = c.Gateway.Evaluate(deadline(t), &gp.EvaluateRequest{TransactionId: id, ChannelId: f.Channel, ProposedTransaction: signed})
			wantStatus(t, err, test.code, test.message)
		})
	}
}

func TestExpiredAndForeignCertificates(t *testing.T) {
	material := newMaterial(t, 2)
	folder := material.Folder + "/alder"
	if err := material.CAs["alder"].Issue(folder, nettest.Leaf{Name: "user", Unit: "client", NotAfter: time.Now().Add(-time.Minute)}); err != nil {
		t.Fatal(err)
	}
	if err := material.CAs["alder"].Issue(material.Folder+"/birch", nettest.Leaf{Name: "user", Unit: "client"}); err != nil {
		t.Fatal(err)
	}
	r := start(t, material, t.TempDir())
	defer func() {
		if err := r.Stop(); err != nil {
			t.Error(err)
		}
	}()
	_, err := r.client(t, "alder").Evaluate(deadline(t), "Get", "key")
	wantStatus(t, err, codes.Unavailable, "failed to evaluate transaction")
	if got := details(err)["AlderMSP"]; got != "proposal client identity expired" {
		t.Errorf("detail %q", got)
	}
	_, err = r.client(t, "birch").Evaluate(deadline(t), "Get", "key")
	wantStatus(t, err, codes.FailedPrecondition, "access denied: channel [quorate] creator org unknown, creator is malformed")
}

func TestSubmitRefusals(t *testing.T) {
	r := startFresh(t, 1)
	c := r.client(t, "alder")
	envelope, id, err := c.Endorse(deadline(t), nil, "Put", "key", "value")
	if err != nil {
		t.Fatal(err)
	}
	good := envelope.Signature
	envelope.Signature = nil
	wantStatus(t, c.Send(deadline(t), envelope, id), codes.InvalidArgument, "prepared transaction must be signed")
	envelope.Signature = append([]byte{}, good...)
	envelope.Signature[12] ^= 1
	wantStatus(t, c.Send(deadline(t), envelope, id), codes.Aborted, "received unsuccessful response from orderer: status=FORBIDDEN")
	envelope.Signature = good
	if err := c.Send(deadline(t), envelope, id); err != nil {
		t.Error(err)
	}
}

func TestSameTransactionTwiceIsCommittedOnce(t *testing.T) {
	r := startFresh(t, 1)
	c := r.client(t, "alder")
	envelope, id, err := c.Endorse(deadline(t), nil, "Increment", "n")
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := c.Send(deadline(t), envelope, id); err != nil {
			t.Fatal(err)
		}
	}
	first, err := c.Status(deadline(t), id)
	if err != nil || first.Result != pb.TxValidationCode_VALID {
		t.Fatalf("%v %v", first, err)
	}
	if err := c.Send(deadline(t), envelope, id); err != nil {
		t.Fatal(err)
	}
	submitValid(t, c, "Put", "other", "value") // a later block, in which a copy would be
	if again, err := c.Status(deadline(t), id); err != nil || again.BlockNumber != first.BlockNumber || again.Result != first.Result {
		t.Errorf("%v %v, first %v", again, err, first)
	}
	if got := evaluate(t, c, "Get", "n"); got != "1" {
		t.Errorf("incremented to %s", got)
	}
}

func TestProposalOfACommittedTransactionIsADuplicate(t *testing.T) {
	r := startFresh(t, 1)
	c := r.client(t, "alder")
	signed, id, err := c.Propose("quorate", "Put", "key", "value")
	if err != nil {
		t.Fatal(err)
	}
	request := &gp.EndorseRequest{TransactionId: id, ChannelId: "quorate", ProposedTransaction: signed}
	response, err := c.Gateway.Endorse(deadline(t), request)
	if err != nil {
		t.Fatal(err)
	}
	envelope := response.PreparedTransaction
	if envelope.Signature, err = c.Signer.Sign(envelope.Payload); err != nil {
		t.Fatal(err)
	}
	if err := c.Send(deadline(t), envelope, id); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Status(deadline(t), id); err != nil {
		t.Fatal(err)
	}
	_, err = c.Gateway.Endorse(deadline(t), request)
	wantStatus(t, err, codes.Aborted, "failed to endorse transaction")
	if got := details(err)["AlderMSP"]; !strings.HasPrefix(got, "duplicate transaction found ["+id+"]") {
		t.Errorf("detail %q", got)
	}
}

func TestCommitStatusRefusals(t *testing.T) {
	r := startFresh(t, 1)
	c := r.client(t, "alder")
	_, err := c.Gateway.CommitStatus(deadline(t), &gp.SignedCommitStatusRequest{})
	wantStatus(t, err, codes.InvalidArgument, "a commit status request is required")
	raw, err := proto.Marshal(&gp.CommitStatusRequest{TransactionId: "x", ChannelId: "quorate", Identity: c.Signer.Serialized})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Gateway.CommitStatus(deadline(t), &gp.SignedCommitStatusRequest{Request: raw, Signature: []byte("no")})
	wantStatus(t, err, codes.PermissionDenied, "Failed evaluating policy")

	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	_, err = c.Status(ctx, "never")
	wantStatus(t, err, codes.DeadlineExceeded, "")
}

func TestTransientDataStayAtHome(t *testing.T) {
	r := startFresh(t, 2)
	c := r.client(t, "birch")
	signed, id, err := c.ProposeFields(fabtx.ProposalFields{
		Channel: "quorate", Chaincode: "quorate", Args: [][]byte{[]byte("Transient"), []byte("secret")}, Creator: c.Signer.Serialized,
		Nonce: []byte("nonce"), Time: timestamppb.Now(), Transient: map[string][]byte{"secret": []byte("value")},
	})
	if err != nil {
		t.Fatal(err)
	}
	response, err := c.Gateway.Endorse(deadline(t), &gp.EndorseRequest{TransactionId: id, ChannelId: "quorate", ProposedTransaction: signed})
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(response.PreparedTransaction.Payload), "transient") {
		t.Error("the transaction holds the transient map")
	}
	result, err := c.Gateway.Evaluate(deadline(t), &gp.EvaluateRequest{TransactionId: id, ChannelId: "quorate", ProposedTransaction: signed})
	if err != nil || string(result.Result.Payload) != "value" {
		t.Errorf("%v %v", result, err)
	}
}

func TestLargeArguments(t *testing.T) {
	r := startFresh(t, 2)
	c := r.client(t, "alder")
	if got := evaluate(t, c, "Length", strings.Repeat("x", 20<<20)); got != "20971520" {
		t.Errorf("length %s", got)
	}
	submitValid(t, c, "Put", "large", strings.Repeat("y", 3<<20)) // more than a batch holds
	if got := evaluate(t, c, "Get", "large"); len(got) != 3<<20 {
		t.Errorf("read %d bytes", len(got))
	}
}

func TestTooManyCalls(t *testing.T) {
	r := startFresh(t, 1)
	c := r.client(t, "alder")
	ctx, cancel := context.WithCancel(deadline(t))
	defer cancel()
	answers := make(chan error, 501)
	for range 501 {
		go func() {
			_, err := c.Status(ctx, "never")
			answers <- err
		}()
	}
	select {
	case err := <-answers:
		wantStatus(t, err, codes.Unknown, "too many requests for /gateway.Gateway, exceeding concurrency limit (500)")
	case <-ctx.Done():
		t.Fatal("all 501 calls wait")
	}
}
