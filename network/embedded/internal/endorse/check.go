package endorse

import (
	"errors"
	"fmt"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"

	"quorate.dev/network/embedded/internal/chanconfig"
	"quorate.dev/network/embedded/internal/fabtx"
	"quorate.dev/network/embedded/internal/ledger"
	"quorate.dev/network/embedded/internal/msp"
)

// check refuses what a Fabric endorser refuses before it runs anything, with the texts that its clients know.
func (e *Endorser) check(snapshot *ledger.Snapshot, p *fabtx.Proposal) error {
	if err := checkForm(p); err != nil {
		return fmt.Errorf("error validating proposal: %w", err)
	}
	creator, err := e.creator(p)
	if err != nil {
		return fmt.Errorf("error validating proposal: %w", err)
	}
	if creator.ExpiredAt(e.Clock()) {
		return errors.New("proposal client identity expired")
	}
	_, err = snapshot.TxStatus(p.Channel.TxId)
	if err == nil {
		return fmt.Errorf("duplicate transaction found [%s]. Creator [%x]", p.Channel.TxId, p.Signature.Creator)
	}
	if !errors.Is(err, ledger.ErrNotFound) {
		return err
	}
	policy := chanconfig.ApplicationWriters
	if IsSystem(p.Chaincode) {
		policy = chanconfig.ApplicationReaders
	}
	if err := e.Config.Check(policy, creator); err != nil {
		return fmt.Errorf("failed evaluating policy on signed data during check policy [%s]: [%w]", policy, err)
	}
	return nil
}

func checkForm(p *fabtx.Proposal) error {
	switch {
	case p.Channel.Type != int32(cb.HeaderType_ENDORSER_TRANSACTION):
		return fmt.Errorf("invalid header type %s", cb.HeaderType(p.Channel.Type))
	case p.Channel.Epoch != 0:
		return errors.New("epoch is non-zero")
	case p.Channel.Timestamp.CheckValid() != nil:
		return errors.New("the timestamp is missing or invalid")
	case len(p.Signature.Nonce) == 0:
		return errors.New("nonce is empty")
	case len(p.Signature.Creator) == 0:
		return errors.New("creator is empty")
	case len(p.Signed.Signature) == 0:
		return errors.New("empty signature bytes")
	}
	if want := fabtx.TxID(p.Signature.Nonce, p.Signature.Creator); want != p.Channel.TxId {
		return fmt.Errorf("incorrectly computed txid '%s' -- expected '%s'", p.Channel.TxId, want)
	}
	return nil
}

func (e *Endorser) creator(p *fabtx.Proposal) (*msp.Identity, error) {
	creator, err := e.Config.Directory.Identity(p.Signature.Creator)
	var invalid *msp.InvalidError
	if errors.As(err, &invalid) {
		return nil, fmt.Errorf("access denied: channel [%s] creator org [%s]", p.Channel.ChannelId, invalid.MSPID)
	}
	if err != nil {
		return nil, fmt.Errorf("access denied: channel [%s] creator org unknown, creator is malformed", p.Channel.ChannelId)
	}
	if creator.Verify(p.Signed.Signature, p.Signed.ProposalBytes) != nil {
		return nil, fmt.Errorf("access denied: channel [%s] creator org [%s]", p.Channel.ChannelId, creator.MSPID)
	}
	return creator, nil
}
