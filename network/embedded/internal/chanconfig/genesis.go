// Package chanconfig makes a channel's genesis block and reads a channel's organisations and policies back from one,
// as any peer or offline verifier does.
package chanconfig

import (
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"github.com/hyperledger/fabric-config/configtx"
	"github.com/hyperledger/fabric-config/configtx/orderer"
	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	"google.golang.org/protobuf/proto"
)

// DevelopmentConsortium is the value of /Channel "Consortium" in every genesis block that this program makes. Readers
// of a bundle know by it, and by nothing that can be lost, that the ledger came from the embedded network.
const DevelopmentConsortium = "quorate-embedded-development-only"

// AbsoluteMaxBytes is the largest transaction that the orderer takes: what fits a message of 100 MB.
const AbsoluteMaxBytes = 99 << 20

// Organisation is what the genesis block says of one organisation.
type Organisation struct {
	Name, MSPID string
	CA, TLSCA   *x509.Certificate
}

// Channel is what the genesis block is made of.
type Channel struct {
	Name          string
	Organisations []Organisation
	Orderer       Organisation
	OrdererTLS    *x509.Certificate
	OrdererHost   string
	OrdererPort   int
	BatchTimeout  time.Duration
	BatchCount    uint32
	BatchBytes    uint32
	Capability    string // the channel's: V3_0, or V2_0 if peers of Fabric 2.5 shall be able to follow
}

// Genesis makes block 0. It differs at every call, because Fabric's configuration transactions hold a random nonce.
func Genesis(channel Channel) (*cb.Block, error) {
	application := configtx.Application{
		Capabilities: []string{"V2_5"}, ModPolicy: configtx.AdminsPolicyKey,
		Policies: metaPolicies(map[string]string{
			configtx.EndorsementPolicyKey: "MAJORITY Endorsement", configtx.LifecycleEndorsementPolicyKey: "MAJORITY Endorsement",
		}),
	}
	for _, o := range channel.Organisations {
		application.Organizations = append(application.Organizations, member(o))
	}
	block, err := configtx.NewApplicationChannelGenesisBlock(configtx.Channel{
		Capabilities: []string{channel.Capability}, ModPolicy: configtx.AdminsPolicyKey, Policies: metaPolicies(nil),
		Application: application, Orderer: ordering(channel),
	}, channel.Name)
	if err != nil {
		return nil, fmt.Errorf("make the genesis block: %w", err)
	}
	return mark(block)
}

func ordering(channel Channel) configtx.Orderer {
	address := orderer.EtcdAddress{Host: channel.OrdererHost, Port: channel.OrdererPort}
	return configtx.Orderer{
		OrdererType: orderer.ConsensusTypeEtcdRaft, State: orderer.ConsensusStateNormal,
		BatchTimeout: channel.BatchTimeout,
		BatchSize: orderer.BatchSize{
			MaxMessageCount: channel.BatchCount, AbsoluteMaxBytes: AbsoluteMaxBytes, PreferredMaxBytes: channel.BatchBytes,
		},
		EtcdRaft: orderer.EtcdRaft{
			Consenters: []orderer.Consenter{{Address: address, ClientTLSCert: channel.OrdererTLS, ServerTLSCert: channel.OrdererTLS}},
			Options: orderer.EtcdRaftOptions{
				TickInterval: "500ms", ElectionTick: 10, HeartbeatTick: 1, MaxInflightBlocks: 5, SnapshotIntervalSize: 16 << 20,
			},
		},
		Organizations: []configtx.Organization{ordererMember(channel.Orderer, fmt.Sprintf("%s:%d", address.Host, address.Port))},
		Capabilities:  []string{"V2_0"}, ModPolicy: configtx.AdminsPolicyKey,
		Policies: metaPolicies(map[string]string{configtx.BlockValidationPolicyKey: "ANY Writers"}),
	}
}

// mark writes the development marker into the configuration and closes the block again.
func mark(block *cb.Block) (*cb.Block, error) {
	if len(block.GetData().GetData()) != 1 {
		return nil, errors.New("a genesis block holds one transaction")
	}
	envelope, payload, config := &cb.Envelope{}, &cb.Payload{}, &cb.ConfigEnvelope{}
	if err := proto.Unmarshal(block.Data.Data[0], envelope); err != nil {
		return nil, fmt.Errorf("read the new genesis envelope: %w", err)
	}
	if err := proto.Unmarshal(envelope.Payload, payload); err != nil {
		return nil, fmt.Errorf("read the new genesis payload: %w", err)
	}
	if err := proto.Unmarshal(payload.Data, config); err != nil {
		return nil, fmt.Errorf("read the new configuration: %w", err)
	}
	value, err := proto.Marshal(&cb.Consortium{Name: DevelopmentConsortium})
	if err != nil {
		return nil, fmt.Errorf("mark the configuration: %w", err)
	}
	config.Config.ChannelGroup.Values[configtx.ConsortiumKey] = &cb.ConfigValue{Value: value, ModPolicy: configtx.AdminsPolicyKey}
	return seal(block, envelope, payload, config)
}

func seal(block *cb.Block, envelope *cb.Envelope, payload *cb.Payload, config *cb.ConfigEnvelope) (*cb.Block, error) {
	encode := proto.MarshalOptions{Deterministic: true}
	var err error
	if payload.Data, err = encode.Marshal(config); err != nil {
		return nil, fmt.Errorf("encode the configuration: %w", err)
	}
	if envelope.Payload, err = encode.Marshal(payload); err != nil {
		return nil, fmt.Errorf("encode the genesis payload: %w", err)
	}
	if block.Data.Data[0], err = encode.Marshal(envelope); err != nil {
		return nil, fmt.Errorf("encode the genesis envelope: %w", err)
	}
	hash := sha256.Sum256(block.Data.Data[0])
	block.Header.DataHash = hash[:]
	return block, nil
}
