package node_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	pb "github.com/hyperledger/fabric-protos-go-apiv2/peer"

	"quorate.dev/network/embedded/internal/nettest"
	"quorate.dev/network/embedded/internal/node"
)

const (
	asProgram      = "EMBEDDED_TEST_AS_PROGRAM"
	asChaincode    = "EMBEDDED_TEST_AS_CHAINCODE" // the address to serve it on
	materialFolder = "EMBEDDED_TEST_MATERIAL"
)

// TestMain lets the test binary be the program, or a chaincode server, so that they can be killed.
func TestMain(m *testing.M) {
	if address := os.Getenv(asChaincode); address != "" {
		fmt.Fprintln(os.Stderr, serveChaincode(os.Getenv(materialFolder), address))
		os.Exit(1)
	}
	if os.Getenv(asProgram) == "" {
		os.Exit(m.Run())
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	code := node.Main(ctx, "test", nettest.NewChaincode)
	stop()
	os.Exit(code)
}

// process is the program running by itself.
type process struct {
	command *exec.Cmd
	ready   node.Ready
	stdout  *bufio.Reader
	stderr  *bytes.Buffer
}

func command(args ...string) *process {
	p := &process{command: exec.Command(os.Args[0], args...), stderr: &bytes.Buffer{}}
	p.command.Env, p.command.Stderr = append(os.Environ(), asProgram+"=1"), p.stderr
	return p
}

func launch(t *testing.T, config, data string) *process {
	t.Helper()
	p := command("--config", config, "--data", data)
	out, err := p.command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.command.Process.Kill() })
	p.stdout = bufio.NewReader(out)
	line, err := p.stdout.ReadBytes('\n')
	if err != nil {
		_ = p.command.Wait()
		t.Fatalf("no line on stdout: %v\n%s", err, p.stderr)
	}
	if err := json.Unmarshal(line, &p.ready); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(filepath.Join(data, "ready.json"))
	if err != nil || !bytes.Equal(file, line) {
		t.Errorf("ready.json differs from stdout: %s, %v", file, err)
	}
	return p
}

// exit waits for the end and returns the exit code and what came on stdout since.
func (p *process) exit(t *testing.T) (int, string) {
	t.Helper()
	rest := ""
	for {
		line, err := p.stdout.ReadString('\n')
		rest += line
		if err != nil {
			break
		}
	}
	_ = p.command.Wait() // the code is what is asked
	return p.command.ProcessState.ExitCode(), rest
}

// fails runs the program to its end.
func fails(t *testing.T, wantCode int, wantError string, args ...string) {
	t.Helper()
	p := command(args...)
	out, err := p.command.Output()
	if err == nil {
		t.Fatal("it succeeded")
	}
	if got := p.command.ProcessState.ExitCode(); got != wantCode || !strings.Contains(p.stderr.String(), wantError) {
		t.Errorf("exit %d, want %d with %q:\n%s", got, wantCode, wantError, p.stderr)
	}
	if len(out) > 0 {
		t.Errorf("something on stdout: %s", out)
	}
}

