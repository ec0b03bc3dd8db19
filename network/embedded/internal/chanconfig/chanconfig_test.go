package chanconfig_test

import (
	"crypto/sha256"
	"path/filepath"
	"strings"
	"testing"
	"time"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	mspb "github.com/hyperledger/fabric-protos-go-apiv2/msp"
	pb "github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"

	"quorate.dev/network/embedded/internal/chanconfig"
	"quorate.dev/network/embedded/internal/msp"
	"quorate.dev/network/embedded/internal/nettest"
)

type channel struct {
	*chanconfig.Config
	genesis *cb.Block
	t       *testing.T
	folder  string
}

func load(t *testing.T, path string) *msp.Signer {
	t.Helper()
	s, err := msp.LoadSigner("x", path+".pem", path+".key")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func found(t *testing.T, organisations int) *channel {
	t.Helper()
	material, err := nettest.NewMaterial(t.TempDir(), organisations)
	if err != nil {
		t.Fatal(err)
	}
	organisation := func(name string) chanconfig.Organisation {
		ca, tlsCA := filepath.Join(material.Folder, name, "ca.pem"), filepath.Join(material.Folder, name, "tlsca.pem")
		_, cert, err := msp.LoadCertificate(ca)
		if err != nil {
			t.Fatal(err)
		}
		_, tlsCert, err := msp.LoadCertificate(tlsCA)
		if err != nil {
			t.Fatal(err)
		}
		return chanconfig.Organisation{Name: name, MSPID: nettest.MSPID(name), CA: cert, TLSCA: tlsCert}
	}
	settings := chanconfig.Channel{
		Name: "quorate", Orderer: organisation("orderer"), OrdererTLS: load(t, filepath.Join(material.Folder, "orderer", "tls")).Cert,
		OrdererHost: "127.0.0.1", OrdererPort: 7050, BatchTimeout: 10 * time.Millisecond, BatchCount: 10, BatchBytes: 1 << 20, Capability: "V3_0",
	}
	for _, o := range material.Config.Organisations {
		settings.Organisations = append(settings.Organisations, organisation(o.Name))
	}
	genesis, err := chanconfig.Genesis(settings)
	if err != nil {
		t.Fatal(err)
	}
	config, err := chanconfig.Parse(genesis)
	if err != nil {
		t.Fatal(err)
	}
	return &channel{Config: config, genesis: genesis, t: t, folder: material.Folder}
}

// identities turns "alder/peer" into identities.
func (c *channel) identities(names ...string) []*msp.Identity {
	c.t.Helper()
	var all []*msp.Identity
	for _, name := range names {
		organisation, leaf, _ := strings.Cut(name, "/")
		path := filepath.Join(c.folder, organisation, leaf)
		s, err := msp.LoadSigner(nettest.MSPID(organisation), path+".pem", path+".key")
		if err != nil {
			c.t.Fatal(err)
		}
		id, err := c.Directory.Identity(s.Serialized)
		if err != nil {
			c.t.Fatal(err)
		}
		all = append(all, id)
	}
	return all
}

func TestGenesisIsMarkedAndClosed(t *testing.T) {
	c := found(t, 2)
	if !c.Development() {
		t.Error("the genesis block does not say that it is for development")
	}
	if want := sha256.Sum256(c.genesis.Data.Data[0]); string(c.genesis.Header.DataHash) != string(want[:]) {
		t.Error("the data hash is not that of the marked data")
	}
	if c.Channel != "quorate" || len(c.genesis.Metadata.Metadata) != 5 {
		t.Errorf("channel %q, %d metadata slots", c.Channel, len(c.genesis.Metadata.Metadata))
	}
}

func TestPolicies(t *testing.T) {
	c := found(t, 4)
	for _, test := range []struct {
		policy string
		by     []string
		ok     bool
	}{
		{chanconfig.ApplicationWriters, []string{"alder/user"}, true},
		{chanconfig.ApplicationWriters, []string{"orderer/orderer"}, false},
		{chanconfig.Writers, []string{"orderer/orderer"}, true},
		{chanconfig.Readers, []string{"birch/user"}, true},
		{chanconfig.Readers, nil, false},
		{"/Channel/Application/Admins", []string{"alder/admin", "birch/admin"}, false},
		{"/Channel/Application/Admins", []string{"alder/admin", "birch/admin", "cedar/admin"}, true},
		{"/Channel/Application/Admins", []string{"alder/admin", "birch/admin", "cedar/user"}, false},
		{chanconfig.Endorsement, []string{"alder/peer", "birch/peer"}, false},
		{chanconfig.Endorsement, []string{"alder/peer", "birch/peer", "damson/peer"}, true},
		{chanconfig.Endorsement, []string{"alder/peer", "alder/peer", "alder/peer"}, false},
		{chanconfig.Endorsement, []string{"alder/admin", "birch/user", "damson/peer"}, false},
		{chanconfig.LifecycleEndorsement, []string{"alder/peer", "birch/peer", "damson/peer"}, true},
		{"/Channel/Orderer/BlockValidation", []string{"orderer/orderer"}, true},
		{"/Channel/Orderer/BlockValidation", []string{"alder/peer"}, false},
		{"/Channel/Nowhere/Readers", []string{"alder/user"}, false},
		{"/Channel/Application/Nothing", []string{"alder/user"}, false},
		{"relative", []string{"alder/user"}, false},
	} {
		if err := c.Check(test.policy, c.identities(test.by...)...); (err == nil) != test.ok {
			t.Errorf("%s by %v: %v", test.policy, test.by, err)
		}
	}
}

func signaturePolicy(n int32, by []int32, principals ...*mspb.MSPPrincipal) *cb.SignaturePolicyEnvelope {
	rule := &cb.SignaturePolicy_NOutOf{N: n}
	for _, i := range by {
		rule.Rules = append(rule.Rules, &cb.SignaturePolicy{Type: &cb.SignaturePolicy_SignedBy{SignedBy: i}})
	}
	return &cb.SignaturePolicyEnvelope{Rule: &cb.SignaturePolicy{Type: &cb.SignaturePolicy_NOutOf_{NOutOf: rule}}, Identities: principals}
}

func principal(t *testing.T, id string, role mspb.MSPRole_MSPRoleType) *mspb.MSPPrincipal {
	t.Helper()
	raw, err := proto.Marshal(&mspb.MSPRole{MspIdentifier: id, Role: role})
	if err != nil {
		t.Fatal(err)
	}
	return &mspb.MSPPrincipal{PrincipalClassification: mspb.MSPPrincipal_ROLE, Principal: raw}
}

func TestSignaturePolicies(t *testing.T) {
	c := found(t, 2)
	alder, birch := principal(t, "AlderMSP", mspb.MSPRole_PEER), principal(t, "BirchMSP", mspb.MSPRole_MEMBER)
	for name, test := range map[string]struct {
		policy *cb.SignaturePolicyEnvelope
		by     []string
		ok     bool
	}{
		"one of two":             {signaturePolicy(1, []int32{0, 1}, alder, birch), []string{"birch/user"}, true},
		"two of two":             {signaturePolicy(2, []int32{0, 1}, alder, birch), []string{"birch/user"}, false},
		"both":                   {signaturePolicy(2, []int32{0, 1}, alder, birch), []string{"birch/user", "alder/peer"}, true},
		"nobody counts twice":    {signaturePolicy(2, []int32{0, 0}, alder), []string{"alder/peer"}, false},
		"wrong role":             {signaturePolicy(1, []int32{0}, alder), []string{"alder/user"}, false},
		"principal out of range": {signaturePolicy(1, []int32{7}, alder), []string{"alder/peer"}, false},
		"other principal":        {signaturePolicy(1, []int32{0}, &mspb.MSPPrincipal{PrincipalClassification: mspb.MSPPrincipal_ORGANIZATION_UNIT}), []string{"alder/peer"}, false},
		"empty":                  {&cb.SignaturePolicyEnvelope{}, []string{"alder/peer"}, false},
	} {
		raw, err := proto.Marshal(&pb.ApplicationPolicy{Type: &pb.ApplicationPolicy_SignaturePolicy{SignaturePolicy: test.policy}})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.CheckApplication(raw, c.identities(test.by...)); (err == nil) != test.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, raw := range map[string][]byte{"malformed": {0xff}, "empty": {}} {
		if c.CheckApplication(raw, c.identities("alder/peer")) == nil {
			t.Errorf("a %s parameter is satisfied", name)
		}
	}
}

func TestParseRefusesWhatIsNoConfiguration(t *testing.T) {
	c := found(t, 1)
	empty := &cb.Block{Data: &cb.BlockData{}}
	two := proto.Clone(c.genesis).(*cb.Block)
	two.Data.Data = append(two.Data.Data, two.Data.Data[0])
	broken := proto.Clone(c.genesis).(*cb.Block)
	broken.Data.Data[0] = broken.Data.Data[0][:100]
	for name, block := range map[string]*cb.Block{"no block": nil, "empty": empty, "two entries": two, "cut": broken} {
		if _, err := chanconfig.Parse(block); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}
