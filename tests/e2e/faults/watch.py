"""What one peer tells of the ledger while others fail: every fact, in order, with the moment at which it was seen."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.fabric import Endpoint, FileIdentity, GatewayError, Tls, connect
from network.identity import Role
from quorate.records.events import Events

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from network.connection import Connection, OrganisationConnection
    from quorate.records.events import Event


@dataclass(frozen=True, slots=True)
class Seen:
    """One fact of a valid transaction."""

    block: int
    transaction: str
    fact: Event
    at: float

    @property
    def identity(self) -> tuple[object, ...]:
        """What may be on the ledger once only: nobody takes a step of a round twice."""
        fact = self.fact
        return fact.type, fact.study, fact.round, fact.msp, fact.dataset, fact.attempt


async def facts_at(connection: Connection, member: OrganisationConnection, *, start: int = 0) -> AsyncIterator[Seen]:
    """Yield what a member's own peer tells from a block on; its stream is opened again while the peer is away."""
    paths = member.paths
    pair, client = paths.identity(Role.OFFICER), paths.gateway_client
    identity, signer = FileIdentity(msp_id=member.msp_id, certificate=pair.cert, key=pair.key).load()
    tls = Tls.from_files(roots=member.tls_ca, certificate=client.cert, key=client.key, server_name=member.server_name)
    past: set[str] = set()
    async with connect(Endpoint(member.address, tls), identity, signer) as gateway:
        while True:
            network = gateway.network(connection.channel)
            try:
                async with network.chaincode_events(connection.chaincode, start_block=start) as events:
                    async for event in events:
                        if event.transaction_id in past:
                            continue
                        if event.block_number > start:
                            start, past = event.block_number, set()
                        past.add(event.transaction_id)
                        for fact in Events.parse(event.payload).events:
                            yield Seen(event.block_number, event.transaction_id, fact, time.monotonic())
            except GatewayError:
                await asyncio.sleep(0.2)


class Watch:
    """Keeps what one member's peer tells, and wakes whoever waits for more of it."""

    def __init__(self, connection: Connection, member: OrganisationConnection) -> None:
        self.seen: list[Seen] = []
        self._more = asyncio.Condition()
        self._source = facts_at(connection, member)
        self._task = asyncio.create_task(self._read())

    async def _read(self) -> None:
        async for seen in self._source:
            async with self._more:
                self.seen.append(seen)
                self._more.notify_all()

    async def first(self, *types: str, after: int, round_: int | None = None, seconds: float) -> Seen:
        """Return the first fact of these types at a place after `after`, of a round if one is named."""
        place = after
        async with asyncio.timeout(seconds), self._more:
            while True:
                while place < len(self.seen):
                    found, place = self.seen[place], place + 1
                    if found.fact.type in types and round_ in {None, found.fact.round}:
                        return found
                await self._more.wait()

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self._source.aclose()
