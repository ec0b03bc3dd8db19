package node_test

import (
	"crypto/sha256"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/hyperledger/fabric-gateway/pkg/client"
	"github.com/hyperledger/fabric-gateway/pkg/hash"
	"github.com/hyperledger/fabric-gateway/pkg/identity"
	gp "github.com/hyperledger/fabric-protos-go-apiv2/gateway"
	pb "github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// official connects Fabric's own Go client, as its documentation says.
func official(t *testing.T, r *running) *client.Network {
	t.Helper()
	folder := filepath.Join(r.material.Folder, "alder")
	certificate, err := identity.CertificateFromPEM(read(t, folder, "user.pem"))
	if err != nil {
		t.Fatal(err)
	}
	user, err := identity.NewX509Identity("AlderMSP", certificate)
	if err != nil {
		t.Fatal(err)
	}
	key, err := identity.PrivateKeyFromPEM(read(t, folder, "user.key"))
	if err != nil {
		t.Fatal(err)
	}
	sign, err := identity.NewPrivateKeySign(key)
	if err != nil {
		t.Fatal(err)
	}
	tlsHash := sha256.Sum256(pair(t, folder)[0].Certificate[0])
	gateway, err := client.Connect(user, client.WithSign(sign), client.WithHash(hash.SHA256),
		client.WithClientConnection(r.client(t, "alder").Conn), client.WithTLSClientCertificateHash(tlsHash[:]),
		client.WithSubmitTimeout(10*time.Second), client.WithCommitStatusTimeout(10*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = gateway.Close() })
	return gateway.GetNetwork("quorate")
}

func TestOfficialClientTransacts(t *testing.T) {
	contract := official(t, startFresh(t, 3)).GetContract("quorate")
	if got, err := contract.SubmitTransaction("Increment", "n"); err != nil || string(got) != "1" {
		t.Errorf("submit: %s %v", got, err)
	}
	if got, err := contract.EvaluateTransaction("Get", "n"); err != nil || string(got) != "1" {
		t.Errorf("evaluate: %s %v", got, err)
	}
	_, commit, err := contract.SubmitAsync("Put", client.WithArguments("key", "value"), client.WithEndorsingOrganizations("BirchMSP"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := commit.Status(); err != nil || got.Code != pb.TxValidationCode_ENDORSEMENT_POLICY_FAILURE || got.Successful {
		t.Errorf("one endorsement of three: %+v %v", got, err)
	}
}

func TestOfficialClientUnderstandsErrors(t *testing.T) {
	contract := official(t, startFresh(t, 1)).GetContract("quorate")
	_, err := contract.SubmitTransaction("Fail", "CODE: no")
	var failure *client.EndorseError
	if !errors.As(err, &failure) || failure.TransactionID == "" || status.Code(err) != codes.Aborted {
		t.Fatalf("got %v", err)
	}
	detail, ok := status.Convert(err).Details()[0].(*gp.ErrorDetail)
	if !ok || detail.MspId != "AlderMSP" || detail.Message != "chaincode response 500, CODE: no" {
		t.Errorf("detail %v", detail)
	}
}

func TestOfficialClientFollowsTheLedger(t *testing.T) {
	network := official(t, startFresh(t, 1))
	ctx := deadline(t)
	events, err := network.ChaincodeEvents(ctx, "quorate", client.WithStartBlock(0))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := network.GetContract("quorate").SubmitTransaction("Emit", "name", "payload"); err != nil {
		t.Fatal(err)
	}
	if event := <-events; event == nil || event.EventName != "name" || string(event.Payload) != "payload" || event.BlockNumber != 2 {
		t.Errorf("event %+v", event)
	}
	blocks, err := network.BlockEvents(ctx, client.WithStartBlock(0))
	if err != nil {
		t.Fatal(err)
	}
	filtered, err := network.FilteredBlockEvents(ctx, client.WithStartBlock(0))
	if err != nil {
		t.Fatal(err)
	}
	private, err := network.BlockAndPrivateDataEvents(ctx, client.WithStartBlock(0))
	if err != nil {
		t.Fatal(err)
	}
	for number := range uint64(3) {
		if got := (<-blocks).GetHeader().GetNumber(); got != number {
			t.Errorf("block %d, want %d", got, number)
		}
		if got := (<-filtered).GetNumber(); got != number {
			t.Errorf("filtered block %d, want %d", got, number)
		}
		if got := (<-private).GetBlock().GetHeader().GetNumber(); got != number {
			t.Errorf("block with private data %d, want %d", got, number)
		}
	}
}
