"""Small questions that pages ask besides the officers': who and what there is, and how much of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select

from gateway.audit.trail.tables import EVENTS

if TYPE_CHECKING:
    from gateway.audit.trail import Trail


def organisations(trail: Trail, study: str | None = None) -> list[str]:
    """Return whoever submitted something, of one study or of all."""
    return _distinct(trail, "actor", study)


def studies(trail: Trail, study: str | None = None) -> list[str]:
    """Return the studies that events name; one only when it is named."""
    return _distinct(trail, "study", study)


def by_severity(trail: Trail) -> dict[int, int]:
    """Return how many events there are of each severity."""
    query = select(EVENTS.c.severity, func.count()).group_by(EVENTS.c.severity)
    with trail.engine.connect() as connection:
        return {int(severity): int(count) for severity, count in connection.execute(query)}


def _distinct(trail: Trail, name: str, study: str | None) -> list[str]:
    column = EVENTS.c[name]
    query = select(column).where(column.is_not(None)).distinct().order_by(column)
    if study is not None:
        query = query.where(EVENTS.c.study == study)
    with trail.engine.connect() as connection:
        return [str(found) for found in connection.execute(query).scalars()]
