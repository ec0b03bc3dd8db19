package node

import (
	"fmt"

	mspb "github.com/hyperledger/fabric-protos-go-apiv2/msp"

	"quorate.dev/network/embedded/internal/msp"
)

// checkRole makes sure that a certificate's organisational unit gives it the role that policies expect.
func checkRole(what string, orderer bool, id *msp.Identity) error {
	want := mspb.MSPRole_PEER
	if orderer {
		want = mspb.MSPRole_ORDERER
	}
	if what == "admin" {
		want = mspb.MSPRole_ADMIN
	}
	if id.Role != want {
		return fmt.Errorf("its organisational unit makes it a %s, want %s", id.Role, want)
	}
	return nil
}
