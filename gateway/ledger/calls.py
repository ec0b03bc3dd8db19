"""One small class per contract: each method is one function of the chaincode, by its own name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quorate.errors import BudgetError
from quorate.records import functions as f

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.ledger.client import Ledger
    from quorate.records import audit, ballot, consortium, dataset, model, policy, privacy, round, study


class _Calls:
    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger


class ConsortiumCalls(_Calls):
    """Contract `consortium`."""

    async def found(self, request: consortium.Found) -> consortium.Founding:
        """Propose a charter."""
        return await self._ledger.send(f.CONSORTIUM_FOUND, request)

    async def confirm(self, *, proposer: str, charter_digest: str) -> consortium.Confirmation:
        """Agree to a proposed charter."""
        return await self._ledger.call(f.CONSORTIUM_CONFIRM, proposer=proposer, charter_digest=charter_digest)

    async def tally(self, *, proposer: str) -> consortium.Charter:
        """Bring a charter into force that every member has confirmed."""
        return await self._ledger.call(f.CONSORTIUM_TALLY, motion="founding", proposer=proposer)

    async def propose_member(self, proposal: str, *, msp: str, fingerprint_key: str) -> consortium.MemberProposal:
        """Propose to admit an organisation, or another fingerprint key for one that is a member."""
        member = {"msp": msp, "fingerprint_key": fingerprint_key}
        return await self._ledger.call(f.CONSORTIUM_PROPOSE_MEMBER, proposal=proposal, member=member)

    async def propose_removal(self, proposal: str, *, msp: str) -> consortium.MemberProposal:
        """Propose that an organisation is a member no longer."""
        return await self._ledger.call(f.CONSORTIUM_PROPOSE_REMOVAL, proposal=proposal, msp=msp)

    async def vote(self, proposal: str, *, digest: str, choice: str) -> ballot.Ballot:
        """Vote on a change of the members for the own organisation."""
        return await self._ledger.call(f.CONSORTIUM_VOTE, proposal=proposal, digest=digest, choice=choice)

    async def tally_members(self, proposal: str) -> consortium.Charter:
        """Close a vote on members that is decided, and return the charter then in force."""
        return await self._ledger.call(f.CONSORTIUM_TALLY, motion="members", proposal=proposal)

    async def announce(self, *, address: str, tls_root: str) -> consortium.GatewayRecord:
        """Say where the own gateway is."""
        return await self._ledger.call(f.CONSORTIUM_ANNOUNCE, address=address, tls_root=tls_root)

    async def get(self) -> consortium.ConsortiumView:
        """Return the charter and what led to it."""
        return await self._ledger.call(f.CONSORTIUM_GET)

    async def members(self) -> consortium.MembersView:
        """Return the charter in force, the members and their gateways."""
        return await self._ledger.call(f.CONSORTIUM_MEMBERS)


class PolicyCalls(_Calls):
    """Contract `policy`."""

    async def get(self, version: int | None = None) -> policy.Policy:
        """Return a version of the policy set, or the one in force."""
        return await self._ledger.call(f.POLICY_GET, version=version)

    async def check(self, *, function: str, document: dict[str, object]) -> policy.Decision:
        """Return what the policy set would decide for the caller."""
        return await self._ledger.call(f.POLICY_CHECK, function=function, document=document)

    async def propose(self, proposal: str, *, title: str, base: str, text: str) -> policy.PolicyProposal:
        """Propose a policy set in place of the one whose digest is `base`."""
        return await self._ledger.call(f.POLICY_PROPOSE, proposal=proposal, title=title, base=base, text=text)

    async def vote(self, proposal: str, *, digest: str, choice: str) -> ballot.Ballot:
        """Vote on a proposed policy set for the own organisation."""
        return await self._ledger.call(f.POLICY_VOTE, proposal=proposal, digest=digest, choice=choice)

    async def tally(self, proposal: str) -> policy.PolicyProposal:
        """Close a vote on a policy set that is decided."""
        return await self._ledger.call(f.POLICY_TALLY, proposal=proposal)

    async def proposal(self, proposal: str) -> policy.PolicyProposalView:
        """Return a proposed policy set with its text and the votes on it."""
        return await self._ledger.call(f.POLICY_PROPOSAL, proposal=proposal)

    async def history(self) -> policy.PolicyHistory:
        """Return all versions of the policy set and all proposals, without texts."""
        return await self._ledger.call(f.POLICY_HISTORY)


class DatasetCalls(_Calls):
    """Contract `dataset`."""

    async def register(self, request: dataset.Register) -> dataset.Dataset:
        """Register a data set."""
        return await self._ledger.send(f.DATASET_REGISTER, request)

    async def revise(self, request: dataset.Revise) -> dataset.Dataset:
        """Change what may change of a data set."""
        return await self._ledger.send(f.DATASET_REVISE, request)

    async def retire(self, dataset: str) -> dataset.Dataset:
        """Withdraw a data set from new studies."""
        return await self._ledger.call(f.DATASET_RETIRE, dataset=dataset)

    async def get(self, msp: str, dataset: str) -> dataset.Dataset:
        """Return a data set."""
        return await self._ledger.call(f.DATASET_GET, msp=msp, dataset=dataset)

    async def list(self, msp: str | None = None) -> dataset.Datasets:
        """Return all data sets, or one owner's."""
        return await self._ledger.call(f.DATASET_LIST, msp=msp)


