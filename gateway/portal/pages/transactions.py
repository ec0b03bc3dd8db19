"""One transaction: its events, the document that was sent, who endorsed it, what decided, and how to verify it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.portal.decision import decision_at
from gateway.portal.verifying import verifying

if TYPE_CHECKING:
    from starlette.responses import Response

    from gateway.portal.visit import Visit


async def show(visit: Visit) -> Response:
    """Show a transaction."""
    visit.query()
    found = await visit.desk.transaction(visit.reader, visit.part("transaction"), via="portal")
    return await visit.page(
        "transaction.html",
        found=found,
        decision=await visit.read(decision_at, found),
        commands=await visit.read(verifying, found),
    )
