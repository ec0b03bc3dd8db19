package merkle

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"testing"
)

// The inputs and roots of the test vectors that Certificate Transparency's implementations share.
var inputs = []string{"", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"}

var roots = []string{
	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
	"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
	"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
	"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
	"4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
	"76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
	"ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
	"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}

func leaves(t *testing.T) []Hash {
	t.Helper()
	var list []Hash
	for _, input := range inputs {
		data, err := hex.DecodeString(input)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, LeafHash(data))
	}
	return list
}

func TestRoots(t *testing.T) {
	for n, want := range roots {
		if got := Root(leaves(t)[:n]); hex.EncodeToString(got[:]) != want {
			t.Errorf("the root of %d leaves is %x", n, got)
		}
	}
}

// follow computes the root that a proof leads to, by the algorithm of RFC 9162, section 2.1.3.2.
func follow(leaf Hash, index, size int, proof []Hash) Hash {
	node, last := leaf, size-1
	for _, sibling := range proof {
		if index%2 == 1 || index == last {
			node = nodeHash(sibling, node)
			for index%2 == 0 && index != 0 {
				index, last = index>>1, last>>1
			}
		} else {
			node = nodeHash(node, sibling)
		}
		index, last = index>>1, last>>1
	}
	return node
}

func TestProofsLeadToTheRoot(t *testing.T) {
	var list []Hash
	for n := 1; n <= 33; n++ {
		list = append(list, LeafHash(fmt.Append(nil, n)))
		root := Root(list)
		for index := range n {
			proof := Proof(list, index)
			if follow(list[index], index, n, proof) != root {
				t.Errorf("the proof of leaf %d of %d leads elsewhere", index, n)
			}
			if other := (index + 1) % n; n > 1 && follow(list[other], index, n, proof) == root {
				t.Errorf("the proof of leaf %d of %d proves another leaf", index, n)
			}
		}
	}
}

func TestALeafIsNoNode(t *testing.T) {
	list := leaves(t)[:2]
	root, joined := Root(list), bytes.Join([][]byte{list[0][:], list[1][:]}, nil)
	if LeafHash(joined) == root || sha256.Sum256(joined) == root {
		t.Error("a leaf can pass for a node")
	}
}