class StudyCalls(_Calls):
    """Contract `study`."""

    async def propose(self, name: str, terms: study.Terms) -> study.Study:
        """Propose a study."""
        return await self._ledger.call(f.STUDY_PROPOSE, study=name, terms=terms)

    async def vote(self, name: str, *, version: int, terms_digest: str, motion: str, choice: str) -> study.VoteRecord:
        """Vote for the own organisation."""
        return await self._ledger.call(
            f.STUDY_VOTE, study=name, version=version, terms_digest=terms_digest, motion=motion, choice=choice
        )

    async def tally(self, name: str, motion: str) -> study.Study:
        """Count and close a motion, or the acceptances (`accept`)."""
        return await self._ledger.call(f.STUDY_TALLY, study=name, motion=motion)

    async def accept(self, name: str, *, version: int, terms_digest: str) -> study.AcceptRecord:
        """Agree to take part."""
        return await self._ledger.call(f.STUDY_ACCEPT, study=name, version=version, terms_digest=terms_digest)

    async def withdraw(self, name: str, *, version: int) -> study.WithdrawRecord:
        """Take part no longer."""
        return await self._ledger.call(f.STUDY_WITHDRAW, study=name, version=version)

    async def start(self, name: str) -> study.Study:
        """Begin a study that is ready."""
        return await self._ledger.call(f.STUDY_START, study=name)

    async def suspend(self, name: str, *, round_: int, reason: str) -> study.Study:
        """Stop a study whose last round is `round_`, 0 before the first."""
        return await self._ledger.call(f.STUDY_SUSPEND, study=name, round=round_, reason=reason)

    async def resume(self, name: str, *, number: int) -> study.Study:
        """Withdraw the own suspension that has this number."""
        return await self._ledger.call(f.STUDY_RESUME, study=name, number=number)

    async def complete(self, name: str) -> study.Study:
        """End a study whose rounds are done or used up."""
        return await self._ledger.call(f.STUDY_COMPLETE, study=name)

    async def get(self, name: str) -> study.StudyView:
        """Return a study with its votes and rounds."""
        return await self._ledger.call(f.STUDY_GET, study=name)

    async def list(self) -> study.Studies:
        """Return all studies."""
        return await self._ledger.call(f.STUDY_LIST)


class PrivacyCalls(_Calls):
    """Contract `privacy`."""

    async def reserve(self, *, study: str, round_: int, dataset: str) -> privacy.Reservation:
        """Charge a round to the own account.

        Raises
        ------
        BudgetError
            When the ledger refused the charge; the refusal is on record, and the data must not be touched.
        """
        found = await self._ledger.call(f.PRIVACY_RESERVE, study=study, round=round_, dataset=dataset)
        if found.status == "REFUSED":
            raise BudgetError(
                f"round {round_} of {study} would bring {found.msp}/{dataset} from ε {nano(found.epsilon_before_nano)} "
                f"to {nano(found.epsilon_after_nano)} at δ {found.delta}, over its cap of {nano(found.cap_nano)}"
            )
        return found

    async def account(self, msp: str, dataset: str) -> privacy.Account:
        """Return an account."""
        return await self._ledger.call(f.PRIVACY_ACCOUNT, msp=msp, dataset=dataset)

    async def quote(self, **fields: object) -> privacy.LedgerQuote:
        """Return what a study, or a mechanism on one data set, would cost."""
        return await self._ledger.call(f.PRIVACY_QUOTE, **fields)


