"""Agreement between organisations: where they diverged, which blocks are missing, which clocks are off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.audit.trail.history import written
from quorate.records.round import Attestation

if TYPE_CHECKING:
    from starlette.responses import Response

    from gateway.audit.trail import Trail
    from gateway.portal.visit import Visit


async def show(visit: Visit) -> Response:
    """Show every divergence, and how often each organisation attested what became final."""
    visit.query()
    return await visit.page("agreement.html", answer=await visit.ask("agreement"), attested=await visit.read(_attested))


def _attested(trail: Trail) -> list[tuple[str, int, int]]:
    """Return, of each organisation, how many attestations it made, and how many of them stood with the most.

    Where no model has more attestations than every other, nobody stands with the most.
    """
    found = [one.record for one in written(trail, Attestation, "attest")]
    groups: dict[tuple[str, int, int], dict[str, int]] = {}
    for one in found:
        votes = groups.setdefault((one.study, one.round, one.attempt), {})
        votes[one.model] = votes.get(one.model, 0) + 1
    made: dict[str, list[int]] = {}
    for one in found:
        votes = groups[one.study, one.round, one.attempt]
        counts = made.setdefault(one.msp, [0, 0])
        counts[0] += 1
        counts[1] += list(votes.values()).count(max(votes.values())) == 1 and votes[one.model] == max(votes.values())
    return [(msp, counts[0], counts[1]) for msp, counts in sorted(made.items())]
