package contract

import r "quorate.dev/chaincode/records"

// functions are all that can be called, by name.
var functions = byName(
	submit[r.FoundRequest, r.Founding]("consortium:Found", consortium),
	submit[r.ConfirmRequest, r.Confirmation]("consortium:Confirm", consortium),
	submit[r.ConsortiumTallyRequest, r.Charter]("consortium:Tally", consortium),
	submit[r.ProposeMemberRequest, r.MemberProposal]("consortium:ProposeMember", consortium),
	submit[r.ProposeRemovalRequest, r.MemberProposal]("consortium:ProposeRemoval", consortium),
	submit[r.BallotRequest, r.Ballot]("consortium:Vote", consortium),
	submit[r.AnnounceRequest, r.Gateway]("consortium:Announce", consortium),
	read[r.ConsortiumGetRequest, r.ConsortiumView]("consortium:Get", consortium),
	read[r.MembersRequest, r.MembersView]("consortium:Members", consortium),

	large(submit[r.PolicyProposeRequest, r.PolicyProposal]("policy:Propose", consortium)),
	submit[r.BallotRequest, r.Ballot]("policy:Vote", consortium),
	submit[r.PolicyTallyRequest, r.PolicyProposal]("policy:Tally", consortium),
	read[r.PolicyProposalRequest, r.PolicyProposalView]("policy:Proposal", consortium),
	read[r.PolicyHistoryRequest, r.PolicyHistory]("policy:History", consortium),
	read[r.PolicyGetRequest, r.Policy]("policy:Get", consortium),
	read[r.CheckRequest, r.Decision]("policy:Check", consortium),

	submit[r.RegisterRequest, r.Dataset]("dataset:Register", newDataset),
	submit[r.ReviseRequest, r.Dataset]("dataset:Revise", ownDataset(func(q *r.ReviseRequest) r.ID { return q.Dataset })),
	submit[r.DatasetRetireRequest, r.Dataset]("dataset:Retire", ownDataset(func(q *r.DatasetRetireRequest) r.ID { return q.Dataset })),
	read[r.DatasetGetRequest, r.Dataset]("dataset:Get", inDataset(func(q *r.DatasetGetRequest) (r.MSPID, r.ID) { return q.MSP, q.Dataset })),
	read[r.DatasetListRequest, r.Datasets]("dataset:List", consortium),

	submit[r.ProposeRequest, r.Study]("study:Propose", newStudy),
	submit[r.VoteRequest, r.Vote]("study:Vote", inStudy(func(q *r.VoteRequest) r.ID { return q.Study })),
	submit[r.StudyTallyRequest, r.Study]("study:Tally", inStudy(func(q *r.StudyTallyRequest) r.ID { return q.Study })),
	submit[r.AcceptRequest, r.Accept]("study:Accept", inStudy(func(q *r.AcceptRequest) r.ID { return q.Study })),
	submit[r.WithdrawRequest, r.Withdrawal]("study:Withdraw", inStudy(func(q *r.WithdrawRequest) r.ID { return q.Study })),
	submit[r.StartRequest, r.Study]("study:Start", inStudy(func(q *r.StartRequest) r.ID { return q.Study })),
	submit[r.SuspendRequest, r.Study]("study:Suspend", inStudy(func(q *r.SuspendRequest) r.ID { return q.Study })),
	submit[r.ResumeRequest, r.Study]("study:Resume", inStudy(func(q *r.ResumeRequest) r.ID { return q.Study })),
	submit[r.CompleteRequest, r.Study]("study:Complete", inStudy(func(q *r.CompleteRequest) r.ID { return q.Study })),
	read[r.StudyGetRequest, r.StudyView]("study:Get", inStudy(func(q *r.StudyGetRequest) r.ID { return q.Study })),
	read[r.StudyListRequest, r.Studies]("study:List", consortium),

	submit[r.ReserveRequest, r.Reservation]("privacy:Reserve", expecting(inRound(func(q *r.ReserveRequest) (r.ID, int64) { return q.Study, q.Round }), keysOfReserve)),
	read[r.AccountRequest, r.Account]("privacy:Account", inDataset(func(q *r.AccountRequest) (r.MSPID, r.ID) { return q.MSP, q.Dataset })),
	read[r.QuoteRequest, r.LedgerQuote]("privacy:Quote", quoted),

	submit[r.RoundRequest, r.Round]("round:Open", expecting(inStudy(func(q *r.RoundRequest) r.ID { return q.Study }), keysOfOpen)),
	submit[r.DeclineRequest, r.Decline]("round:Decline", expecting(inRound(func(q *r.DeclineRequest) (r.ID, int64) { return q.Study, q.Round }), keysOfDecline)),
	submit[r.CommitRequest, r.Commit]("round:Commit", expecting(inRound(func(q *r.CommitRequest) (r.ID, int64) { return q.Study, q.Round }), keysOfCommit)),
	submit[r.RoundRequest, r.Round]("round:Seal", inRound(numbered)),
	submit[r.AttestRequest, r.Attestation]("round:Attest", expecting(inRound(func(q *r.AttestRequest) (r.ID, int64) { return q.Study, q.Round }), keysOfAttest)),
	submit[r.RoundRequest, r.Round]("round:Finalize", inRound(numbered)),
	submit[r.RetryRequest, r.Round]("round:Retry", inRound(func(q *r.RetryRequest) (r.ID, int64) { return q.Study, q.Round })),
	submit[r.RoundRequest, r.Round]("round:Abort", inRound(numbered)),
	read[r.RoundRequest, r.RoundView]("round:Get", inRound(numbered)),
	read[r.ReceiptRequest, r.Receipt]("round:Receipt", inRound(func(q *r.ReceiptRequest) (r.ID, int64) { return q.Study, q.Round })),

	read[r.ModelGetRequest, r.Model]("model:Get", inModel(func(q *r.ModelGetRequest) r.Digest { return q.Model })),
	read[r.LineageRequest, r.Lineage]("model:Lineage", inModel(func(q *r.LineageRequest) r.Digest { return q.Model })),
	submit[r.ModelRetireRequest, r.Model]("model:Retire", inModel(func(q *r.ModelRetireRequest) r.Digest { return q.Model })),

	submit[r.ReviewRequest, r.Review]("audit:RecordReview", consortium),
	submit[r.AnchorRequest, r.Anchor]("audit:AnchorAccessLog", consortium),
	read[r.ReviewsRequest, r.Reviews]("audit:Reviews", consortium),
	read[r.AnchorsRequest, r.Anchors]("audit:Anchors", consortium),
	read[r.InfoRequest, r.Info]("audit:Info", consortium),
)

func numbered(q *r.RoundRequest) (r.ID, int64) { return q.Study, q.Round }

func byName(list ...*function) map[string]*function {
	named := make(map[string]*function, len(list))
	for _, f := range list {
		named[f.name] = f
	}
	return named
}
