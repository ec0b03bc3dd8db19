from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import grpc
import pytest

from gateway.artifacts.bounds import SizeLimits
from gateway.artifacts.exchange import Exchange
from gateway.artifacts.label import Description, Kind, Label
from gateway.artifacts.store import ArtifactStore
from gateway.artifacts.transfer import ArtifactClient
from gateway.artifacts.wire import SERVICE
from gateway.service.protos.quorate.v1 import artifacts_pb2 as pb
from gateway.service.status import STATUS
from quorate.digest import digest_of
from quorate.errors import DeniedError, IntegrityError, NoSpaceError, NotFoundError, QuorateError
from quorate.identifiers import DatasetId, StudyId
from tests.unit.gateway.artifacts.examples import (
    ALDER,
    BIRCH,
    CEDAR,
    PLAN,
    UPDATE,
    broken_after,
    chunks,
    described,
    some_bytes,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from google.protobuf.message import Message

    from quorate.digest import Digest
    from quorate.identifiers import MspId

LIMITS = SizeLimits(plan=4_000_000, model=64_000_000, evaluation=4_000_000)
CHUNK = 1024 * 1024


@dataclass
class Source:
    """A gateway that serves whatever it is told to, right or wrong, whole or broken off."""

    data: bytes | None
    break_after: int | None = None
    claims_size: int | None = None
    silent: bool = False
    only: Digest | None = None
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    offsets: list[int] = field(default_factory=list)

    async def get(self, request: pb.GetRequest, context: grpc.aio.ServicerContext) -> AsyncIterator[pb.GetResponse]:
        self.offsets.append(request.offset)
        self.asked.set()
        if self.silent:
            await asyncio.Event().wait()
        if self.data is None or (self.only and request.digest != self.only):
            await context.abort(grpc.StatusCode.NOT_FOUND, "NOT_FOUND: it is not here")
            return
        sent = request.offset
        async for chunk in chunks(self.data[request.offset :], CHUNK):
            if self.break_after is not None and sent >= self.break_after:
                self.break_after = None
                await context.abort(grpc.StatusCode.UNAVAILABLE, "the line is cut")
            yield pb.GetResponse(chunk=chunk)
            sent += len(chunk)

    async def stat(self, _request: pb.StatRequest, _context: grpc.aio.ServicerContext) -> pb.StatResponse:
        size = self.claims_size or len(self.data or b"")
        return pb.StatResponse(complete=bool(size), size=size)


@dataclass
class Trickle(Source):
    """Sends a byte now and then, of whatever is asked for, and nothing of what others have."""

    async def get(self, request: pb.GetRequest, context: grpc.aio.ServicerContext) -> AsyncIterator[pb.GetResponse]:
        del request, context
        while True:
            yield pb.GetResponse(chunk=b"x")
            await asyncio.sleep(0.05)


def as_bytes(answer: Message | bytes) -> bytes:
    return answer if isinstance(answer, bytes) else answer.SerializeToString()


class Sources:
    """The other members' gateways, over plain loopback: the transport is tested elsewhere."""

    def __init__(self) -> None:
        self._clients: dict[MspId, ArtifactClient] = {}
        self._servers: list[grpc.aio.Server] = []
        self._channels: list[grpc.aio.Channel] = []

    async def add(self, msp: MspId, source: Source) -> Source:
        server = grpc.aio.server()
        methods = {
            "Get": grpc.unary_stream_rpc_method_handler(source.get, pb.GetRequest.FromString, as_bytes),
            "Stat": grpc.unary_unary_rpc_method_handler(source.stat, pb.StatRequest.FromString, as_bytes),
        }
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, methods),))
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        channel = grpc.aio.insecure_channel(f"127.0.0.1:{port}")
        self._servers.append(server)
        self._channels.append(channel)
        self._clients[msp] = ArtifactClient(channel, name=msp)
        return source

    async def close(self) -> None:
        for channel in self._channels:
            await channel.close()
        for server in self._servers:
            await server.stop(0)

    def others(self) -> list[MspId]:
        return sorted(self._clients)

    def artifacts(self, msp: MspId) -> ArtifactClient | None:
        return self._clients.get(msp)


