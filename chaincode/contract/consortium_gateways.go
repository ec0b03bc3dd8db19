package contract

import (
	"crypto/x509"
	"encoding/pem"
	"strconv"
	"strings"

	"quorate.dev/chaincode/ledger"
	"quorate.dev/chaincode/records"
)

// Announce says where the caller's organisation has its gateway, and which root its certificate hangs from.
func (*Consortium) Announce(ctx *Context, q *records.AnnounceRequest) (*records.Gateway, error) {
	if err := checkAddress(string(q.Address)); err != nil {
		return nil, err
	}
	if err := checkRoot(q.TLSRoot); err != nil {
		return nil, err
	}
	key := ledger.GatewayKey(ctx.Caller.MSP)
	stored, err := ledger.Get[records.Gateway](ctx.Tx, key)
	if err != nil || (stored != nil && stored.Address == q.Address && stored.TLSRoot == q.TLSRoot) {
		return stored, err
	}
	gateway := &records.Gateway{
		Schema: ledger.SchemaOf[records.Gateway](), MSP: ctx.Caller.MSP,
		Address: q.Address, TLSRoot: q.TLSRoot, Announced: ctx.Stamp(),
	}
	ctx.Emit(records.Event{Type: "gateway.announced", MSP: ctx.Caller.MSP})
	return gateway, ledger.Put(ctx.Tx, key, gateway)
}

func checkAddress(address string) error {
	port, err := strconv.Atoi(address[strings.LastIndexByte(address, ':')+1:])
	if err != nil || port < 1 || port > 65535 {
		return ledger.Refuse(ledger.InvalidArgument, "the address %q has no port from 1 to 65535", address)
	}
	return nil
}

// checkRoot wants PEM certificates and nothing else; a private key on the ledger could never be taken back.
func checkRoot(text string) error {
	for rest := []byte(strings.TrimSpace(text)); len(rest) > 0; {
		block, after := pem.Decode(rest)
		if block == nil || block.Type != "CERTIFICATE" {
			return ledger.Refuse(ledger.InvalidArgument, "tls_root is not a list of PEM certificates")
		}
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			return ledger.Refuse(ledger.InvalidArgument, "tls_root has a certificate that cannot be read: %v", err)
		}
		rest = after
	}
	return nil
}

// Get returns the charter, what led to it, and the votes on its members.
func (*Consortium) Get(ctx *Context, _ *records.ConsortiumGetRequest) (*records.ConsortiumView, error) {
	foundings, err := ledger.List[records.Founding](ctx.Tx, "founding")
	if err != nil {
		return nil, err
	}
	confirmations, err := ledger.List[records.Confirmation](ctx.Tx, "confirm")
	if err != nil {
		return nil, err
	}
	proposals, err := ledger.List[records.MemberProposal](ctx.Tx, "proposal", aboutMembers)
	if err != nil {
		return nil, err
	}
	ballots, err := ledger.List[records.Ballot](ctx.Tx, "ballot", aboutMembers)
	if err != nil {
		return nil, err
	}
	return &records.ConsortiumView{
		Schema: records.Version("consortium", 1), Charter: ctx.charter, Foundings: foundings, Confirmations: confirmations,
		Proposals: proposals, Ballots: ballots,
	}, nil
}

// Members returns the charter in force and its members, with their gateways once announced. Unlike Get it costs the same
// however long the ledger is, so that gateways can ask after every change.
func (*Consortium) Members(ctx *Context, _ *records.MembersRequest) (*records.MembersView, error) {
	view := &records.MembersView{Schema: records.Version("members", 1), Charter: ctx.charter, Members: []records.MemberView{}}
	for _, msp := range ctx.members() {
		member := records.MemberView{MSP: msp}
		gateway, err := ledger.Get[records.Gateway](ctx.Tx, ledger.GatewayKey(msp))
		if err != nil {
			return nil, err
		}
		if gateway != nil {
			member.Address, member.TLSRoot = gateway.Address, gateway.TLSRoot
		}
		view.Members = append(view.Members, member)
	}
	return view, nil
}
