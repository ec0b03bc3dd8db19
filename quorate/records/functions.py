"""The chaincode's functions: name, request and answer, in one table."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from quorate.records import audit, consortium, dataset, model, policy, privacy, round, study
from quorate.records.ballot import Ballot
from quorate.records.common import MAX_DOCUMENT, Document

if TYPE_CHECKING:
    from collections.abc import Mapping

Q = TypeVar("Q", bound=Document)
A = TypeVar("A", bound=Document)


@dataclass(frozen=True, kw_only=True)
class Function(Generic[Q, A]):
    """A function of a contract: what it takes, what it answers, and whether it writes."""

    name: str
    request: type[Q]
    answer: type[A]
    submits: bool
    limit: int = MAX_DOCUMENT
    """Of the request's document, in bytes."""


def _submit(name: str, request: type[Q], answer: type[A], *, limit: int = MAX_DOCUMENT) -> Function[Q, A]:
    return Function(name=name, request=request, answer=answer, submits=True, limit=limit)


def _read(name: str, request: type[Q], answer: type[A]) -> Function[Q, A]:
    return Function(name=name, request=request, answer=answer, submits=False)


CONSORTIUM_FOUND = _submit("consortium:Found", consortium.Found, consortium.Founding)
CONSORTIUM_CONFIRM = _submit("consortium:Confirm", consortium.Confirm, consortium.Confirmation)
CONSORTIUM_TALLY = _submit("consortium:Tally", consortium.Tally, consortium.Charter)
CONSORTIUM_PROPOSE_MEMBER = _submit("consortium:ProposeMember", consortium.ProposeMember, consortium.MemberProposal)
CONSORTIUM_PROPOSE_REMOVAL = _submit("consortium:ProposeRemoval", consortium.ProposeRemoval, consortium.MemberProposal)
CONSORTIUM_VOTE = _submit("consortium:Vote", consortium.Vote, Ballot)
CONSORTIUM_ANNOUNCE = _submit("consortium:Announce", consortium.Announce, consortium.GatewayRecord)
CONSORTIUM_GET = _read("consortium:Get", consortium.Get, consortium.ConsortiumView)
CONSORTIUM_MEMBERS = _read("consortium:Members", consortium.Members, consortium.MembersView)

POLICY_GET = _read("policy:Get", policy.Get, policy.Policy)
POLICY_CHECK = _read("policy:Check", policy.Check, policy.Decision)
POLICY_PROPOSE = _submit("policy:Propose", policy.Propose, policy.PolicyProposal, limit=2 * MAX_DOCUMENT)
POLICY_VOTE = _submit("policy:Vote", policy.Vote, Ballot)
POLICY_TALLY = _submit("policy:Tally", policy.Tally, policy.PolicyProposal)
POLICY_PROPOSAL = _read("policy:Proposal", policy.ProposalQuery, policy.PolicyProposalView)
POLICY_HISTORY = _read("policy:History", policy.HistoryQuery, policy.PolicyHistory)

DATASET_REGISTER = _submit("dataset:Register", dataset.Register, dataset.Dataset)
DATASET_REVISE = _submit("dataset:Revise", dataset.Revise, dataset.Dataset)
DATASET_RETIRE = _submit("dataset:Retire", dataset.Retire, dataset.Dataset)
DATASET_GET = _read("dataset:Get", dataset.Get, dataset.Dataset)
DATASET_LIST = _read("dataset:List", dataset.List, dataset.Datasets)

STUDY_PROPOSE = _submit("study:Propose", study.Propose, study.Study)
STUDY_VOTE = _submit("study:Vote", study.Vote, study.VoteRecord)
STUDY_TALLY = _submit("study:Tally", study.Tally, study.Study)
STUDY_ACCEPT = _submit("study:Accept", study.Accept, study.AcceptRecord)
STUDY_WITHDRAW = _submit("study:Withdraw", study.Withdraw, study.WithdrawRecord)
STUDY_START = _submit("study:Start", study.Start, study.Study)
STUDY_COMPLETE = _submit("study:Complete", study.Complete, study.Study)
STUDY_SUSPEND = _submit("study:Suspend", study.Suspend, study.Study)
STUDY_RESUME = _submit("study:Resume", study.Resume, study.Study)
STUDY_GET = _read("study:Get", study.Get, study.StudyView)
STUDY_LIST = _read("study:List", study.List, study.Studies)

PRIVACY_RESERVE = _submit("privacy:Reserve", privacy.Reserve, privacy.Reservation)
PRIVACY_ACCOUNT = _read("privacy:Account", privacy.AccountQuery, privacy.Account)
PRIVACY_QUOTE = _read("privacy:Quote", privacy.QuoteQuery, privacy.LedgerQuote)

ROUND_OPEN = _submit("round:Open", round.Open, round.Round)
ROUND_DECLINE = _submit("round:Decline", round.Decline, round.DeclineRecord)
ROUND_COMMIT = _submit("round:Commit", round.Commit, round.CommitRecord)
ROUND_SEAL = _submit("round:Seal", round.Seal, round.Round)
ROUND_ATTEST = _submit("round:Attest", round.Attest, round.Attestation)
ROUND_FINALIZE = _submit("round:Finalize", round.Finalize, round.Round)
ROUND_RETRY = _submit("round:Retry", round.Retry, round.Round)
ROUND_ABORT = _submit("round:Abort", round.Abort, round.Round)
ROUND_GET = _read("round:Get", round.Get, round.RoundView)
ROUND_RECEIPT = _read("round:Receipt", round.ReceiptQuery, round.Receipt)

MODEL_GET = _read("model:Get", model.Get, model.Model)
MODEL_LINEAGE = _read("model:Lineage", model.LineageQuery, model.Lineage)
MODEL_RETIRE = _submit("model:Retire", model.Retire, model.Model)

AUDIT_INFO = _read("audit:Info", audit.InfoQuery, audit.Info)
AUDIT_RECORD_REVIEW = _submit("audit:RecordReview", audit.RecordReview, audit.Review)
AUDIT_ANCHOR_ACCESS_LOG = _submit("audit:AnchorAccessLog", audit.AnchorAccessLog, audit.Anchor)
AUDIT_REVIEWS = _read("audit:Reviews", audit.ReviewsQuery, audit.Reviews)
AUDIT_ANCHORS = _read("audit:Anchors", audit.AnchorsQuery, audit.Anchors)

FUNCTIONS: Final[Mapping[str, Function[Document, Document]]] = MappingProxyType(
    {found.name: found for found in list(globals().values()) if isinstance(found, Function)}
)
"""Every function by its name on the wire."""
