package authz

import (
	"slices"
	"strings"

	"github.com/cedar-policy/cedar-go"
)

// An Action is what a caller wants to do: "round.commit" for the function round:Commit.
type Action string

// Actions that are decided off the ledger, by gateways and agents, with the text that is on it.
const (
	ArtifactRead Action = "artifact.read"
	AuditRead    Action = "audit.read"
	AuditExport  Action = "audit.export"
	ModelInfer   Action = "model.infer"
	DataTrain    Action = "data.train"
)

// The groups of actions.
const (
	groupFounding  = "founding"
	groupWrite     = "ledger.write"
	groupRead      = "ledger.read"
	groupOffLedger = "off-ledger"
)

// ActionOf returns the action of a function such as "round:Commit".
func ActionOf(function string) Action {
	contract, name, _ := strings.Cut(function, ":")
	return Action(contract + "." + SnakeCase(name))
}

// SnakeCase returns a function's name as it stands in schemas and actions.
func SnakeCase(name string) string {
	var b strings.Builder
	for i, r := range name {
		if i > 0 && r >= 'A' && r <= 'Z' {
			b.WriteByte('_')
		}
		b.WriteString(strings.ToLower(string(r)))
	}
	return b.String()
}

var writes = []Action{
	"consortium.found", "consortium.confirm", "consortium.tally", "consortium.announce",
	"consortium.propose_member", "consortium.propose_removal", "consortium.vote",
	"policy.propose", "policy.vote", "policy.tally",
	"dataset.register", "dataset.revise", "dataset.retire",
	"study.propose", "study.vote", "study.tally", "study.accept", "study.withdraw", "study.start", "study.complete",
	"study.suspend", "study.resume",
	"privacy.reserve",
	"round.open", "round.decline", "round.commit", "round.seal", "round.attest", "round.finalize", "round.retry", "round.abort",
	"model.retire",
	"audit.record_review", "audit.anchor_access_log",
}

// founding are the writes that are possible before a charter is active.
var founding = []Action{"consortium.found", "consortium.confirm", "consortium.tally", "consortium.announce"}

var reads = []Action{
	"consortium.get", "consortium.members", "policy.get", "policy.check", "policy.proposal", "policy.history", "dataset.get", "dataset.list",
	"study.get", "study.list", "privacy.account", "privacy.quote", "round.get", "round.receipt",
	"model.get", "model.lineage", "audit.info", "audit.reviews", "audit.anchors",
}

var offLedger = []Action{ArtifactRead, AuditRead, AuditExport, ModelInfer, DataTrain}

// Actions lists every action.
func Actions() []Action {
	var list []Action
	return append(append(append(list, writes...), reads...), offLedger...)
}

func actionUID(id string) cedar.EntityUID { return cedar.NewEntityUID("Action", cedar.String(id)) }

// actionEntities are all actions in their groups; they are part of every entity set.
var actionEntities = func() cedar.EntityMap {
	entities := cedar.EntityMap{}
	add := func(id string, groups ...cedar.EntityUID) {
		uid := actionUID(id)
		entities[uid] = cedar.Entity{UID: uid, Parents: cedar.NewEntityUIDSet(groups...)}
	}
	for _, group := range []string{groupFounding, groupWrite, groupRead, groupOffLedger} {
		add(group)
	}
	for _, action := range writes {
		groups := []cedar.EntityUID{actionUID(groupWrite)}
		if slices.Contains(founding, action) {
			groups = append(groups, actionUID(groupFounding))
		}
		add(string(action), groups...)
	}
	for _, action := range reads {
		add(string(action), actionUID(groupRead))
	}
	for _, action := range offLedger {
		add(string(action), actionUID(groupOffLedger))
	}
	return entities
}()
