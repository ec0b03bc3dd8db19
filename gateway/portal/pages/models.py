"""Models: what is final, what each was made from, and what was made from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.audit.trail.history import newest
from gateway.audit.trail.questions.models import descends_from, recomputable
from gateway.portal.graph import draw
from gateway.portal.verifying import commands
from quorate.errors import NotFoundError
from quorate.records.model import Model

if TYPE_CHECKING:
    from starlette.responses import Response

    from gateway.audit.trail import Trail
    from gateway.audit.trail.questions.models import DescendantsAnswer
    from gateway.portal.visit import Visit


async def show_all(visit: Visit) -> Response:
    """Show every final model, or what descends from an artefact."""
    artifact = visit.query("artifact").get("artifact")
    if artifact is not None:
        answer = await visit.ask("descendants", artifact=artifact)
        return await visit.page("descendants.html", answer=answer, artifact=artifact)
    await visit.admit("models")
    models = await visit.read(newest, Model, "model")
    return await visit.page("models.html", models=sorted(models, key=lambda found: found.place, reverse=True))


async def show(visit: Visit) -> Response:
    """Show one model's lineage."""
    visit.query()
    digest = visit.part("digest")
    answer = await visit.ask("lineage", model=digest)
    row = answer.rows[0]
    recompute = await visit.read(recomputable, study=row.study)
    return await visit.page(
        "model.html",
        row=row,
        answer=answer,
        drawing=draw(answer),  # type: ignore[arg-type]
        descendants=await visit.read(_descendants, digest),
        recompute=next((one for one in recompute.rows if one.model == digest), None),
        commands=await visit.read(commands, row.study, row.round),
    )


def _descendants(trail: Trail, digest: str) -> DescendantsAnswer | None:
    try:
        return descends_from(trail, artifact=digest)
    except NotFoundError:
        return None
