package authz

import (
	"slices"

	"github.com/cedar-policy/cedar-go"
)

// A Request asks whether a principal may do an action to a resource.
type Request struct {
	Principal Principal
	Action    Action
	Resource  Resource
	// Now is the time that the request claims, in Unix milliseconds.
	Now int64
	// Study is what data are to be trained for; data.train needs it and nothing else has it.
	Study *Resource
}

// A Decision is what the policies decide, and which of them did, sorted.
type Decision struct {
	Allow    bool
	Policies []string
}

// Decide returns the decision. It denies when any policy cannot be evaluated.
func (p *Policies) Decide(w *World, request Request) Decision {
	asked := cedarRequest(w, request) // adds the principal to the entities
	return p.decide(w.entities, asked)
}

// cedarRequest puts a request into the engine's terms.
func cedarRequest(w *World, request Request) cedar.Request {
	context := cedar.RecordMap{"now": cedar.NewDatetimeFromMillis(request.Now)}
	if request.Study != nil {
		context["study"] = request.Study.uid
	}
	return cedar.Request{
		Principal: w.principal(request.Principal),
		Action:    actionUID(string(request.Action)),
		Resource:  request.Resource.uid,
		Context:   cedar.NewRecord(context),
	}
}

func (p *Policies) decide(entities cedar.EntityMap, request cedar.Request) Decision {
	outcome, diagnostic := cedar.Authorize(p.set, entities, request)
	if len(diagnostic.Errors) > 0 {
		return Decision{Policies: failed(diagnostic)}
	}
	ids := []string{}
	for _, reason := range diagnostic.Reasons {
		ids = append(ids, string(reason.PolicyID))
	}
	slices.Sort(ids)
	return Decision{Allow: outcome == cedar.Allow, Policies: ids}
}

// failed are the policies that could not be evaluated, sorted: they are what denies.
func failed(diagnostic cedar.Diagnostic) []string {
	ids := []string{}
	for _, failure := range diagnostic.Errors {
		ids = append(ids, string(failure.PolicyID))
	}
	slices.Sort(ids)
	return ids
}