class RoundCalls(_Calls):
    """Contract `round`."""

    async def open(self, study: str, round_: int) -> round.Round:
        """Open the next round."""
        return await self._ledger.call(f.ROUND_OPEN, study=study, round=round_)

    async def decline(self, study: str, round_: int, *, dataset: str, reason: str) -> round.DeclineRecord:
        """Take no part in the round."""
        return await self._ledger.call(f.ROUND_DECLINE, study=study, round=round_, dataset=dataset, reason=reason)

    async def commit(self, study: str, round_: int, *, dataset: str, base: str, update: str) -> round.CommitRecord:
        """Commit to an update."""
        return await self._ledger.call(
            f.ROUND_COMMIT, study=study, round=round_, dataset=dataset, base=base, update=update
        )

    async def seal(self, study: str, round_: int) -> round.Round:
        """Close the round to updates."""
        return await self._ledger.call(f.ROUND_SEAL, study=study, round=round_)

    async def attest(
        self,
        study: str,
        round_: int,
        *,
        attempt: int,
        model: str,
        excluded: Sequence[round.Exclusion],
        possession: str,
    ) -> round.Attestation:
        """Say which model the included updates make."""
        return await self._ledger.call(
            f.ROUND_ATTEST,
            study=study,
            round=round_,
            attempt=attempt,
            model=model,
            excluded=list(excluded),
            possession=possession,
        )

    async def finalize(self, study: str, round_: int) -> round.Round:
        """Make the attested model final."""
        return await self._ledger.call(f.ROUND_FINALIZE, study=study, round=round_)

    async def retry(self, study: str, round_: int, *, attempt: int) -> round.Round:
        """End an attempt that found no quorum."""
        return await self._ledger.call(f.ROUND_RETRY, study=study, round=round_, attempt=attempt)

    async def abort(self, study: str, round_: int) -> round.Round:
        """End a round that got too few commits."""
        return await self._ledger.call(f.ROUND_ABORT, study=study, round=round_)

    async def get(self, study: str, round_: int) -> round.RoundView:
        """Return a round with everything that was said in it."""
        return await self._ledger.call(f.ROUND_GET, study=study, round=round_)

    async def receipt(self, study: str, round_: int, *, msp: str, dataset: str) -> round.Receipt:
        """Return proof of inclusion, or the reason against it."""
        return await self._ledger.call(f.ROUND_RECEIPT, study=study, round=round_, msp=msp, dataset=dataset)


class ModelCalls(_Calls):
    """Contract `model`."""

    async def get(self, digest: str) -> model.Model:
        """Return a model."""
        return await self._ledger.call(f.MODEL_GET, model=digest)

    async def lineage(self, digest: str) -> model.Lineage:
        """Return a model and its ancestors."""
        return await self._ledger.call(f.MODEL_LINEAGE, model=digest)

    async def retire(self, digest: str, *, reason: str) -> model.Model:
        """Withdraw a model from use."""
        return await self._ledger.call(f.MODEL_RETIRE, model=digest, reason=reason)


class AuditCalls(_Calls):
    """Contract `audit`."""

    async def info(self) -> audit.Info:
        """Return what the chaincode is."""
        return await self._ledger.call(f.AUDIT_INFO)

    async def record_review(self, request: audit.RecordReview) -> audit.Review:
        """Open a review of something on the ledger, assign it, or conclude it."""
        return await self._ledger.send(f.AUDIT_RECORD_REVIEW, request)

    async def anchor_access_log(self, *, entries: int, head: str) -> audit.Anchor:
        """Commit to the own access log as it is now."""
        return await self._ledger.call(f.AUDIT_ANCHOR_ACCESS_LOG, entries=entries, head=head)

    async def reviews(self, msp: str | None = None) -> audit.Reviews:
        """Return the reviews of all members, or of one."""
        return await self._ledger.call(f.AUDIT_REVIEWS, msp=msp)

    async def anchors(self) -> audit.Anchors:
        """Return the newest anchor of each member."""
        return await self._ledger.call(f.AUDIT_ANCHORS)


def nano(amount: str, *, places: int = 4) -> str:
    """Return an amount in nano-units as a decimal, rounded up in the last place shown."""
    unit = 10 ** (9 - places)
    whole, part = divmod(-(-int(amount) // unit), 10**places)
    return f"{whole}.{part:0{places}d}"
