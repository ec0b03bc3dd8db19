"""The overview: how things stand, and what wants attention first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gateway.audit.trail import EventFilter, page
from gateway.audit.trail.history import newest
from gateway.audit.trail.kinds import Severity
from gateway.audit.trail.questions.members import members_at
from gateway.audit.trail.questions.privacy import spending
from gateway.audit.trail.questions.supervision import reviews
from gateway.portal.facts import by_severity
from quorate.records.policy import Policy
from quorate.records.study import Study

if TYPE_CHECKING:
    from starlette.responses import Response

    from gateway.audit.trail import Trail
    from gateway.audit.trail.observations import Observing
    from gateway.portal.visit import Visit

_FEW: Final = 8


async def show(visit: Visit) -> Response:
    """Show how things stand."""
    await visit.admit("overview")
    return await visit.page(
        "overview.html", now=visit.portal.clock(), **await visit.read(standing, visit.desk.memory.observing)
    )


def standing(trail: Trail, observing: Observing | None = None) -> dict[str, Any]:
    """Return what the overview shows."""
    policies = newest(trail, Policy, "policy", "version")
    accounts = [row for row in spending(trail).rows if row.study is None]
    pending = [row for row in reviews(trail).rows if row.state != "CONCLUDED"]
    return {
        "attention": page(trail, EventFilter(severity=Severity.ATTENTION), limit=_FEW, observing=observing).lines,
        "observed": 0 if observing is None else len(list(observing.observations())),
        "recent": page(trail, EventFilter(), limit=_FEW).events,
        "counts": by_severity(trail),
        "members": members_at(trail).members,
        "studies": [found.record for found in newest(trail, Study, "study")],
        "accounts": accounts,
        "fullest": max((_share(row) for row in accounts), default=None),
        "policy": max(policies, key=lambda found: found.record.version, default=None),
        "pending": pending,
        "genesis": trail.genesis,
    }


def _share(row: Any) -> int:  # noqa: ANN401 - a line of the spending
    cap = int(row.cap_nano)
    return 100 if not cap else -(-int(row.epsilon_nano) * 100 // cap)
