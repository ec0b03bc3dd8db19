// Command loadtest measures the embedded network: it starts one as a process of its own, with durable commits, loads it
// through the gateways of all organisations, and prints the figures as one line of JSON.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"quorate.dev/network/embedded/internal/nettest"
	"quorate.dev/network/embedded/internal/node"
)

// Result is what a measurement prints.
type Result struct {
	Organisations int     `json:"organisations"`
	BatchMS       int     `json:"batch_ms"`
	StartMS       float64 `json:"start_ms"`
	IdleRSS       int64   `json:"idle_rss_bytes"`
	PeakRSS       int64   `json:"peak_rss_bytes"`
	LoadedRSS     int64   `json:"loaded_rss_bytes"`
	EvaluateMS    Spread  `json:"evaluate_ms"`
	SequentialMS  Spread  `json:"sequential_submit_to_commit_ms"`
	Submitters    int     `json:"submitters"`
	PerSecond     float64 `json:"durable_commits_per_second"`
	ConcurrentMS  Spread  `json:"concurrent_submit_to_commit_ms"`
	Invalid       int64   `json:"invalid"`
	ServerCPUMS   float64 `json:"server_cpu_ms_per_commit"`
	Blocks        uint64  `json:"blocks"`
	LedgerBytes   int64   `json:"ledger_bytes"`
}

type settings struct {
	organisations, sequential, concurrent, submitters, batchMS int
	directory, profile                                         string
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == serveCommand {
		os.Exit(serve(os.Args[2:]))
	}
	var s settings
	flag.IntVar(&s.organisations, "organisations", 4, "number of organisations")
	flag.IntVar(&s.sequential, "sequential", 100, "transactions one after the other")
	flag.IntVar(&s.concurrent, "concurrent", 3000, "transactions at the same time")
	flag.IntVar(&s.submitters, "submitters", 60, "how many submit at the same time")
	flag.IntVar(&s.batchMS, "batch-ms", 10, "batch time-out")
	flag.StringVar(&s.directory, "directory", "", "where to work; a temporary one if empty")
	flag.StringVar(&s.profile, "profile", "", "file for a CPU profile of the network")
	flag.Parse()
	if err := run(s); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(s settings) (err error) {
	if s.directory == "" {
		if s.directory, err = os.MkdirTemp("", "embedded-load"); err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(s.directory) }()
	}
	material, err := nettest.NewMaterial(s.directory, s.organisations)
	if err != nil {
		return err
	}
	material.Config.Batch.TimeoutMS = s.batchMS
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	server, err := launch(ctx, material, s.profile)
	if err != nil {
		return err
	}
	result, err := measure(ctx, s, material, server)
	if err != nil {
		return err
	}
	if err := server.stop(); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(result)
}

// serve is the network's process; it has the test chaincode, whose cost is small and known.
func serve(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	program := node.Program{Version: "load", Factory: nettest.NewChaincode, Stdout: os.Stdout, Stderr: os.Stderr}
	return profiled(os.Getenv(profileVariable), func() int { return program.Run(ctx, args) })
}
