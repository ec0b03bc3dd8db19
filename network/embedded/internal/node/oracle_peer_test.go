package node_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"text/template"
	"time"

	pb "github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/types/known/timestamppb"

	"quorate.dev/network/embedded/internal/fabtx"
	"quorate.dev/network/embedded/internal/msp"
	"quorate.dev/network/embedded/internal/nettest"
)

// fabricPeer finds Fabric's own peer program, or skips the test.
func fabricPeer(t *testing.T) string {
	t.Helper()
	if folder := os.Getenv("QUORATE_FABRIC_BIN"); folder != "" {
		path := filepath.Join(folder, "peer")
		if _, err := os.Stat(path); err != nil {
			t.Skipf("needs Hyperledger Fabric's program peer: QUORATE_FABRIC_BIN names %s, which holds none", folder)
		}
		return path
	}
	path, err := exec.LookPath("peer")
	if err != nil {
		t.Skip("needs Hyperledger Fabric's program peer on PATH, or its folder in QUORATE_FABRIC_BIN (https://github.com/hyperledger/fabric/releases)")
	}
	return path
}

var peerVersion = regexp.MustCompile(`(?m)^\s*Version: v?(\d+\.\d+)`)

// versionOf is the release that a peer is of, without the patch.
func versionOf(t *testing.T, program string) string {
	t.Helper()
	out, err := exec.Command(program, "version").Output()
	if err != nil {
		t.Fatalf("%s version: %v", program, err)
	}
	match := peerVersion.FindSubmatch(out)
	if match == nil {
		t.Fatalf("%s does not tell its version: %s", program, out)
	}
	return string(match[1])
}

// coreYAML is all that a peer insists on when it only follows a chain.
var coreYAML = template.Must(template.New("core.yaml").Parse(`
peer:
  id: oracle
  networkId: quorate
  listenAddress: {{.Address}}
  address: {{.Address}}
  chaincodeListenAddress: 127.0.0.1:0
  localMspId: {{.MSPID}}
  mspConfigPath: {{.Folder}}/msp
  fileSystemPath: {{.Folder}}/ledger
  gossip: {bootstrap: {{.Address}}, useLeaderElection: false, orgLeader: true, state: {enabled: false}}
  tls:
    enabled: true
    clientAuthRequired: true
    clientRootCAs: {files: [{{.TLSCA}}]}
    cert: {file: {{.TLS}}.pem}
    key: {file: {{.TLS}}.key}
    rootcert: {file: {{.TLSCA}}}
    clientCert: {file: {{.TLS}}.pem}
    clientKey: {file: {{.TLS}}.key}
  BCCSP: {Default: SW, SW: {Hash: SHA2, Security: 256}}
  deliveryclient: {policy: simple, reconnectTotalTimeThreshold: 60s}
  handlers:
    authFilters: [{name: DefaultAuth}, {name: ExpirationCheck}]
    decorators: [{name: DefaultDecorator}]
    endorsers: {escc: {name: DefaultEndorsement}}
    validators: {vscc: {name: DefaultValidation}}
vm: {endpoint: ""}
chaincode:
  mode: net
  externalBuilders: [{name: none, path: {{.Folder}}/none}]
  executetimeout: 30s
  installTimeout: 30s
  startuptimeout: 30s
  system: {_lifecycle: enable, cscc: enable, lscc: enable, qscc: enable}
ledger:
  state: {stateDatabase: goleveldb, totalQueryLimit: 100000}
  history: {enableHistoryDatabase: true}
  snapshots: {rootDir: {{.Folder}}/snapshots}
  pvtdataStore: {collElgProcMaxDbBatchSize: 5000, collElgProcDbBatchesInterval: 1000, deprioritizedDataReconcilerInterval: 60m}
operations: {listenAddress: "127.0.0.1:0"}
metrics: {provider: disabled}
`))

// realPeer is Fabric's peer as a process, as a further peer of one organisation.
type realPeer struct {
	address string
	log     string
	ended   chan struct{}
}

// startPeer starts Fabric's peer for an organisation in a folder of its own.
func startPeer(t *testing.T, program string, material *nettest.Material, organisation string) *realPeer {
	t.Helper()
	folder := t.TempDir()
	p := &realPeer{address: freeAddress(t), log: filepath.Join(folder, "peer.log"), ended: make(chan struct{})}
	home := filepath.Join(material.Folder, organisation)
	if err := errors.Join(writeMSP(home, filepath.Join(folder, "msp")), writeCore(folder, home, p.address, organisation)); err != nil {
		t.Fatal(err)
	}
	log, err := os.Create(p.log)
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command(program, "node", "start")
	command.Env = []string{"FABRIC_CFG_PATH=" + folder, "FABRIC_LOGGING_SPEC=info:grpc=error", "FABRIC_LOGGING_FORMAT=%{time} %{level} [%{module}] %{message}", "PATH=" + os.Getenv("PATH"), "HOME=" + folder}
	command.Stdout, command.Stderr, command.Dir = log, log, folder
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = command.Wait() // how it ended stands in its log
		close(p.ended)
	}()
	t.Cleanup(func() {
		_ = command.Process.Kill()
		<-p.ended
		_ = log.Close()
	})
	return p
}

