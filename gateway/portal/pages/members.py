"""Members: who is one, and by which vote each came or went."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.portal.asked import number

if TYPE_CHECKING:
    from starlette.responses import Response

    from gateway.portal.visit import Visit


async def show(visit: Visit) -> Response:
    """Show the members now, or when a round was opened."""
    given = visit.query("study", "round")
    study, which = given.get("study"), given.get("round")
    asked: dict[str, object] = {"study": study, "round": number("round", which)} if study and which else {}
    return await visit.page(
        "members.html", answer=await visit.ask("members", **asked), study=study or "", round=which or ""
    )
