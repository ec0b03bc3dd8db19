package contract_test

import (
	"testing"

	"quorate.dev/chaincode/contract"
)

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		if _, err := contract.New(); err != nil {
			b.Fatal(err)
		}
	}
}
