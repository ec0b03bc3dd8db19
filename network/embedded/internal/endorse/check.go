package endorse

import (
	"errors"
	"fmt"
	"time"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"

	"quorate.dev/network/embedded/internal/chanconfig"
	"quorate.dev/network/embedded/internal/fabtx"
	"quorate.dev/network/embedded/internal/ledger"
	"quorate.dev/network/embedded/internal/msp"
)

// FilterError is a refusal by what stands before the endorser itself. Fabric's gateway cannot tell it from a peer that
// does not answer, and asks another.
type FilterError struct{ reason string }

func (e *FilterError) Error() string { return e.reason }

// Filter refuses expired identities, whoever issued them, and proposals of another time, with a *FilterError.
func (e *Endorser) Filter(p *fabtx.Proposal) error {
	if p.Signature == nil {
		return &FilterError{"failed parsing signature header: " + p.Defect.Error()}
	}
	now := e.Clock()
	if ends, ok := e.Config.Directory.ExpiresAt(p.Signature.Creator); ok && now.After(ends) {
		return &FilterError{"proposal client identity expired"}
	}
	made := p.Channel.Timestamp.AsTime()
	if e.TimeWindow > 0 && made.Sub(now).Abs() > e.TimeWindow {
		return &FilterError{fmt.Sprintf("request unauthorized due to incorrect timestamp %s, peer time %s, peer.authentication.timewindow %s",
			made.UTC().Format(time.RFC3339), now.UTC().Format(time.RFC3339), e.TimeWindow)}
	}
	return nil
}

// check refuses what a Fabric endorser refuses before it runs anything, with the texts that its clients know.
func (e *Endorser) check(snapshot *ledger.Snapshot, p *fabtx.Proposal) error {
	if p.Defect != nil {
		return p.Defect
	}
	if err := checkForm(p); err != nil {
		return fmt.Errorf("error validating proposal: %w", err)
	}
	creator, err := e.creator(p)
	if err != nil {
		return fmt.Errorf("error validating proposal: %w", err)
	}
	_, err = snapshot.TxStatus(p.Channel.TxId)
	if err == nil {
		return fmt.Errorf("duplicate transaction found [%s]. Creator [%x]", p.Channel.TxId, p.Signature.Creator)
	}
	if !errors.Is(err, ledger.ErrNotFound) {
		return err
	}
	if IsSystem(p.Invoked) { // which have policies of their own
		return nil
	}
	return e.Config.CheckACL(chanconfig.ApplicationWriters, creator)
}

func checkForm(p *fabtx.Proposal) error {
	switch {
	case p.Channel.Type != int32(cb.HeaderType_ENDORSER_TRANSACTION) && p.Channel.Type != int32(cb.HeaderType_CONFIG): // sic
		return fmt.Errorf("invalid header type %s", cb.HeaderType(p.Channel.Type))
	case p.Channel.Epoch != 0:
		return errors.New("epoch is non-zero")
	case len(p.Signature.Nonce) == 0:
		return errors.New("nonce is empty")
	case len(p.Signature.Creator) == 0:
		return errors.New("creator is empty")
	}
	if want := fabtx.TxID(p.Signature.Nonce, p.Signature.Creator); want != p.Channel.TxId {
		return fmt.Errorf("incorrectly computed txid '%s' -- expected '%s'", p.Channel.TxId, want)
	}
	if len(p.Signed.Signature) == 0 {
		return errors.New("empty signature bytes")
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