@pytest.fixture
async def sources() -> AsyncIterator[Sources]:
    made = Sources()
    yield made
    await made.close()


@pytest.fixture
async def store(tmp_path: Path) -> ArtifactStore:
    return await ArtifactStore.open(tmp_path, reserve=0)


@pytest.fixture
def exchange(store: ArtifactStore, sources: Sources) -> Exchange:
    return Exchange(store, sources, limits=LIMITS, parallel=2)


async def kept(store: ArtifactStore, data: bytes) -> bytes:
    return b"".join([chunk async for chunk in store.read(digest_of(data))])


async def test_the_writers_gateway_is_asked_first(exchange: Exchange, store: ArtifactStore, sources: Sources) -> None:
    data = some_bytes()
    birch = await sources.add(BIRCH, Source(data))
    alder = await sources.add(ALDER, Source(data))
    cedars = await sources.add(CEDAR, Source(data))
    assert UPDATE.msp == ALDER
    assert await exchange.fetch(described(data, UPDATE), within=60) == ALDER
    assert (alder.offsets, birch.offsets, cedars.offsets) == ([0], [], [])
    assert await kept(store, data) == data


async def test_wrong_bytes_are_caught_and_the_next_source_tried(
    exchange: Exchange, store: ArtifactStore, sources: Sources
) -> None:
    data = some_bytes()
    wrong = data[:-1] + bytes([data[-1] ^ 1])
    await sources.add(ALDER, Source(wrong))
    await sources.add(BIRCH, Source(data))
    assert await exchange.fetch(described(data, UPDATE), within=60) == BIRCH
    assert await kept(store, data) == data


@pytest.mark.parametrize("wrong", [b"", b"too short", b"x" * 3_000_001])
async def test_another_length_is_as_wrong_as_other_bytes(
    exchange: Exchange, store: ArtifactStore, sources: Sources, wrong: bytes
) -> None:
    data = some_bytes()
    await sources.add(ALDER, Source(wrong))
    await sources.add(BIRCH, Source(data))
    assert await exchange.fetch(described(data, UPDATE), within=60) == BIRCH
    assert await kept(store, data) == data


async def test_a_broken_source_is_followed_up_by_another_where_it_broke(
    exchange: Exchange, store: ArtifactStore, sources: Sources
) -> None:
    data = some_bytes(4 * CHUNK)
    await sources.add(ALDER, Source(data, break_after=2 * CHUNK))
    birch = await sources.add(BIRCH, Source(data))
    assert await exchange.fetch(described(data, UPDATE), within=60) == BIRCH
    assert birch.offsets == [2 * CHUNK]
    assert await kept(store, data) == data


async def test_a_source_is_not_blamed_for_what_another_sent_before_it(
    exchange: Exchange, store: ArtifactStore, sources: Sources
) -> None:
    data = some_bytes(4 * CHUNK)
    await sources.add(ALDER, Source(b"x" * len(data), break_after=2 * CHUNK))
    birch = await sources.add(BIRCH, Source(data))
    assert await exchange.fetch(described(data, UPDATE), within=60) == BIRCH
    assert birch.offsets == [2 * CHUNK, 0]
    assert await kept(store, data) == data


async def test_what_an_earlier_process_left_wrong_is_fetched_again(
    exchange: Exchange, store: ArtifactStore, sources: Sources
) -> None:
    data = some_bytes(4 * CHUNK)
    with pytest.raises(ConnectionResetError):
        await store.receive(described(data, UPDATE), broken_after(b"x" * len(data), CHUNK))
    alder = await sources.add(ALDER, Source(data))
    assert await exchange.fetch(described(data, UPDATE), within=60) == ALDER
    assert alder.offsets == [CHUNK, 0]


async def test_when_every_source_lies_it_says_so_at_once(exchange: Exchange, sources: Sources) -> None:
    data = some_bytes()
    await sources.add(ALDER, Source(b"x" * len(data)))
    await sources.add(BIRCH, Source(b"y" * len(data)))
    async with asyncio.timeout(30):
        with pytest.raises(IntegrityError, match=r"every source.*AlderMSP.*BirchMSP"):
            await exchange.fetch(described(data, UPDATE), within=60)


