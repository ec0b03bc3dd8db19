package contract

import (
	"fmt"

	"quorate.dev/chaincode/ledger"
	"quorate.dev/chaincode/records"
)

// Start begins a study that every participant has accepted.
func (*Study) Start(ctx *Context, q *records.StartRequest) (*records.Study, error) {
	study, err := ctx.study(q.Study)
	if err != nil || study.Started != nil {
		return study, err
	}
	if study.State != records.StudyReady {
		return nil, wrongState("study "+string(study.Study), study.State, records.StudyReady)
	}
	stamp := ctx.Stamp()
	study.State, study.Started = records.StudyRunning, &stamp
	ctx.emitStudy("study.started", study)
	return study, ctx.putStudy(study)
}

// Complete ends a study that has used up its rounds. One that has its final rounds was completed by the last of them.
func (*Study) Complete(ctx *Context, q *records.CompleteRequest) (*records.Study, error) {
	study, err := ctx.study(q.Study)
	if err != nil || study.State == records.StudyCompleted {
		return study, err
	}
	if study.State != records.StudyRunning {
		return nil, wrongState("study "+string(study.Study), study.State, records.StudyRunning)
	}
	last, err := ledger.Get[records.Round](ctx.Tx, ledger.RoundKey(q.Study, study.Terms.MaxRounds))
	if err != nil {
		return nil, err
	}
	if last == nil || (last.State != records.RoundFinal && last.State != records.RoundAborted) {
		return nil, wrongState("study "+string(study.Study), study.State, fmt.Sprintf("that round %d, the last it may open, is FINAL or ABORTED", study.Terms.MaxRounds))
	}
	ctx.complete(study, "rounds-used-up")
	return study, ctx.putStudy(study)
}

func (c *call) complete(study *records.Study, reason string) {
	study.State, study.Closed = records.StudyCompleted, c.closed(reason)
	study.Completed = &study.Closed.Stamp
	c.emitStudy("study.completed", study)
}
