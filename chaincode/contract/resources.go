package contract

import (
	"fmt"

	"quorate.dev/chaincode/authz"
	"quorate.dev/chaincode/ledger"
	"quorate.dev/chaincode/records"
)

// What a function is done to, from the caller, the document and the ledger. What does not exist is NOT_FOUND.

func consortium[Q any](_ *call, w *authz.World, _ *Q) (authz.Resource, error) {
	return w.Consortium(), nil
}

func newDataset(c *call, w *authz.World, q *records.RegisterRequest) (authz.Resource, error) {
	c.Expect(ledger.DatasetKey(c.Caller.MSP, q.Dataset), ledger.FingerprintKey(c.Caller.MSP, q.Fingerprint))
	return w.Dataset(&records.Dataset{
		MSP: c.Caller.MSP, Dataset: q.Dataset, Purposes: q.Purposes, Protection: q.Protection, State: "NEW",
	}), nil
}

func newStudy(c *call, w *authz.World, q *records.ProposeRequest) (authz.Resource, error) {
	return w.Study(&records.Study{
		Study: q.Study, Proposer: c.Caller.MSP, Terms: q.Terms, State: records.StudyProposed,
	}), nil
}

func ownDataset[Q any](id func(*Q) records.ID) finder[Q] {
	return func(c *call, w *authz.World, q *Q) (authz.Resource, error) {
		return c.datasetResource(w, c.Caller.MSP, id(q))
	}
}

func inDataset[Q any](id func(*Q) (records.MSPID, records.ID)) finder[Q] {
	return func(c *call, w *authz.World, q *Q) (authz.Resource, error) {
		msp, dataset := id(q)
		return c.datasetResource(w, msp, dataset)
	}
}

func inStudy[Q any](id func(*Q) records.ID) finder[Q] {
	return func(c *call, w *authz.World, q *Q) (authz.Resource, error) { return c.studyResource(w, id(q)) }
}

func inRound[Q any](id func(*Q) (records.ID, int64)) finder[Q] {
	return func(c *call, w *authz.World, q *Q) (authz.Resource, error) {
		name, number := id(q)
		c.Expect(ledger.StudyKey(name), ledger.RoundKey(name, number))
		study, err := c.study(name)
		if err != nil {
			return authz.Resource{}, err
		}
		round, err := c.round(name, number)
		if err != nil {
			return authz.Resource{}, err
		}
		return w.Round(study, round), nil
	}
}

// expecting has records read together with what the function is done to: those that the function begins with and that
// caller and request name.
func expecting[Q any](find finder[Q], keys func(*Q, records.MSPID) []ledger.Key) finder[Q] {
	return func(c *call, w *authz.World, q *Q) (authz.Resource, error) {
		c.Expect(keys(q, c.Caller.MSP)...)
		return find(c, w, q)
	}
}

func keysOfOpen(q *records.RoundRequest, _ records.MSPID) []ledger.Key {
	keys := []ledger.Key{ledger.RoundKey(q.Study, q.Round)}
	if q.Round > 1 {
		keys = append(keys, ledger.RoundKey(q.Study, q.Round-1))
	}
	return keys
}

func keysOfReserve(q *records.ReserveRequest, msp records.MSPID) []ledger.Key {
	return []ledger.Key{
		ledger.ReserveKey(q.Study, q.Round, msp, q.Dataset), ledger.DeclineKey(q.Study, q.Round, msp, q.Dataset),
	}
}

func keysOfDecline(q *records.DeclineRequest, msp records.MSPID) []ledger.Key {
	return []ledger.Key{
		ledger.DeclineKey(q.Study, q.Round, msp, q.Dataset), ledger.CommitKey(q.Study, q.Round, msp, q.Dataset),
	}
}

func keysOfCommit(q *records.CommitRequest, msp records.MSPID) []ledger.Key {
	return []ledger.Key{
		ledger.CommitKey(q.Study, q.Round, msp, q.Dataset), ledger.DeclineKey(q.Study, q.Round, msp, q.Dataset),
		ledger.ReserveKey(q.Study, q.Round, msp, q.Dataset),
	}
}

func keysOfAttest(q *records.AttestRequest, msp records.MSPID) []ledger.Key {
	return []ledger.Key{ledger.AttestKey(q.Study, q.Round, q.Attempt, msp)}
}

func inModel[Q any](digest func(*Q) records.Digest) finder[Q] {
	return func(c *call, w *authz.World, q *Q) (authz.Resource, error) {
		model, err := c.model(digest(q))
		if err != nil {
			return authz.Resource{}, err
		}
		study, err := c.study(model.Study)
		if err != nil {
			return authz.Resource{}, err
		}
		return w.Model(study, model), nil
	}
}

func quoted(c *call, w *authz.World, q *records.QuoteRequest) (authz.Resource, error) {
	if err := checkQuote(q); err != nil {
		return authz.Resource{}, err
	}
	if q.Study != "" {
		return c.studyResource(w, q.Study)
	}
	return c.datasetResource(w, q.MSP, q.Dataset)
}

func (c *call) studyResource(w *authz.World, id records.ID) (authz.Resource, error) {
	study, err := c.study(id)
	if err != nil {
		return authz.Resource{}, err
	}
	return w.Study(study), nil
}

func (c *call) datasetResource(w *authz.World, msp records.MSPID, id records.ID) (authz.Resource, error) {
	dataset, err := c.dataset(msp, id)
	if err != nil {
		return authz.Resource{}, err
	}
	return w.Dataset(dataset), nil
}

func (c *call) dataset(msp records.MSPID, id records.ID) (*records.Dataset, error) {
	return ledger.Need[records.Dataset](c.Tx, ledger.DatasetKey(msp, id), fmt.Sprintf("data set %s of %s", id, msp))
}

func (c *call) study(id records.ID) (*records.Study, error) {
	return ledger.Need[records.Study](c.Tx, ledger.StudyKey(id), fmt.Sprintf("study %s", id))
}

func (c *call) round(study records.ID, number int64) (*records.Round, error) {
	return ledger.Need[records.Round](c.Tx, ledger.RoundKey(study, number), fmt.Sprintf("round %d of study %s", number, study))
}

func (c *call) model(digest records.Digest) (*records.Model, error) {
	return ledger.Need[records.Model](c.Tx, ledger.ModelKey(digest), fmt.Sprintf("model %s", digest))
}
