package contract

import (
	"bytes"
	"slices"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"

	"quorate.dev/chaincode/ledger"
)

// requireDirect refuses arguments that are not those of the signed proposal: another chaincode of the channel makes the
// call then. What it writes stands in a transaction of that chaincode, in which nobody can replay our rules.
func requireDirect(stub shim.ChaincodeStubInterface) error {
	signed, err := stub.GetSignedProposal()
	if err != nil {
		return ledger.Refuse(ledger.Denied, "the call has no signed proposal: %v", err)
	}
	proposal, payload, spec := &peer.Proposal{}, &peer.ChaincodeProposalPayload{}, &peer.ChaincodeInvocationSpec{}
	for _, step := range []struct {
		data    func() []byte
		message proto.Message
	}{{signed.GetProposalBytes, proposal}, {proposal.GetPayload, payload}, {payload.GetInput, spec}} {
		if err := proto.Unmarshal(step.data(), step.message); err != nil {
			return ledger.Refuse(ledger.Denied, "the signed proposal cannot be read: %v", err)
		}
	}
	if !slices.EqualFunc(spec.GetChaincodeSpec().GetInput().GetArgs(), stub.GetArgs(), bytes.Equal) {
		return ledger.Refuse(ledger.Denied, "another chaincode makes this call: its arguments are not those that were signed")
	}
	return nil
}
