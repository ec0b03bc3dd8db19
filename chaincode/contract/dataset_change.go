package contract

import (
	"slices"

	"quorate.dev/chaincode/ledger"
	"quorate.dev/chaincode/records"
)

// Revise changes title, purposes, the cap's ε and the fingerprint; nothing else of a data set ever changes.
func (*Dataset) Revise(ctx *Context, q *records.ReviseRequest) (*records.Dataset, error) {
	dataset, err := ctx.dataset(ctx.Caller.MSP, q.Dataset)
	if err != nil {
		return nil, err
	}
	if err := checkDataset(dataset.Protection, q.Purposes, q.Cap); err != nil {
		return nil, err
	}
	if isRevision(dataset, q) {
		return dataset, nil
	}
	if dataset.State != active {
		return nil, wrongState("data set "+string(q.Dataset), dataset.State, active)
	}
	if q.Cap != nil && q.Cap.Delta != dataset.Cap.Delta {
		return nil, ledger.Refuse(ledger.InvalidArgument, "the cap's delta is %s and never changes", dataset.Cap.Delta)
	}
	if err := ctx.claimFingerprint(q.Dataset, q.Fingerprint); err != nil {
		return nil, err
	}
	stamp := ctx.Stamp()
	dataset.Title, dataset.Purposes, dataset.Cap, dataset.Fingerprint = q.Title, q.Purposes, q.Cap, q.Fingerprint
	dataset.Revision, dataset.Revised = dataset.Revision+1, &stamp
	if err := ctx.recap(dataset); err != nil {
		return nil, err
	}
	ctx.Emit(records.Event{Type: "dataset.revised", MSP: dataset.MSP, Dataset: dataset.Dataset, Digest: dataset.Fingerprint})
	return dataset, ledger.Put(ctx.Tx, ledger.DatasetKey(dataset.MSP, dataset.Dataset), dataset)
}

// isRevision tells whether a data set is already as a revision wants it.
func isRevision(dataset *records.Dataset, q *records.ReviseRequest) bool {
	return dataset.Title == q.Title && slices.Equal(dataset.Purposes, q.Purposes) &&
		sameCap(dataset.Cap, q.Cap) && dataset.Fingerprint == q.Fingerprint
}

// Retire withdraws a data set from new work for good. Its account and its fingerprint stay.
func (*Dataset) Retire(ctx *Context, q *records.DatasetRetireRequest) (*records.Dataset, error) {
	dataset, err := ctx.dataset(ctx.Caller.MSP, q.Dataset)
	if err != nil || dataset.State == retired {
		return dataset, err
	}
	stamp := ctx.Stamp()
	dataset.State, dataset.Revision, dataset.Revised = retired, dataset.Revision+1, &stamp
	ctx.Emit(records.Event{Type: "dataset.retired", MSP: dataset.MSP, Dataset: dataset.Dataset})
	return dataset, ledger.Put(ctx.Tx, ledger.DatasetKey(dataset.MSP, dataset.Dataset), dataset)
}

// Get returns one data set.
func (*Dataset) Get(ctx *Context, q *records.DatasetGetRequest) (*records.Dataset, error) {
	return ctx.dataset(q.MSP, q.Dataset)
}

// List returns all data sets, or those of one owner.
func (*Dataset) List(ctx *Context, q *records.DatasetListRequest) (*records.Datasets, error) {
	var owner []string
	if q.MSP != "" {
		owner = []string{string(q.MSP)}
	}
	list, err := ledger.List[records.Dataset](ctx.Tx, "dataset", owner...)
	if err != nil {
		return nil, err
	}
	return &records.Datasets{Schema: records.Version("datasets", 1), Datasets: list}, nil
}
