"""Privacy accounts: what was spent, charge by charge, what is left, and the same counted anew."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse

from gateway.audit.trail.questions.privacy import protection, spending, spending_curve

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.responses import Response

    from gateway.audit.trail.questions.privacy import SpendingPoint
    from gateway.portal.visit import Visit

_NANO = 1_000_000_000
_MOST_SEATS = 12


async def show(visit: Visit) -> Response:
    """Show all accounts, or one organisation's; with ``recount`` they are added up anew from their history."""
    given = visit.query("organisation", "recount")
    organisation = given.get("organisation")
    await visit.admit("privacy", organisation=organisation)
    recounted = await visit.ask("recount") if "recount" in given else None
    everything = await visit.read(spending)
    return await visit.page(
        "privacy.html",
        organisation=organisation or "",
        organisations=sorted({row.msp for row in everything.rows}),
        accounts=await visit.read(spending, organisation=organisation),
        curve=(await visit.read(spending_curve, organisation=organisation)),
        protection=await visit.read(protection),
        recounted=recounted,
    )


async def curve(visit: Visit) -> Response:
    """Return the numbers of the chart, which are those of the table below it."""
    organisation = visit.query("organisation").get("organisation")
    await visit.admit("privacy/curve", organisation=organisation)
    found = await visit.read(spending_curve, organisation=organisation)
    return JSONResponse(chart_of(found.rows))


def chart_of(points: Sequence[SpendingPoint]) -> dict[str, Any]:
    """Return a line for each account, charge by charge in the order of the ledger, and the caps."""
    seats = sorted({(point.msp, point.dataset) for point in points})[:_MOST_SEATS]
    granted = [point for point in points if point.granted and (point.msp, point.dataset) in seats]
    values: dict[tuple[str, str], list[float | None]] = {seat: [0.0] for seat in seats}
    for point in granted:
        for seat, line in values.items():
            line.append(int(point.epsilon_nano) / _NANO if seat == (point.msp, point.dataset) else None)
    for line in values.values():  # as much is spent at the end as after the last charge
        line[-1] = next(value for value in reversed(line) if value is not None)
    at = list(range(len(granted) + 1))
    series: list[dict[str, Any]] = [
        {"label": f"{msp}/{dataset}", "cap": False, "values": line} for (msp, dataset), line in values.items()
    ]
    series += [
        {"label": f"cap {nano / _NANO:g}", "cap": True, "values": [nano / _NANO] * len(at)}
        for nano in sorted({int(point.cap_nano) for point in granted})
    ]
    return {"x": "charges, in the order of the ledger", "at": at, "series": series}
