package contract

import (
	"slices"

	"quorate.dev/chaincode/ledger"
	"quorate.dev/chaincode/privacy"
	"quorate.dev/chaincode/records"
)

// Dataset holds data sets and the caps of their privacy budgets.
type Dataset struct{ base }

// States and protections of a data set.
const (
	active      = "ACTIVE"
	retired     = "RETIRED"
	protectedDP = "dp"
)

// Register registers a data set of the caller's organisation, and opens its privacy account.
func (*Dataset) Register(ctx *Context, q *records.RegisterRequest) (*records.Dataset, error) {
	if err := checkDataset(q.Protection, q.Purposes, q.Cap); err != nil {
		return nil, err
	}
	key := ledger.DatasetKey(ctx.Caller.MSP, q.Dataset)
	stored, err := ledger.Get[records.Dataset](ctx.Tx, key)
	if err != nil {
		return nil, err
	}
	if stored != nil {
		return repeatedRegistration(stored, q)
	}
	if err := ctx.claimFingerprint(q.Dataset, q.Fingerprint); err != nil {
		return nil, err
	}
	dataset := &records.Dataset{
		Schema: ledger.SchemaOf[records.Dataset](), MSP: ctx.Caller.MSP, Dataset: q.Dataset, Title: q.Title,
		Unit: q.Unit, Adjacency: q.Adjacency, Purposes: q.Purposes, Protection: q.Protection, Cap: q.Cap,
		Fingerprint: q.Fingerprint, State: active, Revision: 1, Registered: ctx.Stamp(),
	}
	if err := ctx.openAccount(dataset); err != nil {
		return nil, err
	}
	ctx.Emit(records.Event{Type: "dataset.registered", MSP: dataset.MSP, Dataset: dataset.Dataset, Digest: dataset.Fingerprint})
	return dataset, ledger.Put(ctx.Tx, key, dataset)
}

// repeatedRegistration decides about an id that is taken: ids are never used twice.
func repeatedRegistration(stored *records.Dataset, q *records.RegisterRequest) (*records.Dataset, error) {
	same := stored.Title == q.Title && stored.Unit == q.Unit && stored.Adjacency == q.Adjacency &&
		slices.Equal(stored.Purposes, q.Purposes) && stored.Protection == q.Protection &&
		sameCap(stored.Cap, q.Cap) && stored.Fingerprint == q.Fingerprint
	switch {
	case stored.State == retired:
		return nil, ledger.Refuse(ledger.AlreadyExists, "the id %s was used by a data set that is retired", q.Dataset)
	case same:
		return stored, nil
	default:
		return nil, ledger.Refuse(ledger.Conflict, "the data set %s is registered with other content; revise it, or take another id", q.Dataset)
	}
}

func checkDataset(protection string, purposes []records.ID, limit *records.Cap) error {
	if err := checkUnique("purposes", purposes); err != nil {
		return err
	}
	if (protection == protectedDP) != (limit != nil) {
		return ledger.Refuse(ledger.InvalidArgument, "a data set has a cap when its protection is dp, and only then")
	}
	if limit == nil {
		return nil
	}
	if _, err := privacy.ParseEpsilon("cap.epsilon", string(limit.Epsilon)); err != nil {
		return ledger.Refuse(ledger.InvalidArgument, "%v", err)
	}
	if err := privacy.CheckDelta(string(limit.Delta)); err != nil {
		return ledger.Refuse(ledger.InvalidArgument, "cap: %v", err)
	}
	return nil
}

func checkUnique(what string, list []records.ID) error {
	for i, id := range list {
		if slices.Contains(list[:i], id) {
			return ledger.Refuse(ledger.InvalidArgument, "%s name %s twice", what, id)
		}
	}
	return nil
}

func sameCap(a, b *records.Cap) bool { return (a == nil) == (b == nil) && (a == nil || *a == *b) }

// claimFingerprint refuses data that another data set of the organisation holds, or held.
func (c *call) claimFingerprint(dataset records.ID, fingerprint records.Digest) error {
	key := ledger.FingerprintKey(c.Caller.MSP, fingerprint)
	stored, err := ledger.Get[records.Fingerprint](c.Tx, key)
	if err != nil {
		return err
	}
	if stored == nil {
		return ledger.Put(c.Tx, key, &records.Fingerprint{
			Schema: ledger.SchemaOf[records.Fingerprint](), MSP: c.Caller.MSP, Dataset: dataset, Fingerprint: fingerprint,
		})
	}
	if stored.Dataset != dataset {
		return ledger.Refuse(ledger.AlreadyExists, "the same data are registered as %s; a second name would have a second budget", stored.Dataset)
	}
	return nil
}