func writeCore(folder, home, address, organisation string) error {
	var text bytes.Buffer
	err := coreYAML.Execute(&text, map[string]string{
		"Folder": folder, "Address": address, "MSPID": nettest.MSPID(organisation),
		"TLS": filepath.Join(home, "tls"), "TLSCA": filepath.Join(home, "tlsca.pem"),
	})
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "core.yaml"), text.Bytes(), 0o600)
}

const nodeOUs = `NodeOUs:
  Enable: true
  ClientOUIdentifier: {Certificate: cacerts/ca.pem, OrganizationalUnitIdentifier: client}
  PeerOUIdentifier: {Certificate: cacerts/ca.pem, OrganizationalUnitIdentifier: peer}
  AdminOUIdentifier: {Certificate: cacerts/ca.pem, OrganizationalUnitIdentifier: admin}
  OrdererOUIdentifier: {Certificate: cacerts/ca.pem, OrganizationalUnitIdentifier: orderer}
`

// writeMSP lays an organisation's peer identity out as Fabric's programs read it.
func writeMSP(home, folder string) error {
	for target, source := range map[string]string{
		"cacerts/ca.pem": "ca.pem", "tlscacerts/tlsca.pem": "tlsca.pem", "signcerts/peer.pem": "peer.pem", "keystore/peer.key": "peer.key",
	} {
		raw, err := os.ReadFile(filepath.Join(home, source))
		if err != nil {
			return err
		}
		if block, _ := pem.Decode(raw); block == nil {
			return fmt.Errorf("%s is not PEM", source)
		}
		path := filepath.Join(folder, target)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, raw, 0o600)); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(folder, "config.yaml"), []byte(nodeOUs), 0o600)
}

// join has the peer join a channel, as its organisation's administrator.
func (p *realPeer) join(t *testing.T, material *nettest.Material, organisation string, genesis []byte) {
	t.Helper()
	c, err := material.Dial(organisation, p.address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Conn.Close() }()
	path := filepath.Join(material.Folder, organisation, "admin")
	admin, err := msp.LoadSigner(nettest.MSPID(organisation), path+".pem", path+".key")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for {
		err = joinOnce(ctx, pb.NewEndorserClient(c.Conn), admin, genesis)
		if err == nil {
			return
		}
		select {
		case <-p.ended:
			t.Fatalf("the peer ended before it joined:\n%s", p.tail())
		case <-ctx.Done():
			t.Fatalf("the peer did not join in 30 s: %v\n%s", err, p.tail())
		case <-time.After(100 * time.Millisecond): // until it listens, which it tells nobody
		}
	}
}

func joinOnce(ctx context.Context, endorser pb.EndorserClient, admin *msp.Signer, genesis []byte) error {
	nonce := make([]byte, 24)
	if _, err := rand.Read(nonce); err != nil {
		return err
	}
	signed, err := fabtx.NewProposal(fabtx.ProposalFields{
		Chaincode: "cscc", Args: [][]byte{[]byte("JoinChain"), genesis}, Creator: admin.Serialized, Nonce: nonce, Time: timestamppb.Now(),
	})
	if err != nil {
		return err
	}
	if signed.Signature, err = admin.Sign(signed.ProposalBytes); err != nil {
		return err
	}
	response, err := endorser.ProcessProposal(ctx, signed)
	if err == nil && response.GetResponse().GetStatus() != 200 {
		err = errors.New(response.GetResponse().GetMessage())
	}
	return err
}

var committedBlock = regexp.MustCompile(`Committed block \[(\d+)\]`)

// committed is the last block that the peer's log tells of.
func (p *realPeer) committed() (number uint64) {
	raw, err := os.ReadFile(p.log)
	if err != nil {
		return 0
	}
	for _, match := range committedBlock.FindAllSubmatch(raw, -1) {
		if n, err := strconv.ParseUint(string(match[1]), 10, 64); err == nil {
			number = n
		}
	}
	return number
}

// tail is the end of the peer's log.
func (p *realPeer) tail() string {
	raw, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(string(raw), "\n")
	return strings.Join(lines[max(0, len(lines)-40):], "\n")
}
