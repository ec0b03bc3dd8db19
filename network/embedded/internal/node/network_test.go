package node_test

import (
	"context"
	"testing"
	"time"

	pb "github.com/hyperledger/fabric-protos-go-apiv2/peer"

	"quorate.dev/network/embedded/internal/nettest"
	"quorate.dev/network/embedded/internal/node"
)

// running is a network in this process.
type running struct {
	*node.Network
	material  *nettest.Material
	directory string
	ready     *node.Ready
}

func newMaterial(t testing.TB, organisations int) *nettest.Material {
	t.Helper()
	material, err := nettest.NewMaterial(t.TempDir(), organisations)
	if err != nil {
		t.Fatal(err)
	}
	return material
}

func start(t testing.TB, material *nettest.Material, directory string) *running {
	t.Helper()
	path, err := material.WriteConfig()
	if err != nil {
		t.Fatal(err)
	}
	config, err := node.LoadConfig(path)
	if err != nil {
		t.Fatal(err)
	}
	network, err := node.Start(context.Background(), config, directory, nettest.NewChaincode)
	if err != nil {
		t.Fatal(err)
	}
	ready, err := network.Ready()
	if err != nil {
		t.Fatal(err)
	}
	return &running{Network: network, material: material, directory: directory, ready: ready}
}

func startFresh(t testing.TB, organisations int) *running {
	t.Helper()
	r := start(t, newMaterial(t, organisations), t.TempDir())
	t.Cleanup(func() {
		if err := r.Stop(); err != nil {
			t.Error(err)
		}
	})
	return r
}

func (r *running) client(t testing.TB, organisation string) *nettest.Client {
	t.Helper()
	client, err := r.material.Dial(organisation, r.ready.Peers[nettest.MSPID(organisation)])
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := client.Conn.Close(); err != nil {
			t.Error(err)
		}
	})
	return client
}

func deadline(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func submitValid(t testing.TB, c *nettest.Client, function string, args ...string) {
	t.Helper()
	status, err := c.Submit(deadline(t), function, args...)
	if err != nil {
		t.Fatal(err)
	}
	if status.Result != pb.TxValidationCode_VALID {
		t.Fatalf("%s: %s", function, status.Result)
	}
}

func evaluate(t testing.TB, c *nettest.Client, function string, args ...string) string {
	t.Helper()
	result, err := c.Evaluate(deadline(t), function, args...)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func TestSubmittedValueIsReadAtEveryOrganisation(t *testing.T) {
	r := startFresh(t, 4)
	submitValid(t, r.client(t, "alder"), "Put", "key", "value")
	for _, organisation := range []string{"alder", "birch", "cedar", "damson"} {
		if got := evaluate(t, r.client(t, organisation), "Get", "key"); got != "value" {
			t.Errorf("%s reads %q", organisation, got)
		}
	}
}
