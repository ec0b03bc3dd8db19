package node_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"quorate.dev/network/embedded/internal/ledger"
	"quorate.dev/network/embedded/internal/nettest"
	"quorate.dev/network/embedded/internal/node"
)

// startError is what Start says to a configuration and a data directory.
func startError(t *testing.T, material *nettest.Material, directory string) error {
	t.Helper()
	path := writeConfig(t, material)
	config, err := node.LoadConfig(path)
	if err != nil {
		return err
	}
	n, err := node.Start(context.Background(), config, directory, nettest.NewChaincode)
	if err == nil {
		if err := n.Stop(); err != nil {
			t.Error(err)
		}
		t.Fatal("it started")
	}
	return err
}

func wantError(t *testing.T, err error, exit int, text string) {
	t.Helper()
	if node.ExitCode(err) != exit || !strings.Contains(err.Error(), text) {
		t.Errorf("exit %d %v, want %d with %q", node.ExitCode(err), err, exit, text)
	}
}

func TestDataOfAnotherNetworkAreRefused(t *testing.T) {
	material, directory := newMaterial(t, 2), t.TempDir()
	stop(t, start(t, material, directory))

	other := *material
	other.Config.Channel = "other"
	wantError(t, startError(t, &other, directory), node.ExitUnavailable, `it holds channel "quorate", the configuration names "other"`)

	fewer := *material
	fewer.Config.Organisations = material.Config.Organisations[:1]
	wantError(t, startError(t, &fewer, directory), node.ExitUnavailable, "it was founded by 2 organisations, the configuration names 1")

	swapped := *material
	swapped.Config.Organisations = []node.Organisation{material.Config.Organisations[1], material.Config.Organisations[0]}
	wantError(t, startError(t, &swapped, directory), node.ExitUnavailable, "it was founded by alder (AlderMSP), the configuration names birch (BirchMSP)")

	wantError(t, startError(t, newMaterial(t, 2), directory), node.ExitUnavailable, "alder has other certificate authorities")

	stop(t, start(t, material, directory)) // nothing of this has hurt it
}

func TestDamagedDataAreRefused(t *testing.T) {
	for name, damage := range map[string]func(path string) error{
		"not a ledger": func(path string) error { return os.WriteFile(path, []byte(strings.Repeat("x", 70000)), 0o600) },
		"cut short":    func(path string) error { return os.Truncate(path, 40000) },
		"overwritten": func(path string) error {
			raw, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			for i := 16384; i < len(raw) && i < 200000; i++ {
				raw[i] ^= 0x5a
			}
			return os.WriteFile(path, raw, 0o600)
		},
	} {
		t.Run(name, func(t *testing.T) {
			material, directory := newMaterial(t, 1), t.TempDir()
			r := start(t, material, directory)
			submitValid(t, r.client(t, "alder"), "Bulk", "x", "500")
			stop(t, r)
			if err := damage(filepath.Join(directory, "ledger.db")); err != nil {
				t.Fatal(err)
			}
			err := startError(t, material, directory)
			wantError(t, err, node.ExitUnavailable, "damaged")
			if !errors.Is(err, ledger.ErrCorrupt) {
				t.Errorf("not ErrCorrupt: %v", err)
			}
		})
	}
}

func TestDataDirectoryThatCannotBe(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	wantError(t, startError(t, newMaterial(t, 1), file), node.ExitUnavailable, "the data directory")
}

func TestUnsuitableCertificatesLeaveNothingBehind(t *testing.T) {
	for name, test := range map[string]struct {
		edit func(m *nettest.Material) error
		text string
	}{
		"peer is a client": {func(m *nettest.Material) error {
			return m.CAs["alder"].Issue(m.Folder+"/alder", nettest.Leaf{Name: "peer", Unit: "client"})
		}, "its organisational unit makes it a CLIENT, want PEER"},
		"no unit": {func(m *nettest.Material) error {
			return m.CAs["alder"].Issue(m.Folder+"/alder", nettest.Leaf{Name: "peer"})
		}, "exactly one of client, peer, orderer and admin"},
		"of another authority": {func(m *nettest.Material) error {
			return m.CAs["orderer"].Issue(m.Folder+"/alder", nettest.Leaf{Name: "admin", Unit: "admin"})
		}, "the admin certificate of alder"},
		"another's key": {func(m *nettest.Material) error {
			return os.Rename(m.Folder+"/alder/admin.key", m.Folder+"/alder/peer.key")
		}, "is not the key of"},
		"no authority": {func(m *nettest.Material) error {
			m.Config.Organisations[0].CA = "alder/peer.pem"
			return nil
		}, "is not the certificate of an authority"},
		"missing file": {func(m *nettest.Material) error {
			m.Config.Orderer.TLS.Cert = "nowhere.pem"
			return nil
		}, "no such file"},
	} {
		t.Run(name, func(t *testing.T) {
			material, directory := newMaterial(t, 1), filepath.Join(t.TempDir(), "data")
			if err := test.edit(material); err != nil {
				t.Fatal(err)
			}
			wantError(t, startError(t, material, directory), node.ExitUsage, test.text)
			// Whatever is there, founding has not begun: the same directory serves the right configuration.
			right := newMaterial(t, 1)
			stop(t, start(t, right, directory))
		})
	}
}

func TestNewChaincodeVersionIsDefinedOnce(t *testing.T) {
	material, directory := newMaterial(t, 2), t.TempDir()
	r := start(t, material, directory)
	submitValid(t, r.client(t, "alder"), "Put", "key", "value")
	stop(t, r)
	material.Config.ChaincodeVersion = "0.2.0"
	for range 2 {
		r = start(t, material, directory)
		if r.ready.Height != 4 {
			t.Errorf("height %d: genesis, definition, transaction and the new definition make 4", r.ready.Height)
		}
		if got := evaluate(t, r.client(t, "birch"), "Get", "key"); got != "value" {
			t.Errorf("read %q", got)
		}
		stop(t, r)
	}
}
