package contract

import (
	"slices"

	"quorate.dev/chaincode/ledger"
	"quorate.dev/chaincode/records"
)

// RecordReview opens a review of something on the ledger for the caller's organisation, assigns it, or concludes it.
func (*Audit) RecordReview(ctx *Context, q *records.ReviewRequest) (*records.Review, error) {
	if err := checkFindings(q); err != nil {
		return nil, err
	}
	key := ledger.ReviewKey(ctx.Caller.MSP, q.Review)
	stored, err := ledger.Get[records.Review](ctx.Tx, key)
	if err != nil {
		return nil, err
	}
	repeated, err := checkReviewStep(stored, q)
	if err != nil || repeated {
		return stored, err
	}
	review := ctx.reviewAfter(stored, q)
	kind := map[string]string{
		records.ReviewOpen: "audit.review_opened", records.ReviewAssigned: "audit.review_assigned", records.ReviewConcluded: "audit.review_concluded",
	}[q.State]
	ctx.Emit(records.Event{Type: kind, MSP: ctx.Caller.MSP, Review: q.Review, Reason: q.Findings.Outcome})
	return review, ledger.Put(ctx.Tx, key, review)
}

// checkFindings wants what a state says about a review, and no more.
func checkFindings(q *records.ReviewRequest) error {
	wanted := map[string]records.Findings{
		records.ReviewOpen:     {},
		records.ReviewAssigned: {Reviewer: q.Findings.Reviewer},
		records.ReviewConcluded: {
			Reviewer: q.Findings.Reviewer, Meaning: q.Findings.Meaning, Outcome: q.Findings.Outcome, Note: q.Findings.Note,
		},
	}[q.State]
	missing := (q.State != records.ReviewOpen && q.Findings.Reviewer == "") ||
		(q.State == records.ReviewConcluded && (q.Findings.Meaning == "" || q.Findings.Outcome == ""))
	if q.Findings != wanted || missing {
		return ledger.Refuse(ledger.InvalidArgument,
			"findings: an open review has none, an assigned one its reviewer, a concluded one reviewer, meaning and outcome, and a note if there is one")
	}
	return nil
}

// checkReviewStep tells whether a request repeats what is stored, and refuses what cannot follow on it.
func checkReviewStep(stored *records.Review, q *records.ReviewRequest) (repeated bool, err error) {
	if stored == nil {
		return false, nil
	}
	if stored.Subject != q.Subject {
		return false, ledger.Refuse(ledger.Conflict, "review %s is about %s", q.Review, stored.Subject)
	}
	if stored.State == q.State && stored.Findings == q.Findings {
		return true, nil
	}
	next := map[string][]string{
		records.ReviewOpen:     {records.ReviewAssigned, records.ReviewConcluded},
		records.ReviewAssigned: {records.ReviewAssigned, records.ReviewConcluded},
	}[stored.State]
	if !slices.Contains(next, q.State) {
		return false, wrongState("review "+string(q.Review), stored.State, "one that can become "+q.State)
	}
	return false, nil
}

func (c *call) reviewAfter(stored *records.Review, q *records.ReviewRequest) *records.Review {
	stamp := c.Stamp()
	review := &records.Review{
		Schema: ledger.SchemaOf[records.Review](), MSP: c.Caller.MSP, Review: q.Review, Subject: q.Subject, Opened: stamp,
	}
	if stored != nil {
		review.Opened, review.Assigned = stored.Opened, stored.Assigned
	}
	review.State, review.Findings = q.State, q.Findings
	switch q.State {
	case records.ReviewAssigned:
		review.Assigned = &stamp
	case records.ReviewConcluded:
		review.Concluded = &stamp
	}
	return review
}

// AnchorAccessLog commits the caller's organisation to its access log as it is now. The log only grows.
func (*Audit) AnchorAccessLog(ctx *Context, q *records.AnchorRequest) (*records.Anchor, error) {
	key := ledger.AnchorKey(ctx.Caller.MSP)
	stored, err := ledger.Get[records.Anchor](ctx.Tx, key)
	if err != nil {
		return nil, err
	}
	switch {
	case stored == nil:
	case stored.Entries == q.Entries && stored.Head == q.Head:
		return stored, nil
	case stored.Entries >= q.Entries:
		return nil, ledger.Refuse(ledger.Conflict, "the access log of %s is anchored with %d entries and the head %s; a log only grows",
			ctx.Caller.MSP, stored.Entries, stored.Head)
	}
	anchor := &records.Anchor{
		Schema: ledger.SchemaOf[records.Anchor](), MSP: ctx.Caller.MSP, Entries: q.Entries, Head: q.Head, Anchored: ctx.Stamp(),
	}
	ctx.Emit(records.Event{Type: "audit.access_log_anchored", MSP: ctx.Caller.MSP, Digest: q.Head})
	return anchor, ledger.Put(ctx.Tx, key, anchor)
}

// Reviews returns the reviews of all members, or of one.
func (*Audit) Reviews(ctx *Context, q *records.ReviewsRequest) (*records.Reviews, error) {
	var of []string
	if q.MSP != "" {
		of = []string{string(q.MSP)}
	}
	reviews, err := ledger.List[records.Review](ctx.Tx, "review", of...)
	return &records.Reviews{Schema: records.Version("reviews", 1), Reviews: reviews}, err
}

// Anchors returns the newest anchor of every organisation that has one.
func (*Audit) Anchors(ctx *Context, _ *records.AnchorsRequest) (*records.Anchors, error) {
	anchors, err := ledger.List[records.Anchor](ctx.Tx, "anchor")
	return &records.Anchors{Schema: records.Version("anchors", 1), Anchors: anchors}, err
}