async def test_a_source_that_has_it_later_is_asked_again(exchange: Exchange, sources: Sources) -> None:
    data = some_bytes()
    alder = await sources.add(ALDER, Source(None))

    async def store_again() -> None:
        while len(alder.offsets) < 2:  # noqa: ASYNC110 - counts calls of another task
            await asyncio.sleep(0.01)
        alder.data = data

    task = asyncio.create_task(store_again())
    assert await exchange.fetch(described(data, UPDATE), within=60) == ALDER
    await task


async def test_a_source_that_is_there_and_silent_does_not_cost_the_others_their_turn(
    exchange: Exchange, store: ArtifactStore, sources: Sources
) -> None:
    data = some_bytes()
    writer = await sources.add(ALDER, Source(None))  # away for a moment, as while it is started again
    silent = await sources.add(BIRCH, Source(data, silent=True))
    fetching = asyncio.create_task(exchange.fetch(described(data, UPDATE), [ALDER, BIRCH], within=60))
    await silent.asked.wait()
    writer.data = data
    began = asyncio.get_running_loop().time()
    assert await fetching == ALDER
    assert asyncio.get_running_loop().time() - began < 12
    assert await kept(store, data) == data


@pytest.mark.parametrize("source", [Source(None), Trickle(None)], ids=["nothing", "a byte at a time"])
async def test_what_is_withheld_does_not_keep_the_rest_from_being_fetched(
    store: ArtifactStore, sources: Sources, source: Source
) -> None:
    """Else who commits as many updates as are fetched at once, and serves none, makes all others look unavailable."""
    honest = some_bytes(1000)
    await sources.add(BIRCH, source)
    await sources.add(CEDAR, Source(honest, only=digest_of(honest)))
    withheld = [described(some_bytes(1000, seed=seed), UPDATE) for seed in (1, 2, 3)]
    exchange = Exchange(store, sources, limits=LIMITS, parallel=2, turn=0.5)
    errors = await exchange.fetch_all([*withheld, described(honest, UPDATE)], within=6)
    assert errors[digest_of(honest)] is None
    assert store.has(digest_of(honest))
    assert all(isinstance(errors[found.digest], QuorateError) for found in withheld)


@dataclass
class Answering(Source):
    """Answers with one of our errors, or with bytes that are no message."""

    code: str = ""
    after: int = 0

    async def get(self, _request: pb.GetRequest, context: grpc.aio.ServicerContext) -> AsyncIterator[bytes]:
        if self.after:
            yield pb.GetResponse(chunk=b"x" * self.after).SerializeToString()
        if not self.code:
            yield NO_MESSAGE
        else:
            await context.abort(STATUS[self.code], f"{self.code}: says who does not want to")

    async def stat(self, _request: pb.StatRequest, context: grpc.aio.ServicerContext) -> bytes:
        if self.code:
            await context.abort(STATUS[self.code], f"{self.code}: says who does not want to")
        return NO_MESSAGE


NO_MESSAGE = b"\xff\xff\xff\xff"
ANSWERS = ["", *STATUS]


@pytest.mark.parametrize("after", [0, 100], ids=["at once", "half-way"])
@pytest.mark.parametrize("code", ANSWERS)
async def test_whatever_one_source_answers_the_rest_is_fetched(
    exchange: Exchange, store: ArtifactStore, sources: Sources, code: str, after: int
) -> None:
    """Its answer must neither pass for an error of the own disk nor end the fetching of what others serve."""
    honest, withheld = some_bytes(1000), some_bytes(1000, seed=1)
    await sources.add(ALDER, Answering(None, code=code, after=after))
    await sources.add(BIRCH, Source(honest, only=digest_of(honest)))
    claims = [described(withheld, UPDATE), described(honest, replace(UPDATE, msp=BIRCH))]
    found = await exchange.fetch_all(claims, within=0.3)
    assert isinstance(found[digest_of(withheld)], (NotFoundError, IntegrityError))
    if found[digest_of(honest)] is not None:  # that was too short, on a busy machine
        assert await exchange.fetch_all(claims[1:], within=60) == {digest_of(honest): None}
    assert await kept(store, honest) == honest


