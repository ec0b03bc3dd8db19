package contract

import (
	"quorate.dev/chaincode/ledger"
	"quorate.dev/chaincode/records"
)

// Get returns a study, what was said about its version, and its rounds.
func (*Study) Get(ctx *Context, q *records.StudyGetRequest) (*records.StudyView, error) {
	study, err := ctx.study(q.Study)
	if err != nil {
		return nil, err
	}
	view := &records.StudyView{Schema: records.Version("study_view", 1), Study: *study, Rounds: []records.RoundSummary{}}
	id, version := string(study.Study), ledger.Number(study.Version)
	if view.Votes, err = ledger.List[records.Vote](ctx.Tx, "vote", "study", id, version); err != nil {
		return nil, err
	}
	if view.Accepts, err = ledger.List[records.Accept](ctx.Tx, "accept", id, version); err != nil {
		return nil, err
	}
	if view.Withdrawals, err = ledger.List[records.Withdrawal](ctx.Tx, "withdraw", id, version); err != nil {
		return nil, err
	}
	rounds, err := ledger.List[records.Round](ctx.Tx, "round", id)
	for _, round := range rounds {
		view.Rounds = append(view.Rounds, records.RoundSummary{Round: round.Round, State: round.State, Base: round.Base, Model: round.Model})
	}
	return view, err
}

// List returns all studies.
func (*Study) List(ctx *Context, _ *records.StudyListRequest) (*records.Studies, error) {
	studies, err := ledger.List[records.Study](ctx.Tx, "study")
	if err != nil {
		return nil, err
	}
	list := &records.Studies{Schema: records.Version("studies", 1), Studies: []records.StudySummary{}}
	for _, study := range studies {
		list.Studies = append(list.Studies, records.StudySummary{
			Study: study.Study, Version: study.Version, State: study.State, Title: study.Terms.Title,
			Proposer: study.Proposer, TermsDigest: study.TermsDigest,
		})
	}
	return list, nil
}
