// Package node puts the embedded network together: it reads the configuration, opens or founds the ledger, starts one
// server for each organisation and one for the orderer, and takes everything down again in order.
package node

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Schema is the configuration's format.
const Schema = "quorate.embedded/1"

const maxConfig = 1 << 20

// Config is the program's configuration file. Paths are relative to the file's folder.
type Config struct {
	Schema           string         `json:"schema"`
	FabricVersion    string         `json:"fabric_version,omitempty"` // whose peers can follow: 3.1 (also if left out) or 2.5
	Channel          string         `json:"channel"`
	Chaincode        string         `json:"chaincode"`
	ChaincodeVersion string         `json:"chaincode_version"`
	Batch            Batch          `json:"batch"`
	ClientAuth       bool           `json:"client_auth"`
	Organisations    []Organisation `json:"organisations"`
	Orderer          Orderer        `json:"orderer"`
}

// Batch says when a block is cut.
type Batch struct {
	TimeoutMS int `json:"timeout_ms"`
	MaxCount  int `json:"max_count"`
	MaxBytes  int `json:"max_bytes"`
}

// KeyPair names a certificate's file and its key's.
type KeyPair struct {
	Cert string `json:"cert"`
	Key  string `json:"key"`
}

// Organisation is a member of the channel. ClockOffsetMS, LagBlocks and LagMS make its peer misbehave as real ones do:
// its clock is off, and its endorser sees a block only when LagBlocks newer ones exist or the block is LagMS old (left
// out: 1000; 0: however long it takes).
type Organisation struct {
	Name          string  `json:"name"`
	MSPID         string  `json:"msp_id"`
	CA            string  `json:"ca"`
	TLSCA         string  `json:"tls_ca"`
	Peer          KeyPair `json:"peer"`
	Admin         KeyPair `json:"admin"`
	TLS           KeyPair `json:"tls"`
	Listen        string  `json:"listen"`
	ClockOffsetMS int64   `json:"clock_offset_ms"`
	LagBlocks     uint64  `json:"lag_blocks"`
	LagMS         *int64  `json:"lag_ms,omitempty"`
	// Chaincode, if not empty, is the address of a chaincode server to use for this organisation instead of the
	// chaincode inside this program.
	ChaincodeAddress string `json:"chaincode_address,omitempty"`
	ChaincodeTLSCA   string `json:"chaincode_tls_ca,omitempty"`
}

// Orderer is the organisation that orders.
type Orderer struct {
	Name   string  `json:"name"`
	MSPID  string  `json:"msp_id"`
	CA     string  `json:"ca"`
	TLSCA  string  `json:"tls_ca"`
	Node   KeyPair `json:"node"`
	Admin  KeyPair `json:"admin"`
	TLS    KeyPair `json:"tls"`
	Listen string  `json:"listen"`
}

// LoadConfig reads and checks a configuration file. The error is an *Error of kind Usage.
func LoadConfig(path string) (*Config, error) {
	raw, err := readBounded(path)
	if err != nil {
		return nil, usage("read the configuration", err)
	}
	config := &Config{}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(config); err != nil {
		return nil, usage(path, err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, usage(path, errors.New("something follows the JSON document"))
	}
	if err := config.check(); err != nil {
		return nil, usage(path, err)
	}
	config.resolve(filepath.Dir(path))
	return config, nil
}

func readBounded(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxConfig {
		return nil, fmt.Errorf("%s is not a regular file of at most %d bytes", path, maxConfig)
	}
	return os.ReadFile(path)
}

// resolve makes every path absolute or relative to the working directory.
func (c *Config) resolve(folder string) {
	for i := range c.Organisations {
		o := &c.Organisations[i]
		resolve(folder, &o.CA, &o.TLSCA, &o.Peer.Cert, &o.Peer.Key, &o.Admin.Cert, &o.Admin.Key, &o.TLS.Cert, &o.TLS.Key, &o.ChaincodeTLSCA)
	}
	o := &c.Orderer
	resolve(folder, &o.CA, &o.TLSCA, &o.Node.Cert, &o.Node.Key, &o.Admin.Cert, &o.Admin.Key, &o.TLS.Cert, &o.TLS.Key)
}

func resolve(folder string, paths ...*string) {
	for _, p := range paths {
		if *p != "" && !filepath.IsAbs(*p) {
			*p = filepath.Join(folder, *p)
		}
	}
}
