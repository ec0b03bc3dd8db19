"""Small questions that pages ask besides the officers': who and what there is, and how much of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select

from gateway.audit.trail.tables import EVENTS

if TYPE_CHECKING:
    from gateway.audit.trail import Trail


def organisations(trail: Trail) -> list[str]:
    """Return whoever submitted something."""
    return _distinct(trail, "actor")


def studies(trail: Trail) -> list[str]:
    """Return the studies that events name."""
    return _distinct(trail, "study")


def by_severity(trail: Trail) -> dict[int, int]:
    """Return how many events there are of each severity."""
    query = select(EVENTS.c.severity, func.count()).group_by(EVENTS.c.severity)
    with trail.engine.connect() as connection:
        return {int(severity): int(count) for severity, count in connection.execute(query)}


def _distinct(trail: Trail, name: str) -> list[str]:
    column = EVENTS.c[name]
    query = select(column).where(column.is_not(None)).distinct().order_by(column)
    with trail.engine.connect() as connection:
        return [str(found) for found in connection.execute(query).scalars()]
