// Command quorate-chaincode serves Quorate's chaincode to a peer, over TLS.
//
// It is Fabric's chaincode as a service: the peer dials it. Configuration comes from flags, else from the
// environment variables that Fabric's documentation uses. It does not run without TLS.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"quorate.dev/chaincode/contract"
)

// gcPercent lets garbage grow to twice what is in use, which is about ten megabytes. At Go's own pace, once, a fifth of a
// call's processor time goes into collecting.
const gcPercent = 200

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.LookupEnv, os.Stderr)
	stop()
	os.Exit(code)
}

// Exit codes, as those of the command line.
const (
	exitDone   = 0
	exitUsage  = 2
	exitDefect = 70
)

func run(ctx context.Context, args []string, env func(string) (string, bool), stderr io.Writer) int {
	settings, err := readSettings(args, env, stderr)
	if errors.Is(err, errHelp) {
		return exitDone
	}
	if err == nil {
		err = settings.load()
	}
	if err != nil {
		fmt.Fprintf(stderr, "quorate-chaincode: %v\n", err)
		return exitUsage
	}
	log := slog.New(slog.NewJSONHandler(stderr, nil))
	chaincode, err := contract.New(contract.WithLogger(log))
	if err != nil {
		fmt.Fprintf(stderr, "quorate-chaincode: %v\n", err)
		return exitDefect
	}
	if err := serve(ctx, settings, chaincode, log); err != nil {
		fmt.Fprintf(stderr, "quorate-chaincode: %v\n", err)
		return exitDefect
	}
	return exitDone
}