func writeConfig(t *testing.T, material *nettest.Material) string {
	t.Helper()
	path, err := material.WriteConfig()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func TestProgramComesBackOnTheSamePorts(t *testing.T) {
	config, data := writeConfig(t, newMaterial(t, 2)), t.TempDir()
	first := launch(t, config, data)
	if first.ready.Schema != "quorate.embedded.ready/1" || first.ready.Height != 2 || !strings.HasPrefix(first.ready.Genesis, "sha256:") ||
		!strings.HasPrefix(first.ready.Notice, "development only") {
		t.Errorf("ready: %+v", first.ready)
	}
	if err := first.command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code, rest := first.exit(t); code != node.ExitDone || rest != "" {
		t.Errorf("exit %d, more on stdout %q\n%s", code, rest, first.stderr)
	}
	if _, err := os.Stat(filepath.Join(data, "ready.json")); !os.IsNotExist(err) {
		t.Errorf("ready.json is still there: %v", err)
	}
	second := launch(t, config, data)
	if fmt.Sprint(second.ready) != fmt.Sprint(first.ready) {
		t.Errorf("came back as %+v, was %+v", second.ready, first.ready)
	}
	if err := second.command.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if code, _ := second.exit(t); code != node.ExitDone {
		t.Errorf("exit %d after SIGINT\n%s", code, second.stderr)
	}

	taken, err := net.Listen("tcp", first.ready.Peers["BirchMSP"])
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	fails(t, node.ExitUnavailable, "address already in use", "--config", config, "--data", data)
}

func TestSecondProcessOnTheSameDataIsRefused(t *testing.T) {
	config, data := writeConfig(t, newMaterial(t, 1)), t.TempDir()
	p := launch(t, config, data)
	fails(t, node.ExitUnavailable, "in use by another process", "--config", config, "--data", data)
	if err := p.command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code, _ := p.exit(t); code != node.ExitDone {
		t.Errorf("the first one ended with %d", code)
	}
}

func TestNothingCommittedIsLostByKill(t *testing.T) {
	material := newMaterial(t, 3)
	config, data := writeConfig(t, material), t.TempDir()
	p := launch(t, config, data)
	ready := p.ready
	for round := range 3 {
		committed := load(t, material, &p.ready, p.command.Process, fmt.Sprintf("round%d-", round))
		_, _ = p.exit(t)
		p = launch(t, config, data)
		if p.ready.Genesis != ready.Genesis || fmt.Sprint(p.ready.Peers) != fmt.Sprint(ready.Peers) {
			t.Fatalf("came back as %+v, was %+v", p.ready, ready)
		}
		c, err := material.Dial("alder", p.ready.Peers["AlderMSP"])
		if err != nil {
			t.Fatal(err)
		}
		for key, id := range committed {
			status, err := c.Status(deadline(t), id)
			if err != nil || status.Result != pb.TxValidationCode_VALID {
				t.Fatalf("transaction of %s: %v %v", key, status, err)
			}
			if got := evaluate(t, c, "Get", key); got != "value" {
				t.Fatalf("%s reads %q", key, got)
			}
		}
		if len(committed) < 20 {
			t.Errorf("only %d transactions were committed before the kill", len(committed))
		}
		if err := c.Conn.Close(); err != nil {
			t.Error(err)
		}
	}
}

// load submits at several organisations, kills the process in the middle, and returns what was told to be committed.
func load(t *testing.T, material *nettest.Material, ready *node.Ready, victim *os.Process, prefix string) map[string]string {
	t.Helper()
	var mu sync.Mutex
	committed := map[string]string{}
	enough := make(chan struct{})
	var wait sync.WaitGroup
	for w := range 12 {
		organisation := material.Config.Organisations[w%len(material.Config.Organisations)]
		c, err := material.Dial(organisation.Name, ready.Peers[organisation.MSPID])
		if err != nil {
			t.Fatal(err)
		}
		wait.Go(func() {
			defer func() { _ = c.Conn.Close() }()
			for i := 0; ; i++ {
				key := fmt.Sprintf("%s%d-%d", prefix, w, i)
				id, err := putOnce(c, key)
				if err != nil {
					return // the network is gone
				}
				mu.Lock()
				if committed[key] = id; len(committed) == 60 {
					close(enough)
				}
				mu.Unlock()
			}
		})
	}
	select {
	case <-enough:
	case <-time.After(time.Minute):
		t.Error("no 60 commits in a minute")
	}
	if err := victim.Kill(); err != nil {
		t.Fatal(err)
	}
	wait.Wait()
	return committed
}

func putOnce(c *nettest.Client, key string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	envelope, id, err := c.Endorse(ctx, nil, "Put", key, "value")
	if err != nil {
		return "", err
	}
	if err := c.Send(ctx, envelope, id); err != nil {
		return "", err
	}
	_, err = c.Status(ctx, id)
	return id, err
}

func TestUsage(t *testing.T) {
	config := writeConfig(t, newMaterial(t, 1))
	for name, test := range map[string]struct {
		args  []string
		error string
	}{
		"nothing":      {nil, "--config and --data are needed"},
		"unknown flag": {[]string{"--wrong"}, "flag provided but not defined"},
		"an argument":  {[]string{"--config", config, "--data", t.TempDir(), "more"}, "unexpected argument"},
		"no such file": {[]string{"--config", "/nowhere.json", "--data", t.TempDir()}, "no such file"},
		"not a file":   {[]string{"--config", t.TempDir(), "--data", t.TempDir()}, "not a regular file"},
	} {
		t.Run(name, func(t *testing.T) { fails(t, node.ExitUsage, test.error, test.args...) })
	}
	p := command("--version")
	if out, err := p.command.Output(); err != nil || string(out) != "quorate-embedded test\n" {
		t.Errorf("--version: %q %v", out, err)
	}
}
