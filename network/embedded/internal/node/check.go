package node

import (
	"errors"
	"fmt"
	"net"
	"regexp"
	"strconv"

	"quorate.dev/network/embedded/internal/chanconfig"
)

const (
	maxOrganisations = 64
	maxLagBlocks     = 64
	maxLagMS         = 600_000
	maxClockOffsetMS = 24 * 60 * 60 * 1000
)

var (
	channelName   = regexp.MustCompile(`^[a-z][a-z0-9.-]{0,63}$`)
	chaincodeName = regexp.MustCompile(`^[a-zA-Z0-9]+([-_][a-zA-Z0-9]+)*$`)
	versionText   = regexp.MustCompile(`^[A-Za-z0-9_.+-]{1,64}$`)
	orgName       = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,63}$`)
	mspID         = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.-]{0,63}$`)
)

// capabilities of the channel, by the oldest Fabric whose peers have to understand it.
var capabilities = map[string]string{"": "V3_0", "3.1": "V3_0", "2.5": "V2_0"}

func (c *Config) check() error {
	switch {
	case c.Schema != Schema:
		return fmt.Errorf("schema is %q, want %q", c.Schema, Schema)
	case capabilities[c.FabricVersion] == "":
		return fmt.Errorf("fabric_version %q is neither 3.1 nor 2.5", c.FabricVersion)
	case !channelName.MatchString(c.Channel):
		return fmt.Errorf("channel %q is not a channel name", c.Channel)
	case len(c.Chaincode) > 64 || !chaincodeName.MatchString(c.Chaincode):
		return fmt.Errorf("chaincode %q is not a chaincode name", c.Chaincode)
	case !versionText.MatchString(c.ChaincodeVersion):
		return fmt.Errorf("chaincode_version %q is not a version", c.ChaincodeVersion)
	case len(c.Organisations) == 0 || len(c.Organisations) > maxOrganisations:
		return fmt.Errorf("organisations: want 1 to %d, have %d", maxOrganisations, len(c.Organisations))
	}
	if err := c.Batch.check(); err != nil {
		return fmt.Errorf("batch: %w", err)
	}
	return c.checkMembers()
}

func (b Batch) check() error {
	for _, v := range []struct {
		name             string
		value, low, high int
	}{
		{"timeout_ms", b.TimeoutMS, 1, 60_000},
		{"max_count", b.MaxCount, 1, 10_000},
		{"max_bytes", b.MaxBytes, 1024, chanconfig.AbsoluteMaxBytes},
	} {
		if v.value < v.low || v.value > v.high {
			return fmt.Errorf("%s is %d, want %d to %d", v.name, v.value, v.low, v.high)
		}
	}
	return nil
}

func (c *Config) checkMembers() error {
	names, ids, addresses := map[string]bool{}, map[string]bool{}, map[string]bool{}
	seen := func(in map[string]bool, what, value string) error {
		if in[value] {
			return fmt.Errorf("%s %q occurs twice", what, value)
		}
		in[value] = true
		return nil
	}
	check := func(name, id, listen string) error {
		if err := errors.Join(seen(names, "name", name), seen(ids, "msp_id", id)); err != nil {
			return err
		}
		if _, port, err := splitListen(listen); err != nil {
			return err
		} else if port != 0 {
			return seen(addresses, "address", listen)
		}
		return nil
	}
	for i, o := range c.Organisations {
		if err := errors.Join(o.check(), check(o.Name, o.MSPID, o.Listen)); err != nil {
			return fmt.Errorf("organisations[%d]: %w", i, err)
		}
	}
	o := c.Orderer
	if err := errors.Join(checkNames(o.Name, o.MSPID), checkFiles(o.CA, o.TLSCA, o.Node, o.Admin, o.TLS), check(o.Name, o.MSPID, o.Listen)); err != nil {
		return fmt.Errorf("orderer: %w", err)
	}
	return nil
}

func (o Organisation) check() error {
	if err := errors.Join(checkNames(o.Name, o.MSPID), checkFiles(o.CA, o.TLSCA, o.Peer, o.Admin, o.TLS)); err != nil {
		return err
	}
	if o.ClockOffsetMS < -maxClockOffsetMS || o.ClockOffsetMS > maxClockOffsetMS {
		return fmt.Errorf("clock_offset_ms is %d, want at most a day", o.ClockOffsetMS)
	}
	if o.LagBlocks > maxLagBlocks {
		return fmt.Errorf("lag_blocks is %d, want 0 to %d", o.LagBlocks, maxLagBlocks)
	}
	if o.LagMS != nil && (*o.LagMS < 0 || *o.LagMS > maxLagMS) {
		return fmt.Errorf("lag_ms is %d, want 0 to %d", *o.LagMS, maxLagMS)
	}
	if (o.ChaincodeAddress == "") != (o.ChaincodeTLSCA == "") {
		return errors.New("chaincode_address and chaincode_tls_ca go together")
	}
	return nil
}

func checkNames(name, id string) error {
	if !orgName.MatchString(name) {
		return fmt.Errorf("name %q is not a name", name)
	}
	if !mspID.MatchString(id) {
		return fmt.Errorf("msp_id %q is not an MSP id", id)
	}
	return nil
}

func checkFiles(ca, tlsCA string, pairs ...KeyPair) error {
	if ca == "" || tlsCA == "" {
		return errors.New("ca and tls_ca are needed")
	}
	for _, p := range pairs {
		if p.Cert == "" || p.Key == "" {
			return errors.New("a cert or key is missing")
		}
	}
	return nil
}

// splitListen allows this machine only: the network is for development, and its members' keys all lie in one place.
func splitListen(address string) (host string, port int, err error) {
	host, text, err := net.SplitHostPort(address)
	if err != nil {
		return "", 0, fmt.Errorf("listen %q: %w", address, err)
	}
	number, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return "", 0, fmt.Errorf("listen %q: %q is not a port", address, text)
	}
	ip := net.ParseIP(host)
	if ip == nil || !ip.IsLoopback() {
		return "", 0, fmt.Errorf("listen %q: the embedded network serves a loopback address only, such as 127.0.0.1", address)
	}
	return host, int(number), nil
}
