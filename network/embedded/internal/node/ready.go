package node

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

const (
	readySchema = "quorate.embedded.ready/1"
	readyName   = "ready.json"
)

// Ready is what the program prints, once, when every port answers.
type Ready struct {
	Schema  string            `json:"schema"`
	Channel string            `json:"channel"`
	Genesis string            `json:"genesis"`
	Height  uint64            `json:"height"`
	Peers   map[string]string `json:"peers"`
	Orderer string            `json:"orderer"`
	Notice  string            `json:"notice"`
}

// Ready describes the running network.
func (n *Network) Ready() (*Ready, error) {
	genesis, err := n.Genesis()
	if err != nil {
		return nil, err
	}
	height, _ := n.ledger.Height()
	ready := &Ready{
		Schema: readySchema, Channel: n.config.Channel, Genesis: genesis, Height: height, Notice: Notice,
		Peers: map[string]string{}, Orderer: n.sockets.addresses[n.config.Orderer.MSPID],
	}
	for _, o := range n.config.Organisations {
		ready.Peers[o.MSPID] = n.sockets.addresses[o.MSPID]
	}
	return ready, nil
}

// writeReady replaces the file at once: a reader sees all of it or none. The unfinished file's name can be fixed, since
// the ledger's lock keeps a second process away.
func writeReady(directory string, line []byte) error {
	unfinished := filepath.Join(directory, "."+readyName)
	file, err := os.OpenFile(unfinished, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return fmt.Errorf("write %s: %w", readyName, err)
	}
	_, err = file.Write(line)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return fmt.Errorf("write %s: %w", readyName, err)
	}
	return os.Rename(unfinished, filepath.Join(directory, readyName))
}

// removeReady makes the file's presence mean that the network runs, or was killed.
func removeReady(directory string) error {
	if err := os.Remove(filepath.Join(directory, readyName)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func (r *Ready) line() ([]byte, error) {
	raw, err := json.Marshal(r)
	return append(raw, '\n'), err
}
