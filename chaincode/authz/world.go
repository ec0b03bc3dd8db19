package authz

import (
	"fmt"
	"maps"

	"github.com/cedar-policy/cedar-go"

	"quorate.dev/chaincode/records"
)

// A World is the entities that a decision is about. Whatever is added brings all that it refers to.
type World struct {
	entities cedar.EntityMap
	members  map[records.MSPID]bool
}

// A Resource is something in a World that an action is done to.
type Resource struct{ uid cedar.EntityUID }

// ConsortiumID is the one consortium of a channel, and the trail of all of it.
const ConsortiumID = "quorate"

// A Principal is who asks: an organisation's certificate with a role.
type Principal struct {
	MSP         records.MSPID
	Role        string
	Certificate records.Digest
}

// NewWorld begins with the actions and the consortium; before a charter is active it has no members.
func NewWorld(members []records.MSPID) *World {
	w := &World{entities: maps.Clone(actionEntities), members: map[records.MSPID]bool{}}
	for _, msp := range members {
		w.members[msp] = true
	}
	w.add("Consortium", ConsortiumID, nil, cedar.RecordMap{
		"founded": cedar.Boolean(len(members) > 0),
		"members": w.orgs(members),
	})
	return w
}

// Consortium is the consortium itself.
func (w *World) Consortium() Resource {
	return Resource{cedar.NewEntityUID("Consortium", ConsortiumID)}
}

// AuditTrail adds the trail of a study, or with ConsortiumID that of everything.
func (w *World) AuditTrail(id string) Resource {
	return w.add("AuditTrail", id, []cedar.EntityUID{w.Consortium().uid}, nil)
}

// Study adds a study.
func (w *World) Study(s *records.Study) Resource {
	return w.add("Study", string(s.Study), []cedar.EntityUID{w.Consortium().uid}, cedar.RecordMap{
		"proposer":     w.org(s.Proposer),
		"participants": w.orgs(s.Organisations()),
		"attesters":    w.orgs(s.Terms.Attesters),
		"purpose":      cedar.String(s.Terms.Purpose),
		"state":        cedar.String(s.State),
	})
}

// Round adds a round and its study.
func (w *World) Round(s *records.Study, r *records.Round) Resource {
	study := w.Study(s).uid
	return w.add("Round", fmt.Sprintf("%s/%d", r.Study, r.Round), []cedar.EntityUID{study}, cedar.RecordMap{
		"study":     study,
		"number":    cedar.Long(r.Round),
		"attesters": w.orgs(r.Attesters),
		"state":     cedar.String(r.State),
	})
}

// Dataset adds a data set.
func (w *World) Dataset(d *records.Dataset) Resource {
	purposes := make([]cedar.Value, len(d.Purposes))
	for i, purpose := range d.Purposes {
		purposes[i] = cedar.String(purpose)
	}
	return w.add("Dataset", string(d.MSP)+"/"+string(d.Dataset), []cedar.EntityUID{w.Consortium().uid}, cedar.RecordMap{
		"owner":      w.org(d.MSP),
		"purposes":   cedar.NewSet(purposes...),
		"protection": cedar.String(d.Protection),
		"state":      cedar.String(d.State),
	})
}

// Model adds a model and its study.
func (w *World) Model(s *records.Study, m *records.Model) Resource {
	study := w.Study(s).uid
	return w.add("Model", string(m.Digest), []cedar.EntityUID{study}, cedar.RecordMap{
		"study": study,
		"state": cedar.String(m.State),
	})
}

func (w *World) principal(p Principal) cedar.EntityUID {
	role := w.add("Role", p.Role, nil, nil).uid
	org := w.org(p.MSP)
	return w.add("Member", string(p.Certificate), []cedar.EntityUID{org, role}, cedar.RecordMap{"org": org}).uid
}

func (w *World) org(msp records.MSPID) cedar.EntityUID {
	return w.add("Org", string(msp), nil, cedar.RecordMap{"active": cedar.Boolean(w.members[msp])}).uid
}

func (w *World) orgs(list []records.MSPID) cedar.Set {
	values := make([]cedar.Value, len(list))
	for i, msp := range list {
		values[i] = w.org(msp)
	}
	return cedar.NewSet(values...)
}

func (w *World) add(kind cedar.EntityType, id string, parents []cedar.EntityUID, attributes cedar.RecordMap) Resource {
	uid := cedar.NewEntityUID(kind, cedar.String(id))
	w.entities[uid] = cedar.Entity{
		UID: uid, Parents: cedar.NewEntityUIDSet(parents...), Attributes: cedar.NewRecord(attributes),
	}
	return Resource{uid}
}
