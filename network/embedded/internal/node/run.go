package node

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime/debug"
)

// Program is a command line to run.
type Program struct {
	Version string
	Factory Factory
	Stdout  io.Writer
	Stderr  io.Writer
}

type options struct {
	config, data string
	version      bool
}

// Run is the whole program but for signals: it ends when the context does. The result is the exit code.
func (p Program) Run(ctx context.Context, args []string) int {
	slog.SetDefault(slog.New(slog.NewTextHandler(p.Stderr, nil)))
	err := p.run(ctx, args)
	if errors.Is(err, flag.ErrHelp) {
		return ExitDone
	}
	if err != nil {
		hint := ""
		var e *Error
		if errors.As(err, &e) {
			hint = e.Hint
		}
		slog.Error(err.Error(), "hint", hint, "exit", ExitCode(err))
	}
	return ExitCode(err)
}

func (p Program) run(ctx context.Context, args []string) error {
	o, err := p.parse(args)
	if err != nil {
		return err
	}
	if o.version {
		_, err := fmt.Fprintln(p.Stdout, "quorate-embedded", p.Version)
		return err
	}
	config, err := LoadConfig(o.config)
	if err != nil {
		return err
	}
	return p.serve(ctx, config, o.data)
}

func (p Program) parse(args []string) (options, error) {
	var o options
	flags := flag.NewFlagSet("quorate-embedded", flag.ContinueOnError)
	flags.SetOutput(p.Stderr)
	flags.StringVar(&o.config, "config", "", "configuration `FILE` (JSON)")
	flags.StringVar(&o.data, "data", "", "data `DIR`ectory")
	flags.BoolVar(&o.version, "version", false, "print the version and exit")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return o, err
		}
		return o, usage("command line", err)
	}
	switch {
	case flags.NArg() > 0:
		return o, usage("command line", fmt.Errorf("unexpected argument %q", flags.Arg(0)))
	case !o.version && (o.config == "" || o.data == ""):
		return o, usage("command line", errors.New("--config and --data are needed"))
	}
	return o, nil
}

func (p Program) serve(ctx context.Context, config *Config, directory string) (err error) {
	n, err := Start(ctx, config, directory, p.Factory)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, n.Stop(), removeReady(directory)) }()
	ready, err := n.Ready()
	if err != nil {
		return err
	}
	line, err := ready.line()
	if err != nil {
		return err
	}
	if err := writeReady(directory, line); err != nil {
		return unavailable("the data directory", err, "see the cause")
	}
	logStart(ready)
	if _, err := p.Stdout.Write(line); err != nil {
		return err
	}
	debug.FreeOSMemory() // starting leaves much more behind than running needs
	err = n.Wait(ctx)
	slog.Info("stopping")
	return err
}

// Main runs the program on this process's own arguments and streams.
func Main(ctx context.Context, version string, factory Factory) int {
	return Program{Version: version, Factory: factory, Stdout: os.Stdout, Stderr: os.Stderr}.Run(ctx, os.Args[1:])
}
