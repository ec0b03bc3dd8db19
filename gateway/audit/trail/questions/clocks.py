"""Whose clocks are off: claimed times beside each other, and beside when blocks were seen."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import select

from gateway.audit.trail.history import written
from gateway.audit.trail.tables import TRANSACTIONS
from quorate.records.consortium import Charter

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gateway.audit.trail.store import Trail

MOST = 50
"""Of the same organisations, so that nobody's own hide another's."""


class OddClock(NamedTuple):
    """A transaction that claims a time which cannot be, or which another's contradicts."""

    block: int
    transaction: str
    organisations: tuple[str, ...]
    what: str


class _Claim(NamedTuple):
    """Which time an organisation claims, and by which the claim was there, as far as anybody saw."""

    time: int
    msp: str
    bound: int | None

    def is_possible(self, skew: int) -> bool:
        """Tell whether it can be true; who claims what cannot be makes nobody else late."""
        return self.bound is None or self.time <= self.bound + skew


def odd_clocks(trail: Trail) -> Iterator[OddClock]:
    """Yield, in the order of the ledger, what the charter's clock skew does not explain."""
    charters = written(trail, Charter, "charter")
    if not charters:
        return
    skew = charters[-1].record.clock_skew_ms
    columns = (TRANSACTIONS.c[name] for name in ("block", "id", "msp", "claimed_time"))
    query = select(*columns).where(TRANSACTIONS.c.claimed_time.is_not(None), TRANSACTIONS.c.code == 0)
    with trail.engine.connect() as connection:
        rows = connection.execute(query.order_by(TRANSACTIONS.c.block, TRANSACTIONS.c.position)).mappings().all()
    bounds = _bounds(trail, {row["block"] for row in rows})
    latest = _Claim(0, "", None)
    told: Counter[tuple[str, ...]] = Counter()
    for row in rows:
        claim = _Claim(row["claimed_time"], row["msp"] or "", bounds.get(row["block"]))
        who, what = _oddity(claim, latest, skew)
        if claim.time > latest.time and claim.is_possible(skew):
            latest = claim
        told[who] += 1
        if what and told[who] <= MOST:
            yield OddClock(row["block"], row["id"], who, what)


def _bounds(trail: Trail, blocks: set[int]) -> Mapping[int, int]:
    """Return by which time each block was there: when it was seen, or one after it."""
    seen = trail.observed(blocks)
    found: dict[int, int] = {}
    bound: int | None = None
    for number in sorted(blocks, reverse=True):
        times = [time for time in (bound, seen.get(number)) if time is not None]
        bound = min(times, default=None)
        if bound is not None:
            found[number] = bound
    return found


def _oddity(claim: _Claim, latest: _Claim, skew: int) -> tuple[tuple[str, ...], str]:
    """Return whose clocks are off and by what, which is empty when nothing is."""
    allowed = f"and {skew} ms of skew are allowed"
    if claim.bound is not None and not claim.is_possible(skew):
        return (claim.msp,), f"claims a time {claim.time - claim.bound} ms after its block was seen, {allowed}"
    if claim.time < latest.time - 2 * skew:  # each of two honest clocks may be off by the skew
        # Of a time that nobody saw come only the two of them know who is right.
        who = {claim.msp} if latest.bound is not None else {claim.msp, latest.msp}
        ahead = latest.time - claim.time
        what = f"claims a time {ahead} ms before an earlier transaction's of {latest.msp}, {allowed}"
        return tuple(sorted(who)), what
    return (), ""
