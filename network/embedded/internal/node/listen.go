package node

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"syscall"

	"quorate.dev/network/embedded/internal/ledger"
)

const portsKey = "addresses"

// Below what Linux and others hand out for outgoing connections, which could take a port while the network is down.
const lowestPort, portsAbove, portAttempts = 20_000, 12_000, 100

// listeners holds the sockets of all organisations, in the configuration's order, the orderer's last.
type listeners struct {
	all       []net.Listener
	addresses map[string]string // by MSP id
}

// listen binds every address. A port of 0 means any at the first start, and that same one ever after: clients and the
// genesis block remember it.
func listen(c *Config, l *ledger.Ledger) (*listeners, error) {
	remembered, err := rememberedAddresses(l)
	if err != nil {
		return nil, err
	}
	out := &listeners{addresses: map[string]string{}}
	bind := func(mspID, address string) error {
		if _, port, _ := splitListen(address); port == 0 && remembered[mspID] != "" {
			address = remembered[mspID]
		}
		listener, err := listenOn(address)
		if err != nil {
			return bindFailure(mspID, address, err)
		}
		out.all = append(out.all, listener)
		out.addresses[mspID] = listener.Addr().String()
		return nil
	}
	for _, o := range c.Organisations {
		if err := bind(o.MSPID, o.Listen); err != nil {
			return nil, errors.Join(err, out.close())
		}
	}
	if err := bind(c.Orderer.MSPID, c.Orderer.Listen); err != nil {
		return nil, errors.Join(err, out.close())
	}
	return out, nil
}

func listenOn(address string) (net.Listener, error) {
	if host, port, _ := splitListen(address); port == 0 {
		for range portAttempts {
			port = lowestPort + rand.IntN(portsAbove)
			if listener, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(port))); err == nil {
				return listener, nil
			}
		}
	}
	return net.Listen("tcp", address)
}

func bindFailure(mspID, address string, err error) error {
	hint := "check the address"
	if errors.Is(err, syscall.EADDRINUSE) {
		hint = "stop the program that uses the port, or set another port in the configuration"
	}
	return unavailable("listen on "+address+" for "+mspID, err, hint)
}

func rememberedAddresses(l *ledger.Ledger) (map[string]string, error) {
	raw, err := l.Meta(portsKey)
	if err != nil || len(raw) == 0 {
		return nil, err
	}
	addresses := map[string]string{}
	if err := json.Unmarshal(raw, &addresses); err != nil {
		return nil, fmt.Errorf("%w: remembered addresses: %w", ledger.ErrCorrupt, err)
	}
	return addresses, nil
}

func (s *listeners) remember(l *ledger.Ledger) error {
	raw, err := json.Marshal(s.addresses)
	if err != nil {
		return err
	}
	return l.SetMeta(portsKey, raw)
}

func (s *listeners) close() error {
	var failures []error
	for _, listener := range s.all {
		if err := listener.Close(); !errors.Is(err, net.ErrClosed) {
			failures = append(failures, err)
		}
	}
	return errors.Join(failures...)
}

// hostPort splits the address of a bound socket.
func hostPort(address string) (string, int, error) {
	host, text, err := net.SplitHostPort(address)
	if err != nil {
		return "", 0, err
	}
	port, err := strconv.Atoi(text)
	return host, port, err
}