@pytest.mark.parametrize("code", ANSWERS)
async def test_whatever_one_source_says_of_a_size_another_is_asked(
    exchange: Exchange, sources: Sources, code: str
) -> None:
    data = some_bytes(1000)
    await sources.add(ALDER, Answering(None, code=code))
    await sources.add(BIRCH, Source(data))
    assert await exchange.fetch_named(digest_of(data), PLAN, within=60) == described(data)


async def test_who_asks_one_gateway_hears_what_it_answers(sources: Sources, store: ArtifactStore) -> None:
    await sources.add(ALDER, Answering(None, code="DENIED"))
    client = sources.artifacts(ALDER)
    assert client is not None
    with pytest.raises(DeniedError, match="says who does not want to"):
        await client.get(described(b"data"), store, within=60)


async def test_nobody_serving_it_is_not_found_with_each_answer(exchange: Exchange, sources: Sources) -> None:
    data = some_bytes()
    await sources.add(ALDER, Source(None))
    with pytest.raises(NotFoundError, match=r"within 2 s: AlderMSP: .*it is not here"):
        await exchange.fetch(described(data, UPDATE), within=2)


async def test_without_any_source_it_is_not_found(exchange: Exchange) -> None:
    with pytest.raises(NotFoundError, match="none is known"):
        await exchange.fetch(described(some_bytes(), UPDATE), within=0.2)


async def test_what_is_here_is_not_fetched(exchange: Exchange, store: ArtifactStore) -> None:
    data = some_bytes(1000)
    await store.put_bytes(PLAN, data)
    again = Label(kind=Kind.PLAN, study=StudyId("another"))
    assert await exchange.fetch(described(data, again), within=60) is None
    assert store.labels(digest_of(data)) == {PLAN, again}


async def test_what_is_here_is_not_given_another_meaning(exchange: Exchange, store: ArtifactStore) -> None:
    data = some_bytes(1000)
    await store.put_bytes(UPDATE, data)
    with pytest.raises(IntegrityError, match="is here as update heart 1"):
        await exchange.fetch(described(data, PLAN), within=60)
    with pytest.raises(IntegrityError):
        await exchange.fetch_named(digest_of(data), PLAN, within=60)
    assert store.labels(digest_of(data)) == {UPDATE}


async def test_two_who_want_the_same_fetch_it_once(exchange: Exchange, sources: Sources) -> None:
    data = some_bytes()
    alder = await sources.add(ALDER, Source(data))
    wanted = described(data, UPDATE)
    found = await asyncio.gather(exchange.fetch(wanted, within=60), exchange.fetch(wanted, within=60))
    assert sorted(found, key=str) == [ALDER, None]
    assert alder.offsets == [0]


async def test_the_own_disk_being_full_is_no_fault_of_a_source(tmp_path: Path, sources: Sources) -> None:
    store = await ArtifactStore.open(tmp_path / "full", reserve=0, room=lambda _: 10)
    await sources.add(ALDER, Source(some_bytes()))
    with pytest.raises(NoSpaceError):
        await Exchange(store, sources, limits=LIMITS).fetch(described(some_bytes(), UPDATE), within=60)


async def test_a_full_disk_is_one_error_also_for_several_at_once(tmp_path: Path, sources: Sources) -> None:
    store = await ArtifactStore.open(tmp_path / "full", reserve=0, room=lambda _: 10)
    both = [some_bytes(), some_bytes(seed=1)]
    await sources.add(ALDER, Source(both[0]))
    await sources.add(BIRCH, Source(both[1]))
    with pytest.raises(NoSpaceError):
        await Exchange(store, sources, limits=LIMITS).fetch_all([described(data, UPDATE) for data in both], within=60)


async def test_several_at_once_report_each(exchange: Exchange, store: ArtifactStore, sources: Sources) -> None:
    data, missing = some_bytes(), some_bytes(seed=1)
    await sources.add(ALDER, Source(data))
    found = await exchange.fetch_all([described(data, UPDATE), described(missing[:100], UPDATE)], within=60)
    assert found[digest_of(data)] is None
    assert isinstance(found[digest_of(missing[:100])], (NotFoundError, IntegrityError))
    assert store.has(digest_of(data))


