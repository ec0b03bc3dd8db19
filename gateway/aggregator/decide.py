"""What a gateway should do next in a study: a pure function of what is on the ledger, the clock, and who asks.

Any gateway may take any step at any time. So that they do not all take the same one at once, they stand in a line
that turns with every round and attempt: the first acts at once, each further one a little later, and only if the
step has still not been taken.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from quorate.identifiers import RoundNumber

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from quorate.identifiers import MspId
    from quorate.records.round import Attestation, Round, RoundView
    from quorate.records.study import StudyView

STAGGER_MS: Final = 400
"""How much later each further gateway in the line acts."""


@dataclass(frozen=True, slots=True)
class Open:
    """Open this round."""

    round: RoundNumber


@dataclass(frozen=True, slots=True)
class Seal:
    """Seal this round."""

    round: RoundNumber


@dataclass(frozen=True, slots=True)
class Abort:
    """Abort this round: it cannot reach its minimum of commits."""

    round: RoundNumber


@dataclass(frozen=True, slots=True)
class Attest:
    """Recompute this round's aggregate and attest it."""

    round: RoundNumber
    attempt: int


@dataclass(frozen=True, slots=True)
class Finalize:
    """Finalize this round."""

    round: RoundNumber


@dataclass(frozen=True, slots=True)
class Retry:
    """End this attempt, which found no quorum."""

    round: RoundNumber
    attempt: int


@dataclass(frozen=True, slots=True)
class Complete:
    """End the study: its rounds are used up."""


Step: TypeAlias = Open | Seal | Abort | Attest | Finalize | Retry | Complete


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What to do, and from when on.

    Attributes
    ----------
    step
        The step, or None where only others, or only time, can bring the study on.
    at
        Unix milliseconds from which to act, or at which to decide again; None to wait for a change alone.
    """

    step: Step | None
    at: int | None


_NOTHING: Final = Decision(step=None, at=None)


def decide(
    study: StudyView, latest: RoundView | None, *, me: MspId, members: Collection[MspId], now: int, skew_ms: int
) -> Decision:
    """Return the next step of gateway `me` in a study.

    Parameters
    ----------
    study
        The study with its withdrawals.
    latest
        Its last round, or None before the first.
    me
        The gateway's organisation.
    members
        The charter's: the ledger takes no step of others, and counts no attestation of theirs.
    now
        Unix milliseconds by this gateway's clock.
    skew_ms
        The charter's allowed clock skew.
    """
    if study.study.state != "RUNNING" or me not in members:
        return _NOTHING
    if latest is None:
        return _in_line(Open(RoundNumber(1)), study, round_=1, attempt=0, me=me, now=now)
    match latest.round.state:
        case "OPEN":
            return _while_open(study, latest, me=me, now=now, skew_ms=skew_ms)
        case "SEALED":
            return _while_sealed(study, latest, me=me, members=members, now=now)
        case "FINAL" | "ABORTED":
            return _after(study, latest.round, me=me, now=now)
        case "DISPUTED":
            return _NOTHING


def _while_open(study: StudyView, view: RoundView, *, me: MspId, now: int, skew_ms: int) -> Decision:
    current = view.round
    due = now if _resolved(study, view) else current.commit_by + skew_ms
    if now < due:
        return Decision(step=None, at=due)
    withdrawn = _withdrawn(study)
    included = sum(commit.status == "ON_TIME" and commit.msp not in withdrawn for commit in view.commits)
    number = RoundNumber(current.round)
    step: Step = Seal(number) if included >= study.study.terms.minimum_commits else Abort(number)
    return _in_line(step, study, round_=current.round, attempt=0, me=me, now=now, due=due)


def _withdrawn(study: StudyView) -> set[MspId]:
    return {record.msp for record in study.withdrawals}


def _resolved(study: StudyView, view: RoundView) -> bool:
    """Tell whether every participant has committed, declined, been refused, or withdrawn."""
    withdrawn = _withdrawn(study)
    spoken = {(commit.msp, commit.dataset) for commit in view.commits}
    spoken |= {(decline.msp, decline.dataset) for decline in view.declines}
    spoken |= {(charge.msp, charge.dataset) for charge in view.reservations if charge.status == "REFUSED"}
    return all(
        participant.msp in withdrawn or (participant.msp, participant.dataset) in spoken
        for participant in study.study.terms.participants
    )


def _while_sealed(study: StudyView, view: RoundView, *, me: MspId, members: Collection[MspId], now: int) -> Decision:
    current, number = view.round, RoundNumber(view.round.round)
    attesters = [msp for msp in current.attesters if msp in members]
    said = [attestation for attestation in view.attestations if attestation.attempt == current.attempt]
    if quorum_reached(said, needed=current.m, among=attesters):
        step: Step = Finalize(number)
        return _in_line(step, study, round_=current.round, attempt=current.attempt, me=me, now=now)
    silent = set(attesters) - {attestation.msp for attestation in said}
    if me in silent and now < gives_up_at(current):
        return Decision(step=Attest(number, current.attempt), at=now)
    due = now
    if silent:
        due = gives_up_at(current) if me in silent else _attest_by(current)
    if now < due:
        return Decision(step=None, at=due)
    step = Retry(number, current.attempt)
    return _in_line(step, study, round_=current.round, attempt=current.attempt, me=me, now=now, due=due)


def gives_up_at(current: Round) -> int:
    """Return when an attester that could not attest ends the attempt itself: after twice the time that it had.

    Until then a late attestation may still make the quorum; those that have attested end the attempt in time.
    """
    ends = _attest_by(current)
    return ends + (ends - (current.attempt_time or ends))


def _attest_by(current: Round) -> int:
    return current.attest_by or 0


def quorum_reached(said: Iterable[Attestation], *, needed: int, among: Iterable[str]) -> bool:
    """Tell whether `needed` attesters said the same of model and exclusions."""
    attesters = set(among)
    same = Counter(
        (one.model, tuple((left.msp, left.dataset, left.reason) for left in one.excluded))
        for one in said
        if one.msp in attesters
    )
    return any(count >= needed for count in same.values())


def _after(study: StudyView, last: Round, *, me: MspId, now: int) -> Decision:
    terms = study.study.terms
    finals = last.finals_before + (last.state == "FINAL")
    if finals >= terms.rounds or last.round >= terms.max_rounds:
        step: Step = Complete()
    else:
        step = Open(RoundNumber(last.round + 1))
    return _in_line(step, study, round_=last.round + 1, attempt=0, me=me, now=now)


def _in_line(
    step: Step, study: StudyView, *, round_: int, attempt: int, me: MspId, now: int, due: int | None = None
) -> Decision:
    """Return the step for when `me`'s turn comes; counted from `due` where that moment is known to everybody."""
    terms = study.study.terms
    line = [*terms.attesters, *sorted({each.msp for each in terms.participants} - set(terms.attesters))]
    if me not in line:
        return _NOTHING
    place = (line.index(me) - round_ - attempt) % len(line)
    return Decision(step=step, at=max((now if due is None else due) + place * STAGGER_MS, now))
