"""Refusals and disputes: what was refused, late, left out, disputed or invalid, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from gateway.audit.trail.history import newest
from gateway.audit.trail.questions.refusals import RefusalKind
from gateway.portal.excerpt import excerpt
from quorate.records.round import Round

if TYPE_CHECKING:
    from starlette.responses import Response

    from gateway.audit.trail import Trail
    from gateway.portal.visit import Visit


async def show(visit: Visit) -> Response:
    """Show them, all or filtered."""
    given = visit.query("study", "organisation", "kind")
    study = given.get("study")
    answer, left = excerpt(await visit.ask("refusals", **given))
    return await visit.page(
        "refusals.html",
        answer=answer,
        left=left,
        disputed=await visit.read(_disputed, study),
        given={name: given.get(name, "") for name in ("study", "organisation", "kind")},
        kinds=get_args(RefusalKind),
        **await visit.offered(study),
    )


def _disputed(trail: Trail, study: str | None) -> list[Round]:
    under = ("round",) if study is None else ("round", study)
    return [found.record for found in newest(trail, Round, *under) if found.record.state == "DISPUTED"]
