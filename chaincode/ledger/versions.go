package ledger

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"quorate.dev/chaincode/records"
)

// versions are the newest version of each record that this chaincode reads and writes; it reads all older ones.
var versions = map[string]int{
	"founding": 1, "confirmation": 1, "charter": 1, "gateway": 1, "policy": 1, "policy_current": 1,
	"dataset": 1, "fingerprint": 1, "account": 1, "study": 1, "vote": 1, "accept": 1, "withdraw": 1,
	"round": 1, "reservation": 1, "decline": 1, "commit": 1, "attestation": 1, "model": 1,
	"member_proposal": 1, "ballot": 1, "policy_proposal": 1, "review": 1, "anchor": 1,
}

// Schemas lists what this chaincode writes, ascending.
func Schemas() []records.Schema {
	var list []records.Schema
	for kind, version := range versions {
		list = append(list, records.Version(kind, version))
	}
	slices.Sort(list)
	return list
}

// checkVersion refuses a stored record of another kind, or of a version that this chaincode does not know.
func checkVersion(key Key, schema, kind string) error {
	name, number, _ := strings.Cut(strings.TrimPrefix(schema, "quorate."), "/")
	version, err := strconv.Atoi(number)
	if err != nil || name != kind || version < 1 {
		return Refuse(Defect, "the record %s is a %.64q, not a quorate.%s", key, schema, kind)
	}
	if version > versions[kind] {
		return Refuse(UnsupportedVersion, "the record %s is %s, and this chaincode reads up to version %d",
			key, schema, versions[kind])
	}
	return nil
}

// unreadable says why a stored record does not decode: it may be newer, and of another form.
func unreadable(key Key, data []byte, kind string, cause error) error {
	var head struct {
		Schema string `json:"schema"`
	}
	if json.Unmarshal(data, &head) == nil {
		if err := checkVersion(key, head.Schema, kind); err != nil {
			return err
		}
	}
	return Refuse(Defect, "the record %s cannot be read: %v", key, cause)
}
