from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from gateway.service.protos.quorate.v1.witness_pb2 import GatherRequest, StateRequest
from gateway.witness.service import AT_ONCE, WitnessService
from quorate.errors import LimitError
from quorate.identifiers import MspId

if TYPE_CHECKING:
    from collections.abc import Collection

    from gateway.service.methods import Call

OWN = MspId("AlderMSP")


@dataclass
class SlowWitness:
    """Makes statements when it is told to, and counts how many at once."""

    begun: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)
    making: int = 0
    most: int = 0

    def state(self, blocks: Collection[int]) -> bytes:
        self.making += 1
        self.most = max(self.most, self.making)
        self.begun.set()
        self.go_on.wait()
        self.making -= 1
        return b"about %d blocks" % len(blocks)


class NoMembers:
    async def gather(self, _blocks: Collection[int]) -> list[Any]:
        return []


def call_of(msp: str) -> Call:
    return cast("Call", SimpleNamespace(caller=SimpleNamespace(account=msp)))


async def test_statements_are_made_one_at_a_time_and_few_for_one_member() -> None:
    """A long one takes a second of this process: who asks for many must not keep it from all else."""
    witness = SlowWitness()
    service = WitnessService(cast("Any", witness), cast("Any", NoMembers()), msp=OWN)
    birch, cedar = call_of("BirchMSP"), call_of("CedarMSP")
    waiting = [asyncio.create_task(service.state(StateRequest(blocks=[1, 2]), birch)) for _ in range(AT_ONCE)]
    try:
        assert await asyncio.to_thread(witness.begun.wait, 60)
        with pytest.raises(LimitError, match="has 4 such calls open already"):
            await service.state(StateRequest(), birch)
        waiting.append(asyncio.create_task(service.state(StateRequest(), cedar)))
        gathered = asyncio.create_task(service.gather(GatherRequest(blocks=[1]), cedar))
    finally:
        witness.go_on.set()
    said = [found.statement for found in await asyncio.gather(*waiting)]
    assert said == [*[b"about 2 blocks"] * AT_ONCE, b"about 0 blocks"]
    assert [found.statement for found in (await gathered).statements] == [b"about 1 blocks"]
    assert witness.most == 1
    assert (await service.state(StateRequest(), birch)).statement == b"about 0 blocks"
