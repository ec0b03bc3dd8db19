package chanconfig

import (
	"crypto/x509"
	"errors"
	"fmt"
	"strings"

	"github.com/hyperledger/fabric-config/configtx"
	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	mspb "github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"google.golang.org/protobuf/proto"

	"quorate.dev/network/embedded/internal/msp"
)

// Config is a channel's configuration, built from its configuration block alone.
type Config struct {
	Channel   string
	Directory *msp.Directory

	root     *cb.ConfigGroup
	policies *policyGroup
}

// Parse reads a configuration block.
func Parse(block *cb.Block) (*Config, error) {
	header, envelope, err := open(block)
	if err != nil {
		return nil, err
	}
	root := envelope.GetConfig().GetChannelGroup()
	if root == nil {
		return nil, errors.New("the configuration block has no channel group")
	}
	var configs []*mspb.FabricMSPConfig
	for _, section := range []string{configtx.ApplicationGroupKey, configtx.OrdererGroupKey} {
		for name, group := range root.Groups[section].GetGroups() {
			config, err := mspOf(group)
			if err != nil {
				return nil, fmt.Errorf("organisation %s: %w", name, err)
			}
			configs = append(configs, config)
		}
	}
	more, err := keyAlgorithms(root)
	if err != nil {
		return nil, err
	}
	directory, err := msp.NewDirectory(configs, more...)
	if err != nil {
		return nil, err
	}
	policies, err := newPolicyGroup(root)
	if err != nil {
		return nil, err
	}
	return &Config{Channel: header.ChannelId, Directory: directory, root: root, policies: policies}, nil
}

// keyAlgorithms are those that the channel takes besides ECDSA: Ed25519 came with capability V3_0.
func keyAlgorithms(root *cb.ConfigGroup) ([]x509.PublicKeyAlgorithm, error) {
	capabilities := &cb.Capabilities{}
	if err := proto.Unmarshal(root.Values["Capabilities"].GetValue(), capabilities); err != nil {
		return nil, fmt.Errorf("read the capabilities: %w", err)
	}
	if capabilities.Capabilities["V3_0"] == nil {
		return nil, nil
	}
	return []x509.PublicKeyAlgorithm{x509.Ed25519}, nil
}

func open(block *cb.Block) (*cb.ChannelHeader, *cb.ConfigEnvelope, error) {
	if len(block.GetData().GetData()) != 1 {
		return nil, nil, errors.New("a configuration block holds one transaction")
	}
	envelope, payload := &cb.Envelope{}, &cb.Payload{}
	header, config := &cb.ChannelHeader{}, &cb.ConfigEnvelope{}
	if err := proto.Unmarshal(block.Data.Data[0], envelope); err != nil {
		return nil, nil, fmt.Errorf("read the envelope: %w", err)
	}
	if err := proto.Unmarshal(envelope.Payload, payload); err != nil {
		return nil, nil, fmt.Errorf("read the payload: %w", err)
	}
	if err := proto.Unmarshal(payload.GetHeader().GetChannelHeader(), header); err != nil {
		return nil, nil, fmt.Errorf("read the channel header: %w", err)
	}
	if header.Type != int32(cb.HeaderType_CONFIG) {
		return nil, nil, fmt.Errorf("not a configuration transaction: type %d", header.Type)
	}
	if err := proto.Unmarshal(payload.Data, config); err != nil {
		return nil, nil, fmt.Errorf("read the configuration: %w", err)
	}
	return header, config, nil
}

func mspOf(group *cb.ConfigGroup) (*mspb.FabricMSPConfig, error) {
	outer, inner := &mspb.MSPConfig{}, &mspb.FabricMSPConfig{}
	if err := proto.Unmarshal(group.GetValues()[configtx.MSPKey].GetValue(), outer); err != nil {
		return nil, fmt.Errorf("read the MSP: %w", err)
	}
	if err := proto.Unmarshal(outer.Config, inner); err != nil {
		return nil, fmt.Errorf("read the MSP's configuration: %w", err)
	}
	return inner, nil
}

// Development reports whether the block carries the marker of the embedded network.
func (c *Config) Development() bool {
	value := &cb.Consortium{}
	err := proto.Unmarshal(c.root.Values[configtx.ConsortiumKey].GetValue(), value)
	return err == nil && value.Name == DevelopmentConsortium
}

// group walks an absolute path such as /Channel/Application.
func (c *Config) group(path string) (*policyGroup, error) {
	rest, ok := strings.CutPrefix(path, "/"+configtx.ChannelGroupKey)
	if !ok || rest != "" && rest[0] != '/' {
		return nil, fmt.Errorf("policy path %q does not start with /Channel", path)
	}
	group := c.policies
	if rest == "" {
		return group, nil
	}
	for name := range strings.SplitSeq(rest[1:], "/") {
		if group = group.groups[name]; group == nil {
			return nil, fmt.Errorf("no such group: %s", path)
		}
	}
	return group, nil
}
