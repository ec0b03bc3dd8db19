package contract

import (
	"slices"

	"quorate.dev/chaincode/ledger"
	"quorate.dev/chaincode/records"
)

// Model holds final models, which round:Finalize writes.
type Model struct{ base }

// Get returns a model.
func (*Model) Get(ctx *Context, q *records.ModelGetRequest) (*records.Model, error) {
	return ctx.model(q.Model)
}

// Lineage returns a model and all that it was made from, back to the initial one.
func (*Model) Lineage(ctx *Context, q *records.LineageRequest) (*records.Lineage, error) {
	model, err := ctx.model(q.Model)
	if err != nil {
		return nil, err
	}
	lineage := &records.Lineage{Schema: records.Version("lineage", 1), Models: []records.Model{}}
	seen := map[records.Digest]bool{}
	for model != nil {
		// A quorum can name any digest, so a circle is possible; it must not hold up a peer.
		if seen[model.Digest] {
			return nil, ledger.Refuse(ledger.InvalidState, "the model %s is its own ancestor: a quorum has named a model that cannot be", model.Digest)
		}
		seen[model.Digest] = true
		lineage.Models, lineage.Initial = append(lineage.Models, *model), model.Base
		if model, err = ledger.Get[records.Model](ctx.Tx, ledger.ModelKey(model.Base)); err != nil {
			return nil, err
		}
	}
	return lineage, nil
}

// Retire withdraws a model from use, by one of its study's participants.
func (*Model) Retire(ctx *Context, q *records.ModelRetireRequest) (*records.Model, error) {
	model, err := ctx.model(q.Model)
	if err != nil {
		return nil, err
	}
	study, err := ctx.study(model.Study)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(study.Organisations(), ctx.Caller.MSP) {
		return nil, ledger.Refuse(ledger.Denied, "%s is not a participant of study %s (terms)", ctx.Caller.MSP, study.Study)
	}
	if model.State == records.ModelRetired {
		if model.RetiredReason != q.Reason {
			return nil, ledger.Refuse(ledger.Conflict, "the model is retired with reason %s already", model.RetiredReason)
		}
		return model, nil
	}
	stamp := ctx.Stamp()
	model.State, model.Retired, model.RetiredReason = records.ModelRetired, &stamp, q.Reason
	ctx.Emit(records.Event{Type: "model.retired", Study: model.Study, Round: model.Round, MSP: ctx.Caller.MSP, Digest: model.Digest})
	return model, ledger.Put(ctx.Tx, ledger.ModelKey(model.Digest), model)
}
