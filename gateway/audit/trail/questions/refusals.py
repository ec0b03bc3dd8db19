"""Question 10: which updates and attempts were refused, late or left out, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import select

from gateway.audit.trail import kinds
from gateway.audit.trail.history import newest, written
from gateway.audit.trail.questions.answer import Answer, DatedRow, stamps
from gateway.audit.trail.tables import EVENTS, TRANSACTIONS
from quorate.privacy.spelling import epsilon_text
from quorate.records.privacy import Reservation
from quorate.records.round import CommitRecord, DeclineRecord, Round

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gateway.audit.trail.store import Trail


RefusalKind = Literal["budget", "late", "declined", "left out", "excluded", "aborted", "invalid", "conflict"]


class RefusalRow(DatedRow):
    """Something that was refused, or did not count.

    Attributes
    ----------
    kind
        ``budget`` (a charge over the cap), ``late`` (an update after the deadline), ``declined`` (by its owner),
        ``left out`` (of the sealed round), ``excluded`` (by the attesters), ``aborted`` (a round), ``invalid``
        (a transaction that peers did not let take effect), ``conflict`` (one that another had overtaken).
    reason
        In the ledger's word.
    detail
        What can be said beyond that.
    """

    kind: RefusalKind
    study: str | None
    round: int | None
    msp: str | None
    dataset: str | None
    reason: str
    detail: str


class RefusalsAnswer(Answer[RefusalRow]):
    """All refusals, oldest first."""


_NOTE = (
    "What endorsers refused never became a transaction and left no trace on the ledger: only budget refusals are "
    "recorded there, on purpose."
)


def refusals(
    trail: Trail, *, study: str | None = None, organisation: str | None = None, kind: RefusalKind | None = None
) -> RefusalsAnswer:
    """Tell which updates and attempts were refused, late or left out, and why."""
    rows = [*_budget(trail), *_late(trail), *_declined(trail), *_rounds(trail), *_invalid(trail)]
    rows = [
        row
        for row in rows
        if study in {None, row.study} and organisation in {None, row.msp} and kind in {None, row.kind}
    ]
    rows.sort(key=lambda row: (row.block, row.kind, row.msp or "", row.dataset or ""))
    return RefusalsAnswer(question="refusals", height=trail.height, rows=tuple(rows), notes=(_NOTE,))


def late_updates(trail: Trail, *, study: str | None = None, organisation: str | None = None) -> RefusalsAnswer:
    """Tell which updates came after their round's deadline."""
    return refusals(trail, study=study, organisation=organisation, kind="late")


def _budget(trail: Trail) -> Iterator[RefusalRow]:
    found = [version for version in written(trail, Reservation, "reserve") if version.record.status == "REFUSED"]
    dates = stamps(trail, found)
    for version in found:
        record = version.record
        would, cap = epsilon_text(int(record.epsilon_after_nano)), epsilon_text(int(record.cap_nano))
        yield RefusalRow(
            **dates[version.place],
            kind="budget",
            **_seat(record),
            reason="BUDGET_EXCEEDED",
            detail=f"ε would have become {would} of {cap}",
        )


def _late(trail: Trail) -> Iterator[RefusalRow]:
    found = [version for version in written(trail, CommitRecord, "commit") if version.record.status == "LATE"]
    dates = stamps(trail, found)
    for version in found:
        yield RefusalRow(
            **dates[version.place],
            kind="late",
            **_seat(version.record),
            reason="late",
            detail=f"update {version.record.update}",
        )


def _declined(trail: Trail) -> Iterator[RefusalRow]:
    found = written(trail, DeclineRecord, "decline")
    dates = stamps(trail, found)
    for version in found:
        yield RefusalRow(
            **dates[version.place], kind="declined", **_seat(version.record), reason=version.record.reason, detail=""
        )


def _rounds(trail: Trail) -> Iterator[RefusalRow]:
    sealed: dict[str, Any] = {}
    for version in written(trail, Round, "round"):
        if version.record.sealed is not None:
            sealed.setdefault(version.key, version)
    last = newest(trail, Round, "round")
    dates = stamps(trail, [*sealed.values(), *last])
    for version in sealed.values():
        for left in version.record.left_out:
            yield _about(
                dates[version.place], version.record, kind="left out", who=left, detail="not in the sealed round"
            )
    for version in last:
        for one in version.record.excluded:
            yield _about(dates[version.place], version.record, kind="excluded", who=one, detail="by the attesters")
        if version.record.state == "ABORTED" and version.record.closed is not None:
            yield RefusalRow(
                **dates[version.place],
                kind="aborted",
                study=version.record.study,
                round=version.record.round,
                msp=None,
                dataset=None,
                reason=version.record.closed.reason,
                detail="the whole round",
            )


def _invalid(trail: Trail) -> Iterator[RefusalRow]:
    query = (
        select(EVENTS, TRANSACTIONS.c.function)
        .join(TRANSACTIONS, (EVENTS.c.block == TRANSACTIONS.c.block) & (EVENTS.c.position == TRANSACTIONS.c.position))
        .where(EVENTS.c.type.in_((kinds.INVALID, kinds.CONFLICTED)))
        .order_by(EVENTS.c.sequence)
    )
    with trail.engine.connect() as connection:
        rows = connection.execute(query).mappings().all()
    seen = trail.observed(row["block"] for row in rows)
    for row in rows:
        yield RefusalRow(
            block=row["block"],
            transaction=row["transaction"],
            by=row["actor"] or "",
            role=row["role"] or "",
            claimed_time=row["claimed_time"] or 0,
            observed_time=seen.get(row["block"]),
            kind="invalid" if row["type"] == kinds.INVALID else "conflict",
            study=None,
            round=None,
            msp=row["actor"],
            dataset=None,
            reason=row["reason"] or "",
            detail=row["function"] or "",
        )


def _seat(record: Reservation | CommitRecord | DeclineRecord) -> dict[str, Any]:
    return {"study": record.study, "round": record.round, "msp": record.msp, "dataset": record.dataset}


def _about(date: Mapping[str, Any], record: Round, *, kind: RefusalKind, who: Any, detail: str) -> RefusalRow:  # noqa: ANN401 - either of two records
    return RefusalRow(
        **date,
        kind=kind,
        study=record.study,
        round=record.round,
        msp=who.msp,
        dataset=who.dataset,
        reason=who.reason,
        detail=detail,
    )
