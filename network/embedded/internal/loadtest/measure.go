package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	pb "github.com/hyperledger/fabric-protos-go-apiv2/peer"

	"quorate.dev/network/embedded/internal/nettest"
)

// Spread describes durations in milliseconds.
type Spread struct {
	Median float64 `json:"median"`
	P95    float64 `json:"p95"`
}

func spread(all []time.Duration) Spread {
	slices.Sort(all)
	ms := func(i int) float64 { return float64(all[i].Microseconds()) / 1000 }
	return Spread{Median: ms(len(all) / 2), P95: ms(len(all) * 95 / 100)}
}

type measurement struct {
	settings
	server  *server
	clients []*nettest.Client
	invalid atomic.Int64
}

func measure(ctx context.Context, s settings, material *nettest.Material, server *server) (*Result, error) {
	m := &measurement{settings: s, server: server}
	for _, o := range material.Config.Organisations {
		client, err := material.Dial(o.Name, server.ready.Peers[o.MSPID])
		if err != nil {
			return nil, err
		}
		m.clients = append(m.clients, client)
	}
	r := &Result{Organisations: s.organisations, BatchMS: s.batchMS, Submitters: s.submitters, StartMS: float64(server.start.Microseconds()) / 1000}
	for _, step := range []func(context.Context, *Result) error{m.idle, m.sequential, m.evaluate, m.concurrent, m.afterwards} {
		if err := step(ctx, r); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func (m *measurement) idle(_ context.Context, r *Result) (err error) {
	r.IdleRSS, err = m.server.memory("VmRSS")
	return err
}

// timed runs f n times among workers and returns how long each took.
func (m *measurement) timed(n, workers int, f func(i int) error) ([]time.Duration, error) {
	took := make([]time.Duration, n)
	failures := make([]error, workers)
	var next atomic.Int64
	var wait sync.WaitGroup
	for w := range workers {
		wait.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && failures[w] == nil; i = int(next.Add(1)) - 1 {
				began := time.Now()
				failures[w] = f(i)
				took[i] = time.Since(began)
			}
		})
	}
	wait.Wait()
	for _, err := range failures {
		if err != nil {
			return nil, err
		}
	}
	return took, nil
}

func (m *measurement) put(ctx context.Context, prefix string) func(i int) error {
	return func(i int) error {
		status, err := m.clients[i%len(m.clients)].Submit(ctx, "Put", fmt.Sprintf("%s%d", prefix, i), "value")
		if err != nil {
			return err
		}
		if status.Result != pb.TxValidationCode_VALID {
			m.invalid.Add(1)
		}
		return nil
	}
}

func (m *measurement) sequential(ctx context.Context, r *Result) error {
	if _, err := m.timed(2*len(m.clients), 1, m.put(ctx, "warm")); err != nil { // connections
		return err
	}
	took, err := m.timed(m.settings.sequential, 1, m.put(ctx, "sequential"))
	if err != nil {
		return err
	}
	r.SequentialMS = spread(took)
	return nil
}

func (m *measurement) evaluate(ctx context.Context, r *Result) error {
	took, err := m.timed(m.settings.sequential, 1, func(i int) error {
		_, err := m.clients[i%len(m.clients)].Evaluate(ctx, "Get", "warm0")
		return err
	})
	if err != nil {
		return err
	}
	r.EvaluateMS = spread(took)
	return nil
}

func (m *measurement) concurrent(ctx context.Context, r *Result) error {
	before, err := m.server.cpu()
	if err != nil {
		return err
	}
	began := time.Now()
	took, err := m.timed(m.settings.concurrent, m.submitters, m.put(ctx, "concurrent"))
	if err != nil {
		return err
	}
	r.PerSecond = float64(m.settings.concurrent) / time.Since(began).Seconds()
	r.ConcurrentMS = spread(took)
	after, err := m.server.cpu()
	r.ServerCPUMS = float64((after - before).Microseconds()) / 1000 / float64(m.settings.concurrent)
	return err
}

func (m *measurement) afterwards(ctx context.Context, r *Result) (err error) {
	if r.LoadedRSS, err = m.server.memory("VmRSS"); err != nil {
		return err
	}
	if r.PeakRSS, err = m.server.memory("VmHWM"); err != nil {
		return err
	}
	status, err := m.clients[0].Submit(ctx, "Put", "last", "value")
	if err != nil {
		return err
	}
	info, err := os.Stat(filepath.Join(m.server.data, "ledger.db"))
	if err != nil {
		return err
	}
	r.Invalid, r.Blocks, r.LedgerBytes = m.invalid.Load(), status.BlockNumber+1, info.Size()
	return nil
}
