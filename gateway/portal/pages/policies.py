"""Policies: every set that was in force or proposed, who voted how, and what each changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quorate.errors import NotFoundError

if TYPE_CHECKING:
    from starlette.responses import Response

    from gateway.portal.visit import Visit


async def show(visit: Visit) -> Response:
    """Show the history."""
    visit.query()
    return await visit.page("policies.html", answer=await visit.ask("policies"))


async def show_one(visit: Visit) -> Response:
    """Show one set with its difference to the one that it replaced, and the votes."""
    visit.query()
    digest = visit.part("digest")
    answer = await visit.ask("policies")
    rows = [row for row in answer.rows if row.digest == digest]
    if not rows:
        raise NotFoundError(f"the ledger has no policy set {digest[:80]!r}")
    return await visit.page(
        "policy.html",
        row=rows[-1],
        rows=rows,
        text=answer.texts[digest],  # type: ignore[attr-defined]
        diff=answer.diffs.get(digest, "").split("\n"),  # type: ignore[attr-defined]
    )
