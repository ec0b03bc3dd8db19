"""Studies and rounds as people read them in a table; the JSON formats print the ledger's own records instead."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from gateway.service.client import RoundChange, StudyChange
    from quorate.records.common import Closed, Document, Stamp
    from quorate.records.round import RoundView
    from quorate.records.study import PrivacyTerms, StudyView, SuspendedBy, Terms

ENDED: Final = frozenset({"COMPLETED", "ABORTED", "REJECTED"})
"""States that a study does not leave."""


def study_summary(view: StudyView) -> dict[str, object]:
    """Return what a study is and how far it has come."""
    study, terms = view.study, view.study.terms
    return {
        "study": study.study,
        "title": terms.title,
        "state": state_words(study.state, study.closed),
        "version": study.version,
        "purpose": terms.purpose,
        "participants": [f"{each.msp}/{each.dataset} weight {each.weight}" for each in terms.participants],
        "quorum": f"{terms.m} of {len(terms.attesters)}: {', '.join(terms.attesters)}",
        "rounds": f"{terms.rounds} final ones wanted, {terms.max_rounds} opened at most",
        "minimum": f"{terms.minimum_commits} commits a round",
        "time": f"{terms.commit_timeout_ms / 1000:g} s to commit, {terms.attest_timeout_ms / 1000:g} s to attest",
        "unit": terms.unit,
        "privacy": privacy_words(terms.privacy),
        "plan": terms.plan,
        "initial model": terms.model.initial,
        "model": _size(terms),
        "evaluation set": None if terms.evaluation is None else terms.evaluation.digest,
        "terms digest": study.terms_digest,
        "policy version": terms.policy_version,
        "proposed": said(study.proposed),
        "started": said(study.started),
        "completed": said(study.completed),
        "suspended": [_suspended(by) for by in study.standing],
        "votes": [f"{vote.msp} {vote.choice} ({vote.motion})" for vote in view.votes],
        "accepted": [record.msp for record in view.accepts],
        "withdrawn": [record.msp for record in view.withdrawals],
    }


def round_summary(view: RoundView) -> dict[str, object]:
    """Return what became of a round."""
    current = view.round
    return {
        "study": current.study,
        "round": current.round,
        "state": state_words(current.state, current.closed),
        "base": current.base,
        "opened": said(current.opened),
        "commit by": moment(current.commit_by),
        "sealed": said(current.sealed),
        "included": [f"{each.msp}/{each.dataset}" for each in current.included],
        "left out": [f"{each.msp}/{each.dataset} {each.reason}" for each in current.left_out],
        "root": current.root,
        "attempt": current.attempt or None,
        "attest by": moment(current.attest_by),
        "excluded": [f"{each.msp}/{each.dataset} {each.reason}" for each in current.excluded],
        "quorum": f"{current.m} of {len(current.attesters)}",
        "attested by": list(current.attested_by),
        "model": current.model,
        "finalized": said(current.finalized),
    }


def record_of(change: StudyChange | RoundChange) -> Document:
    """Return the ledger's record that a change brought."""
    return change.study if change.round is None else change.round


def change_words(change: StudyChange | RoundChange) -> str:
    """Return one change of a study or a round in a line."""
    if change.study is not None:
        study = change.study.study
        by = study.stopped_by if study.state == "SUSPENDED" else ""
        return f"study {study.study} version {study.version}: {study.state}{by and f' by {by}'}"
    view = change.round
    current = view.round
    said_now = sum(one.attempt == current.attempt for one in view.attestations)
    return (
        f"round {current.round}: {current.state}, {len(view.reservations)} charges, {len(view.commits)} commits, "
        f"{len(view.declines)} declines, {said_now} of {len(current.attesters)} attested"
        + (f", model {current.model}" if current.model else "")
    )


def privacy_words(terms: PrivacyTerms) -> str:
    """Return the privacy terms in one line."""
    if terms.mechanism == "none":
        return "none"
    return (
        f"σ {terms.noise_multiplier}, sample rate {terms.sample_rate}, {terms.steps_per_round} steps a round, "
        f"clipping norm {terms.clipping_norm}, expected batch {terms.expected_batch_size}, δ {terms.delta}"
    )


def state_words(state: str, closed: Closed | None) -> str:
    """Return a state, with why it came to it where that is on record."""
    return state if closed is None else f"{state} ({closed.reason})"


def said(stamp: Stamp | None) -> str | None:
    """Return who did something, and when by their own account."""
    return None if stamp is None else f"by {stamp.msp} ({stamp.role}), claimed {moment(stamp.claimed_time)}"


def moment(milliseconds: int | None) -> str | None:
    """Return a time of the ledger, UTC."""
    if milliseconds is None:
        return None
    return f"{datetime.fromtimestamp(milliseconds / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"


def _suspended(by: SuspendedBy) -> str:
    since = moment(by.suspended.claimed_time)
    return f"number {by.number} by {by.msp} ({by.suspended.role}), reason {by.reason}, claimed {since}"


def _size(terms: Terms) -> str:
    tensors = terms.model.tensors
    elements = sum(math.prod(tensor.shape) for tensor in tensors)
    return f"{len(tensors)} tensors, {elements} parameters"