@pytest.mark.parametrize("copier", [ALDER, CEDAR], ids=["before its author", "after its author"])
@pytest.mark.parametrize("held", [False, True], ids=["elsewhere", "here"])
async def test_who_commits_to_anothers_update_cannot_keep_it_from_being_fetched(
    exchange: Exchange, store: ArtifactStore, sources: Sources, copier: MspId, *, held: bool
) -> None:
    """A copy's header would have another length; the author's bytes are right all the same, and known by one digest."""
    data = some_bytes(1000)
    own, copied = replace(UPDATE, msp=BIRCH), replace(UPDATE, msp=copier, dataset=DatasetId("another-ward"))
    await sources.add(copier, Source(None))
    author = await sources.add(BIRCH, Source(data))
    if held:
        await store.put_bytes(own, data)
    claims = [described(data, own), Description(digest=digest_of(data), size=1008, label=copied)]
    claims.sort(key=lambda claim: str(claim.label))
    assert await exchange.fetch_all(claims, within=60) == {digest_of(data): None}
    assert bool(author.offsets) is not held
    assert await kept(store, data) == data
    assert store.labels(digest_of(data)) == {own}


async def test_what_is_here_is_nothing_of_another_length(exchange: Exchange, store: ArtifactStore) -> None:
    """Else who has it already would judge bytes that nobody else could fetch."""
    data = some_bytes(1000)
    await store.put_bytes(UPDATE, data)
    copied = Description(digest=digest_of(data), size=1008, label=replace(UPDATE, msp=BIRCH))
    found = await exchange.fetch_all([copied], within=60)
    assert isinstance(found[digest_of(data)], IntegrityError)


async def test_an_artefact_of_unknown_size_is_asked_for_first(
    exchange: Exchange, store: ArtifactStore, sources: Sources
) -> None:
    data = some_bytes()
    await sources.add(ALDER, Source(data))
    assert await exchange.fetch_named(digest_of(data), PLAN, within=60) == described(data)
    assert await kept(store, data) == data
    assert await exchange.fetch_named(digest_of(data), PLAN, within=60) == described(data)


@pytest.mark.parametrize("liar", [ALDER, CEDAR], ids=["asked first", "asked last"])
async def test_a_source_that_says_a_wrong_size_keeps_nobody_from_the_right_one(
    exchange: Exchange, store: ArtifactStore, sources: Sources, liar: MspId
) -> None:
    data = some_bytes(1000)
    await sources.add(liar, Trickle(None, claims_size=2000))
    await sources.add(BIRCH, Source(data))
    assert await exchange.fetch_named(digest_of(data), PLAN, within=60) == described(data)
    assert await kept(store, data) == data
    assert store.partial(digest_of(data), 2000) == 0


async def test_of_an_artefact_of_unknown_size_parts_are_kept_of_one_size(
    exchange: Exchange, store: ArtifactStore, sources: Sources
) -> None:
    """Else a source that says another size each time, and never sends the last byte, would fill the disk."""
    digest, label = digest_of(b"what is never sent"), replace(PLAN, kind=Kind.EVALUATION)
    source = await sources.add(ALDER, Trickle(None, claims_size=100_000))
    for size in (100_000, 200_000):
        source.claims_size = size
        while not store.partial(digest, size):
            with pytest.raises(NotFoundError):
                await exchange.fetch_named(digest, label, within=1)
    assert store.partial(digest, 100_000) == 0
    with pytest.raises(NotFoundError):
        await exchange.fetch_named(digest, PLAN, within=1)
    assert store.partial(digest, 200_000) == 0  # of a plan nothing is kept


async def test_a_source_that_claims_too_much_is_not_believed(exchange: Exchange, sources: Sources) -> None:
    data = some_bytes()
    alder = await sources.add(ALDER, Source(data, claims_size=LIMITS.plan + 1))
    with pytest.raises(NotFoundError):
        await exchange.fetch_named(digest_of(data), PLAN, within=0.3)
    assert alder.offsets == []
