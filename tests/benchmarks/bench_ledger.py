"""Commits and evaluations of Quorate's chaincode beside the smallest one: same peers, same client, turn by turn.

Every round of measuring does the same with the one and then with the other, and figures are medians over the rounds, so
that what else the machine does hits both. A commit is a write to a key of its own, seen through to its commit status by
a steward; four organisations' stewards take turns, and the endorsement policy is the channel's default, a majority.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, Final

from network.consortium import found_consortium
from tests.benchmarks import load
from tests.benchmarks.ledgers import Ledgers, contracts, ledgers, missing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.fabric import Contract
    from tests.benchmarks.load import Measured, Workload

__all__ = ["missing", "run"]

ROUNDS: Final = 3
AT_ONCE: Final = {1: 40, 16: 320, 60: 480, 200: 800}
QUEUED: Final = 1000
EVALUATIONS: Final = 1500
EVALUATORS: Final = 16
CATCHING_UP_SECONDS: Final = 10.0
# Longer than an overloaded machine keeps a proposal waiting for its endorsement.
CLOCK_SKEW_MS: Final = 60_000


def run(*, engine: str = "embedded", rounds: int = ROUNDS, queued: int = QUEUED) -> dict[str, Any]:
    """Return the figures; times in milliseconds, rates per second, memory in bytes."""
    with tempfile.TemporaryDirectory(prefix="quorate-bench-", ignore_cleanup_errors=True) as directory:
        began = time.monotonic()
        with ledgers(engine, Path(directory)) as found:
            up = time.monotonic() - began
            figures = asyncio.run(_measure(found, rounds, queued))
            resident = found.resident_bytes()
    return {"both_up_seconds": round(up, 1), **figures, "resident_bytes": resident, "load_average": os.getloadavg()}


async def _measure(found: Ledgers, rounds: int, queued: int) -> dict[str, Any]:
    await found_consortium(found.ours, clock_skew_ms=CLOCK_SKEW_MS)
    async with (
        contracts(found.ours, found.ours.chaincode) as ours,
        contracts(found.raw, found.raw_chaincode) as raw,
    ):
        sides = {"ours": ours, "raw": raw}
        await _warm_up(sides)
        commits = {str(at_once): await _commits(sides, at_once, count, rounds) for at_once, count in AT_ONCE.items()}
        evaluations = await _evaluations(sides, rounds)
        waiting = await _queue(sides, queued)
    return {"commits": commits, "evaluations": evaluations, f"queued_{queued}": waiting}


def _workload(side: str, run: str) -> Workload:
    return load.Ours(run) if side == "ours" else load.Raw(run)


async def _warm_up(sides: dict[str, list[Contract]]) -> None:
    for side, callers in sides.items():
        await load.submit(callers, _workload(side, "warm"), range(40), at_once=8)


async def _commits(sides: dict[str, list[Contract]], at_once: int, count: int, rounds: int) -> dict[str, Any]:
    found: dict[str, list[Measured]] = {side: [] for side in sides}
    for number in range(rounds):
        for side, callers in sides.items():
            workload = _workload(side, f"c{at_once}-{number}")
            found[side].append(await load.submit(callers, workload, range(count), at_once=at_once))
    return _beside({side: _summary(measured) for side, measured in found.items()})


async def _evaluations(sides: dict[str, list[Contract]], rounds: int) -> dict[str, Any]:
    found: dict[str, list[Measured]] = {side: [] for side in sides}
    for _ in range(rounds):
        for side, callers in sides.items():
            measured = await load.evaluate(callers, _workload(side, "read"), EVALUATIONS, at_once=EVALUATORS)
            found[side].append(measured)
    return _beside({side: _summary(measured) for side, measured in found.items()})


async def _queue(sides: dict[str, list[Contract]], queued: int) -> dict[str, Any]:
    """Ask for so many commits in one moment; afterwards ask the ledger for each."""
    found: dict[str, Any] = {}
    for side, callers in sides.items():
        workload, numbers = _workload(side, "queue"), range(queued)
        measured = await load.submit(callers, workload, numbers, at_once=queued)
        written = await _written(callers[0], workload, numbers, len(measured.waits))
        found[side] = _summary([measured]) | {"lost": len(measured.waits) - written}
    return found


async def _written(contract: Contract, workload: Workload, numbers: Sequence[int], wanted: int) -> int:
    """Return how many of these writes are there; a peer that is a few blocks behind the others gets time to follow."""
    ends = time.monotonic() + CATCHING_UP_SECONDS
    while (found := await workload.written(contract, numbers)) < wanted and time.monotonic() < ends:  # noqa: ASYNC110
        await asyncio.sleep(0.2)  # asks another process
    return found


def _summary(measured: Sequence[Measured]) -> dict[str, Any]:
    failures = sum((each.failures for each in measured), start=type(measured[0].failures)())
    return {
        "per_second": round(median(each.per_second for each in measured), 1),
        "ms_p50": round(median(each.p50 for each in measured), 1),
        "ms_p95": round(median(each.p95 for each in measured), 1),
        "cpu_ms": round(median(each.cpu_ms for each in measured), 2),
        "failed": failures.total(),
        **({"failures": dict(failures.most_common(3))} if failures else {}),
    }


def _beside(found: dict[str, Any]) -> dict[str, Any]:
    ours, raw = found["ours"], found["raw"]
    return found | {
        "share_of_raw": round(ours["per_second"] / raw["per_second"], 2),
        # The same share if nothing but processor time counted: other work on the machine does not change it.
        "share_of_raw_by_cpu": round(raw["cpu_ms"] / ours["cpu_ms"], 2),
    }


if __name__ == "__main__":
    json.dump(run(engine=sys.argv[1] if len(sys.argv) > 1 else "embedded"), sys.stdout, indent=2)
    print()
