"""What the audit trail asks a witness: when a block was first seen, and where members' ledgers differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.audit.trail.observations import Observation
from gateway.audit.trail.questions.agreement import Finding
from gateway.witness.divergence import read

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator
    from pathlib import Path

    from gateway.witness.memory import Memory


class Recall:
    """Reads a witness's memory; writes nothing.

    Parameters
    ----------
    memory
        What the gateway has seen.
    divergences
        The file of what differed.
    members
        Tells whose gateways are compared with.
    """

    def __init__(self, memory: Memory, divergences: Path, *, members: Callable[[], Iterable[str]]) -> None:
        self._memory = memory
        self._divergences = divergences
        self._members = members

    def times(self, blocks: Collection[int]) -> dict[int, int]:
        """Return when blocks were first seen, Unix milliseconds; those are left out that were not."""
        seen = ((block, self._memory.get(block)) for block in blocks)
        return {block: found.observed_time for block, found in seen if found is not None}

    def heard(self) -> list[str]:
        """Return the members whose gateways are compared with."""
        return sorted(self._members())

    def divergences(self) -> Iterator[Finding]:
        """Return where their ledgers differ; errors as `gateway.witness.divergence.read`."""
        for found in read(self._divergences):
            yield Finding(
                kind="ledger",
                block=found.block,
                transaction=None,
                study=None,
                round=None,
                organisations=(found.msp,),
                what=found.what,
            )

    def observations(self) -> Iterator[Observation]:
        """Return the same for the timeline, with when each was found; errors as `divergences`."""
        for found in read(self._divergences):
            yield Observation(msp=found.msp, block=found.block, what=found.what, observed_time=found.found_time)
