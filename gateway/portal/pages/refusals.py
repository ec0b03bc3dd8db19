"""Refusals and disputes: what was refused, late, left out, disputed or invalid, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from gateway.audit.trail.history import newest
from gateway.audit.trail.questions.refusals import RefusalKind
from gateway.portal.facts import organisations, studies
from quorate.records.round import Round

if TYPE_CHECKING:
    from starlette.responses import Response

    from gateway.audit.trail import Trail
    from gateway.portal.visit import Visit


async def show(visit: Visit) -> Response:
    """Show them, all or filtered."""
    given = visit.query("study", "organisation", "kind")
    return await visit.page(
        "refusals.html",
        answer=await visit.ask("refusals", **given),
        disputed=await visit.read(_disputed),
        given={name: given.get(name, "") for name in ("study", "organisation", "kind")},
        kinds=get_args(RefusalKind),
        studies=await visit.read(studies),
        organisations=await visit.read(organisations),
    )


def _disputed(trail: Trail) -> list[Round]:
    return [found.record for found in newest(trail, Round, "round") if found.record.state == "DISPUTED"]
