package node

import (
	"crypto/rand"
	"errors"
	"fmt"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	pb "github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"quorate.dev/network/embedded/internal/ccpeer"
	"quorate.dev/network/embedded/internal/endorse"
	"quorate.dev/network/embedded/internal/fabtx"
	"quorate.dev/network/embedded/internal/ledger"
	"quorate.dev/network/embedded/internal/lifecycle"
	"quorate.dev/network/embedded/internal/msp"
	"quorate.dev/network/embedded/internal/order"
)

// defineChaincode commits the chaincode's definition if the ledger has none or one of another version: an ordinary
// transaction, created by the first organisation's administrator and endorsed by every peer.
func (n *Network) defineChaincode() (err error) {
	snapshots, err := n.ledger.Snapshots(1)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ledger.CloseAll(snapshots)) }()
	next, err := n.nextDefinition(snapshots[0])
	if err != nil || next == nil {
		return err
	}
	envelope, id, err := n.definitionTransaction(snapshots[0], *next)
	if err != nil {
		return fmt.Errorf("define chaincode %s: %w", next.Name, err)
	}
	raw, err := proto.Marshal(envelope)
	if err != nil {
		return fmt.Errorf("define chaincode %s: %w", next.Name, err)
	}
	writer := order.Writer{Ledger: n.ledger, Committer: n.validator, Signer: n.material.orderer.node}
	if err := writer.Write([][]byte{raw}); err != nil {
		return fmt.Errorf("define chaincode %s: %w", next.Name, err)
	}
	status, err := n.ledger.TxStatus(id)
	if err == nil && status.Code != pb.TxValidationCode_VALID {
		err = fmt.Errorf("the definition is invalid: %s", status.Code)
	}
	return err
}

func (n *Network) nextDefinition(view ledger.View) (*lifecycle.Definition, error) {
	have, err := lifecycle.Committed(view, n.config.Chaincode)
	if err != nil {
		return nil, err
	}
	if have != nil && have.Version == n.config.ChaincodeVersion {
		return nil, nil
	}
	parameter, err := lifecycle.MajorityEndorsement()
	if err != nil {
		return nil, err
	}
	next := &lifecycle.Definition{
		Name: n.config.Chaincode, Version: n.config.ChaincodeVersion, Sequence: 1, ValidationParameter: parameter,
	}
	if have != nil {
		next.Sequence = have.Sequence + 1
	}
	return next, nil
}

func (n *Network) definitionTransaction(view ledger.View, d lifecycle.Definition) (*cb.Envelope, string, error) {
	admin := n.material.members[0].admin
	p, err := definitionProposal(n.config.Channel, admin, d)
	if err != nil {
		return nil, "", err
	}
	simulation := ccpeer.NewSimulation(view)
	if err := lifecycle.Write(simulation, d); err != nil {
		return nil, "", err
	}
	payload, err := endorse.Payload(p, lifecycle.SystemVersion, &pb.Response{Status: 200}, nil, simulation.Set())
	if err != nil {
		return nil, "", err
	}
	var endorsements []*pb.Endorsement
	for _, m := range n.material.members {
		endorsement, err := endorse.Sign(m.node, n.channel.Directory, payload)
		if err != nil {
			return nil, "", err
		}
		endorsements = append(endorsements, endorsement)
	}
	envelope, err := fabtx.Prepare(p, payload, endorsements)
	if err != nil {
		return nil, "", err
	}
	envelope.Signature, err = admin.Sign(envelope.Payload)
	return envelope, p.Channel.TxId, err
}

const nonceBytes = 24

func definitionProposal(channel string, creator *msp.Signer, d lifecycle.Definition) (*fabtx.Proposal, error) {
	args, err := lifecycle.CommitArguments(d)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, nonceBytes)
	if _, err := rand.Read(nonce); err != nil {
		return nil, err
	}
	signed, err := fabtx.NewProposal(fabtx.ProposalFields{
		Channel: channel, Chaincode: lifecycle.Namespace, Args: args, Creator: creator.Serialized, Nonce: nonce, Time: timestamppb.Now(),
	})
	if err != nil {
		return nil, err
	}
	if signed.Signature, err = creator.Sign(signed.ProposalBytes); err != nil {
		return nil, err
	}
	return fabtx.UnpackProposal(signed)
}
