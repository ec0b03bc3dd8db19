"""Questions 12 and 15: substantial modifications in a period, and what was deleted or retired, on which basis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

from sqlalchemy import select

from gateway.audit.trail import kinds
from gateway.audit.trail.history import written
from gateway.audit.trail.questions.answer import Answer, DatedRow, Row, stamps
from gateway.audit.trail.tables import EVENTS
from quorate.records.consortium import Charter
from quorate.records.dataset import Dataset
from quorate.records.model import Model
from quorate.records.policy import Policy
from quorate.records.study import Study

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gateway.audit.trail.store import Trail


_KEPT: Final = (
    "Records on the ledger are never deleted. Updates, models and plans are kept off it, and each organisation deletes "
    "its own by its retention rules."
)


class ModificationRow(DatedRow):
    """A change of what the system is.

    Attributes
    ----------
    what
        ``charter``, ``policy set``, ``study terms``, ``study`` (stopped, or going on), ``data set``, ``model``,
        ``chaincode`` or ``channel``.
    about
        Which one.
    before, after
        In short; an empty `before` is a first version.
    """

    what: str
    about: str
    before: str
    after: str


class ModificationsAnswer(Answer[ModificationRow]):
    """Modifications, oldest first."""


class Deletion(Row):
    """Something that is no longer used or no longer there.

    Attributes
    ----------
    where
        ``on the ledger`` (retired: the record stays) or ``off the ledger`` (the bytes were deleted).
    basis
        The rule, or the digest of the reason.
    time
        Unix milliseconds: claimed for what is on the ledger, this gateway's own clock for what is not.
    """

    time: int
    where: str
    what: str
    about: str
    msp: str
    basis: str
    block: int | None
    transaction: str | None


class DeletionsAnswer(Answer[Deletion]):
    """Deletions, oldest first."""


class Deleted(Protocol):
    """What the own gateway remembers of its deletions."""

    def deletions(self) -> Iterable[Deletion]:
        """Return them, oldest first."""
        ...


def modifications(trail: Trail, *, since: int | None = None, until: int | None = None) -> ModificationsAnswer:
    """Tell what was substantially modified between two claimed times, Unix milliseconds; `until` is not included."""
    parts = (_charters, _policies, _studies, _suspensions, _datasets, _models, _platform)
    rows = [row for part in parts for row in part(trail)]
    rows = [
        row
        for row in rows
        if (since is None or row.claimed_time >= since) and (until is None or row.claimed_time < until)
    ]
    rows.sort(key=lambda row: (row.block, row.what, row.about))
    note = "Order is that of the blocks; the period is by the times that submitters claim."
    return ModificationsAnswer(question="modifications", height=trail.height, rows=tuple(rows), notes=(note,))


def deletions(trail: Trail, *, deleted: Deleted | None = None) -> DeletionsAnswer:
    """Tell what was retired on the ledger, and what the own gateway deleted off it, on which basis."""
    rows = [*_retired(trail), *(() if deleted is None else deleted.deletions())]
    rows.sort(key=lambda row: row.time)
    note = _KEPT if deleted is not None else f"{_KEPT} They are not shown: there is no gateway's memory here."
    return DeletionsAnswer(question="deletions", height=trail.height, rows=tuple(rows), notes=(note,))


def _charters(trail: Trail) -> Iterator[ModificationRow]:
    found = written(trail, Charter, "charter")
    dates, before = stamps(trail, found), ""
    for version in found:
        record = version.record
        after = f"{', '.join(member.msp for member in record.members)}; policies by {record.quorum.policies}"
        about = record.amended.proposal if record.amended else record.title
        yield ModificationRow(**dates[version.place], what="charter", about=about, before=before, after=after)
        before = after


def _policies(trail: Trail) -> Iterator[ModificationRow]:
    found = written(trail, Policy, "policy", "version")
    dates, before = stamps(trail, found), ""
    for version in found:
        after = version.record.digest
        about = f"version {version.record.version}"
        yield ModificationRow(**dates[version.place], what="policy set", about=about, before=before, after=after)
        before = after


def _studies(trail: Trail) -> Iterator[ModificationRow]:
    found = written(trail, Study, "study")
    dates, known = stamps(trail, found), dict[str, str]()
    for version in found:
        record = version.record
        before = known.get(record.study, "")
        after = record.terms_digest
        if record.state == "APPROVED" and after != before:
            known[record.study] = after
            about = f"{record.study}, version {record.version}"
            yield ModificationRow(**dates[version.place], what="study terms", about=about, before=before, after=after)


def _suspensions(trail: Trail) -> Iterator[ModificationRow]:
    found = [version for version in written(trail, Study, "study") if version.record.suspension]
    dates, known = stamps(trail, found), dict[str, str]()
    for version in found:
        record = version.record
        before = known.get(record.study, "RUNNING")
        after = f"SUSPENDED by {record.stopped_by}" if record.state == "SUSPENDED" else record.state
        if after != before:
            known[record.study] = after
            yield ModificationRow(**dates[version.place], what="study", about=record.study, before=before, after=after)


def _datasets(trail: Trail) -> Iterator[ModificationRow]:
    found = written(trail, Dataset, "dataset")
    dates, known = stamps(trail, found), dict[str, str]()
    for version in found:
        record = version.record
        cap = f"ε ≤ {record.cap.epsilon} at δ = {record.cap.delta}" if record.cap else record.protection
        after = f"{record.state}, {cap}, for {', '.join(record.purposes)}, {record.fingerprint[:19]}"
        yield ModificationRow(
            **dates[version.place],
            what="data set",
            about=f"{record.msp}/{record.dataset}",
            before=known.get(version.key, ""),
            after=after,
        )
        known[version.key] = after


def _models(trail: Trail) -> Iterator[ModificationRow]:
    found = written(trail, Model, "model")
    dates, known = stamps(trail, found), dict[str, str]()
    for version in found:
        record, after = version.record, version.record.state
        about = f"{record.study}, round {record.round}: {record.digest}"
        before = known.get(version.key, "")
        yield ModificationRow(**dates[version.place], what="model", about=about, before=before, after=after)
        known[version.key] = after


def _platform(trail: Trail) -> Iterator[ModificationRow]:
    wanted = (kinds.CONFIGURED, kinds.DEFINED)
    query = select(EVENTS).where(EVENTS.c.type.in_(wanted)).order_by(EVENTS.c.sequence)
    with trail.engine.connect() as connection:
        rows = connection.execute(query).mappings().all()
    seen = trail.observed(row["block"] for row in rows)
    for row in rows:
        configured = row["type"] == kinds.CONFIGURED
        yield ModificationRow(
            block=row["block"],
            transaction=row["transaction"],
            by=row["actor"] or "",
            role=row["role"] or "",
            claimed_time=row["claimed_time"] or 0,
            observed_time=seen.get(row["block"]),
            what="channel" if configured else "chaincode",
            about="configuration" if configured else row["reason"] or "",
            before="",
            after=kinds.words_of(row["type"]),
        )


def _retired(trail: Trail) -> Iterator[Deletion]:
    for model in written(trail, Model, "model"):
        if model.record.state == "RETIRED":
            yield _gone(model, "model", model.record.digest, f"reason {model.record.retired_reason}")
    for dataset in written(trail, Dataset, "dataset"):
        if dataset.record.state == "RETIRED":
            yield _gone(dataset, "data set", f"{dataset.record.msp}/{dataset.record.dataset}", "retired by its owner")


def _gone(found: Any, what: str, about: str, basis: str) -> Deletion:  # noqa: ANN401 - a version of any record
    return Deletion(
        time=found.claimed_time,
        where="on the ledger",
        what=what,
        about=about,
        msp=found.msp,
        basis=basis,
        block=found.block,
        transaction=found.transaction,
    )
