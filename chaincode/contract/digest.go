package contract

import (
	"crypto/sha256"
	"encoding/hex"

	"quorate.dev/chaincode/document"
	"quorate.dev/chaincode/ledger"
	"quorate.dev/chaincode/records"
)

// digestOf returns the SHA-256 of a document's canonical bytes.
func digestOf(v any) (records.Digest, error) {
	data, err := document.Encode(v)
	if err != nil {
		return "", ledger.Refuse(ledger.Defect, "%v", err)
	}
	sum := sha256.Sum256(data)
	return records.Digest("sha256:" + hex.EncodeToString(sum[:])), nil
}
