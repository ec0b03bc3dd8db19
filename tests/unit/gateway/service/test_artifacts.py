from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import grpc
import pytest

from gateway.artifacts.exchange import Exchange
from gateway.artifacts.label import Description, Kind, Label
from gateway.artifacts.store import ArtifactStore
from gateway.artifacts.transfer import ArtifactClient, BytesOrigin
from gateway.artifacts.wire import SERVICE, artifact_message
from gateway.service.protos.quorate.v1 import artifacts_pb2 as pb
from quorate.digest import digest_of
from quorate.errors import (
    ConflictError,
    DeniedError,
    IntegrityError,
    NoSpaceError,
    NotFoundError,
    QuorateError,
    StateError,
    UnreachableError,
    UsageError,
)
from quorate.identifiers import DatasetId, MspId, StudyId
from quorate.tensors import Header, Schema, file_size
from tests.unit.gateway.artifacts.examples import described, some_bytes
from tests.unit.gateway.service.house import LIMITS
from tests.unit.gateway.service.ledger_double import LedgerDouble, round_record, study_record

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from gateway.service.client import GatewayClient
    from network.identity import OrganisationPaths
    from tests.unit.gateway.service.house import House


class NoPeers:
    def others(self) -> list[MspId]:
        return []

    def artifacts(self, msp: MspId) -> None:
        raise AssertionError(msp)


STUDY = StudyId("heart")
INITIAL = digest_of(b"initial")
PLAN = Label(kind=Kind.PLAN, study=STUDY)
UPDATE = Label(kind=Kind.UPDATE, study=STUDY, round=1, msp=MspId("AlderMSP"), dataset=DatasetId("ward"))
SIZE = file_size(
    Schema.from_json([{"name": "w", "shape": [500_000]}]),
    Header.update(study="heart", round=1, msp="AlderMSP", dataset="ward", base=INITIAL),
)


@pytest.fixture
def update() -> bytes:
    return some_bytes(SIZE)


@pytest.fixture
async def opened(ledger: LedgerDouble, houses: dict[str, House]) -> None:
    ledger.put(study_record(elements=500_000), round_record())
    for house in houses.values():
        await house.learn()


async def seal(ledger: LedgerDouble, houses: dict[str, House], update: bytes) -> None:
    ledger.put(round_record(state="SEALED", included={"AlderMSP": digest_of(update)}))
    for house in houses.values():
        await house.learn()


async def bytes_of(client: GatewayClient, digest: str, offset: int = 0) -> bytes:
    return b"".join([chunk async for chunk in client.artifacts.chunks(digest, offset=offset)])


@pytest.mark.usefixtures("opened")
async def test_an_update_is_stored_and_its_writer_can_read_it_back(alder: House, update: bytes) -> None:
    async with alder.client() as client:
        await client.artifacts.put(described(update, UPDATE), BytesOrigin(update), within=60)
        held = await client.artifacts.stat(digest_of(update))
        assert (held.complete, held.size, held.labels) == (True, SIZE, (UPDATE,))
        assert await bytes_of(client, digest_of(update), offset=1_000_000) == update[1_000_000:]
        await client.artifacts.put(described(update, UPDATE), BytesOrigin(b""), within=60)


@pytest.mark.usefixtures("opened")
async def test_nobody_else_reads_an_update_before_its_round_is_sealed(
    alder: House, birch: House, update: bytes, ledger: LedgerDouble, houses: dict[str, House]
) -> None:
    async with alder.client() as own:
        await own.artifacts.put(described(update, UPDATE), BytesOrigin(update), within=60)
    async with alder.client(birch.paths.gateway_client) as other:
        assert not (await other.artifacts.stat(digest_of(update))).complete
        with pytest.raises(DeniedError, match="BirchMSP may not read"):
            await bytes_of(other, digest_of(update))
        ledger.put(round_record(committed={"AlderMSP": digest_of(update)}))
        with pytest.raises(DeniedError):
            await bytes_of(other, digest_of(update))
        await seal(ledger, houses, update)
        assert await bytes_of(other, digest_of(update)) == update


@pytest.mark.usefixtures("opened")
async def test_naming_an_update_as_a_plan_does_not_open_it(
    alder: House, birch: House, update: bytes, ledger: LedgerDouble, houses: dict[str, House]
) -> None:
    """A study needs no vote to be proposed, and gateways fetch what a proposal names."""
    digest = digest_of(update)
    async with alder.client() as own:
        await own.artifacts.put(described(update, UPDATE), BytesOrigin(update), within=60)
    ledger.put(study_record("trap", plan=digest, state="PROPOSED"))
    for house in houses.values():
        await house.learn()
    exchange = Exchange(alder.store, NoPeers(), limits=LIMITS)
    with pytest.raises(IntegrityError, match="so it cannot be plan trap"):
        await exchange.fetch_named(digest, Label(kind=Kind.PLAN, study=StudyId("trap")), within=5)
    async with alder.client(birch.paths.gateway_client) as other:
        with pytest.raises(DeniedError, match="BirchMSP may not read"):
            await bytes_of(other, digest)


@pytest.mark.usefixtures("opened")
async def test_an_attester_that_knows_of_the_seal_first_is_served_all_the_same(
    alder: House, cedar: House, update: bytes, ledger: LedgerDouble
) -> None:
    async with alder.client() as own:
        await own.artifacts.put(described(update, UPDATE), BytesOrigin(update), within=60)
    ledger.put(round_record(state="SEALED", included={"AlderMSP": digest_of(update)}))
    async with alder.client(cedar.paths.gateway_client) as other:
        assert await bytes_of(other, digest_of(update)) == update


@pytest.mark.usefixtures("opened")
async def test_the_consortiums_policy_can_refuse_what_the_rules_allow(
    alder: House, birch: House, update: bytes, ledger: LedgerDouble, houses: dict[str, House]
) -> None:
    async with alder.client() as own:
        await own.artifacts.put(described(update, UPDATE), BytesOrigin(update), within=60)
    await seal(ledger, houses, update)
    ledger.policy_text += '@id("not-birch") forbid (principal in Org::"BirchMSP", action, resource);'
    await alder.learn()
    async with alder.client(birch.paths.gateway_client) as other:
        with pytest.raises(DeniedError):
            await bytes_of(other, digest_of(update))


@pytest.mark.usefixtures("opened")
async def test_only_the_own_organisation_stores(alder: House, birch: House, update: bytes) -> None:
    async with alder.client(birch.paths.agent_tls) as other:
        with pytest.raises(DeniedError, match="own organisation"):
            await other.artifacts.put(described(update, UPDATE), BytesOrigin(update), within=60)
    foreign = Label(kind=Kind.UPDATE, study=STUDY, round=1, msp=MspId("BirchMSP"), dataset=DatasetId("clinic"))
    async with alder.client() as own:
        with pytest.raises(DeniedError, match="updates of AlderMSP only"):
            await own.artifacts.put(described(update, foreign), BytesOrigin(update), within=60)


@pytest.mark.usefixtures("opened")
async def test_an_unknown_authority_does_not_get_through_the_handshake(
    alder: House, identities: dict[str, OrganisationPaths]
) -> None:
    async with alder.client(identities["stranger"].agent_tls) as stranger:
        with pytest.raises(UnreachableError):
            await stranger.artifacts.stat(digest_of(b"anything"), within=5)


@pytest.mark.usefixtures("opened")
async def test_a_member_that_left_is_refused_on_a_connection_it_still_has(
    alder: House, birch: House, ledger: LedgerDouble
) -> None:
    async with alder.client(birch.paths.gateway_client) as other:
        assert not (await other.artifacts.stat(digest_of(b"anything"))).complete
        del ledger.members_["BirchMSP"]
        await alder.learn()
        with pytest.raises(DeniedError, match="no member's TLS root"):
            await other.artifacts.stat(digest_of(b"anything"))


@pytest.mark.usefixtures("opened")
async def test_a_member_that_announces_its_root_is_let_in_without_a_restart(
    alder: House, birch: House, ledger: LedgerDouble
) -> None:
    birchs = ledger.members_.pop("BirchMSP")
    await alder.learn()
    async with alder.client(birch.paths.gateway_client) as other:
        with pytest.raises(UnreachableError):
            await other.artifacts.stat(digest_of(b"anything"), within=5)
    ledger.members_["BirchMSP"] = birchs
    await alder.learn()
    async with alder.client(birch.paths.gateway_client) as other:
        assert not (await other.artifacts.stat(digest_of(b"anything"))).complete


@pytest.mark.usefixtures("opened")
@pytest.mark.parametrize("difference", [-1, 1])
async def test_the_terms_fix_the_size_of_an_update(alder: House, update: bytes, difference: int) -> None:
    wrong = update[:difference] if difference < 0 else update + b"x"
    async with alder.client() as client:
        with pytest.raises(UsageError, match=f"exactly {SIZE}"):
            await client.artifacts.put(described(wrong, UPDATE), BytesOrigin(wrong), within=60)
    assert list((alder.directory / "staging").iterdir()) == []


@pytest.mark.usefixtures("opened")
async def test_a_plan_over_the_limit_is_refused_before_a_byte_is_sent(alder: House) -> None:
    async with alder.client() as client:
        huge = Description(digest=digest_of(b""), size=4_000_001, label=Label(kind=Kind.PLAN, study=StudyId("lung")))
        with pytest.raises(UsageError, match="more than the 4000000 allowed"):
            await client.artifacts.put(huge, BytesOrigin(b""), within=60)


@pytest.mark.usefixtures("opened")
async def test_a_round_takes_updates_while_it_is_open_or_sealed(
    alder: House, update: bytes, ledger: LedgerDouble
) -> None:
    ledger.put(round_record(state="FINAL", model=digest_of(b"model")))
    async with alder.client() as client:
        await alder.learn()
        with pytest.raises(StateError, match="is FINAL"):
            await client.artifacts.put(described(update, UPDATE), BytesOrigin(update), within=60)


@pytest.mark.usefixtures("opened")
async def test_a_round_that_the_caller_saw_opened_first_takes_its_update(
    alder: House, update: bytes, ledger: LedgerDouble
) -> None:
    second = Label(kind=Kind.UPDATE, study=STUDY, round=2, msp=MspId("AlderMSP"), dataset=DatasetId("ward"))
    ledger.put(round_record(2))
    async with alder.client() as client:
        await client.artifacts.put(described(update, second), BytesOrigin(update), within=60)
    assert alder.store.labels(digest_of(update)) == {second}


@pytest.mark.usefixtures("opened")
async def test_other_bytes_than_committed_are_refused(alder: House, update: bytes, ledger: LedgerDouble) -> None:
    ledger.put(round_record(committed={"AlderMSP": digest_of(b"another")}))
    await alder.learn()
    async with alder.client() as client:
        with pytest.raises(ConflictError, match="commit to"):
            await client.artifacts.put(described(update, UPDATE), BytesOrigin(update), within=60)


async def test_one_place_cannot_be_used_to_fill_the_disk(alder: House) -> None:
    async with alder.client() as client:
        for seed in range(4):
            plan = some_bytes(1000, seed)
            await client.artifacts.put(described(plan), BytesOrigin(plan), within=60)
        with pytest.raises(ConflictError, match="4 different artefacts"):
            await client.artifacts.put(described(b"a fifth"), BytesOrigin(b"a fifth"), within=60)
        await client.artifacts.put(described(plan), BytesOrigin(plan), within=60)


@pytest.mark.usefixtures("opened")
async def test_a_final_model_is_not_uploaded(alder: House) -> None:
    label = Label(kind=Kind.FINAL_MODEL, study=STUDY, round=1)
    async with alder.client() as client:
        with pytest.raises(DeniedError, match="computed by the gateway"):
            await client.artifacts.put(described(b"model", label), BytesOrigin(b"model"), within=60)


async def test_a_plan_can_be_stored_before_its_study_is_proposed_and_read_by_those_whom_the_study_names(
    alder: House, birch: House, ledger: LedgerDouble
) -> None:
    plan = some_bytes(10_000)
    async with alder.client() as client:
        await client.artifacts.put(described(plan), BytesOrigin(plan), within=60)
    async with alder.client(birch.paths.gateway_client) as other:
        with pytest.raises(DeniedError):
            await bytes_of(other, digest_of(plan))
        ledger.put(study_record(state="PROPOSED", plan=digest_of(plan)))
        assert await bytes_of(other, digest_of(plan)) == plan


@pytest.mark.usefixtures("opened")
async def test_a_final_model_is_read_once_the_ledger_says_so(alder: House, birch: House, ledger: LedgerDouble) -> None:
    model = some_bytes(10_000)
    label = Label(kind=Kind.FINAL_MODEL, study=STUDY, round=1)
    await alder.store.put_bytes(label, model)
    async with alder.client(birch.paths.gateway_client) as other:
        with pytest.raises(DeniedError):
            await bytes_of(other, digest_of(model))
        ledger.put(round_record(state="FINAL", model=digest_of(model)))
        assert await bytes_of(other, digest_of(model)) == model


@pytest.mark.usefixtures("opened")
async def test_a_flipped_byte_in_an_upload_is_caught_at_the_gateway(alder: House, update: bytes) -> None:
    wrong = b"x" + update[1:]
    async with alder.client() as client:
        with pytest.raises(IntegrityError):
            await client.artifacts.put(described(update, UPDATE), BytesOrigin(wrong), within=60)
    assert not alder.store.has(digest_of(update))
    assert alder.store.partial(digest_of(update), SIZE) == 0


@pytest.mark.usefixtures("opened")
async def test_a_flipped_byte_on_the_gateways_disk_is_caught_by_who_fetches(
    alder: House, update: bytes, tmp_path: Path
) -> None:
    async with alder.client() as client:
        await client.artifacts.put(described(update, UPDATE), BytesOrigin(update), within=60)
        kept = next((alder.directory / "objects").glob("*/*"))
        kept.chmod(0o600)
        with kept.open("r+b") as file:
            file.seek(1_234_567)
            file.write(bytes([update[1_234_567] ^ 1]))
        store = await ArtifactStore.open(tmp_path / "mine", reserve=0)
        with pytest.raises(IntegrityError):
            await client.artifacts.get(described(update, UPDATE), store, within=60)
        assert not store.has(digest_of(update))


@pytest.mark.usefixtures("opened")
async def test_a_gateway_without_disk_space_says_so_and_keeps_nothing(alder: House, update: bytes) -> None:
    await alder.stop()
    alder.free = 1_000_000
    await alder.start()
    async with alder.client() as client:
        with pytest.raises(NoSpaceError, match="do not fit") as caught:
            await client.artifacts.put(described(update, UPDATE), BytesOrigin(update), within=60)
    assert (caught.value.code, caught.value.exit_code) == ("NO_SPACE", 3)
    assert list((alder.directory / "staging").iterdir()) == []


@pytest.mark.usefixtures("opened")
async def test_an_upload_goes_on_after_its_connection_was_killed(alder: House, update: bytes) -> None:
    async with alder.client() as client:
        call = await _send(client.channel, described(update, UPDATE), update[:1_500_000])
        await _until(lambda: alder.store.partial(digest_of(update), SIZE) == 1_500_000)
        call.cancel()
    sent = _Counting(update)
    async with alder.client() as client:
        await client.artifacts.put(described(update, UPDATE), sent, within=60)
    assert sent.count == SIZE - 1_500_000
    assert alder.store.has(digest_of(update))


@pytest.mark.usefixtures("opened")
async def test_an_upload_goes_on_after_the_gateway_was_restarted(alder: House, update: bytes) -> None:
    halfway = asyncio.Event()
    async with alder.client() as client:
        origin = _Pausing(update, 1_048_576, halfway)
        task = asyncio.create_task(client.artifacts.put(described(update, UPDATE), origin, within=60))
        await halfway.wait()
        await _until(lambda: alder.store.partial(digest_of(update), SIZE) >= 1_048_576)
        await alder.stop()
        origin.go_on.set()
        await alder.start()
        await task
    assert alder.store.has(digest_of(update))
    assert origin.offsets[0] == 0
    assert origin.offsets[-1] >= 1_048_576


@pytest.mark.usefixtures("opened")
async def test_a_fetch_goes_on_where_it_broke(alder: House, update: bytes, tmp_path: Path) -> None:
    async with alder.client() as client:
        await client.artifacts.put(described(update, UPDATE), BytesOrigin(update), within=60)
        store = await ArtifactStore.open(tmp_path / "mine", reserve=0)
        with pytest.raises(ConnectionResetError):
            await store.receive(described(update, UPDATE), _first(client, digest_of(update), 1_048_576))
        assert store.partial(digest_of(update), SIZE) == 1_048_576
        await client.artifacts.get(described(update, UPDATE), store, within=60)
    assert store.has(digest_of(update))


@pytest.mark.usefixtures("opened")
async def test_what_is_not_there_is_not_found_and_malformed_questions_are_refused(alder: House) -> None:
    async with alder.client() as client:
        with pytest.raises(NotFoundError):
            await bytes_of(client, digest_of(b"missing"))
        with pytest.raises(UsageError, match="not a digest"):
            await bytes_of(client, "sha256:short")
        put = client.channel.stream_unary(f"/{SERVICE}/Put", pb.PutRequest.SerializeToString, pb.PutResponse.FromString)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await put(iter([pb.PutRequest(chunk=b"bytes first")]))
        assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert caught.value.details() == "INVALID_ARGUMENT: the first message of a Put is its header"


@pytest.mark.usefixtures("opened")
async def test_an_identity_cannot_have_more_transfers_than_allowed(alder: House, update: bytes) -> None:
    await alder.stop()
    alder.transfers = 1
    await alder.start()
    halfway = asyncio.Event()
    async with alder.client() as client:
        origin = _Pausing(update, 1_048_576, halfway)
        task = asyncio.create_task(client.artifacts.put(described(update, UPDATE), origin, within=60))
        await halfway.wait()
        await _until(lambda: alder.store.partial(digest_of(update), SIZE) >= 1_048_576)
        put = client.channel.stream_unary(f"/{SERVICE}/Put", pb.PutRequest.SerializeToString, pb.PutResponse.FromString)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await put(iter([pb.PutRequest(header=pb.PutHeader(artifact=artifact_message(described(update, UPDATE))))]))
        assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        origin.go_on.set()
        await task


async def test_a_gateway_that_is_away_is_unreachable_when_the_time_is_up(alder: House, update: bytes) -> None:
    async with alder.client() as client:
        await alder.stop()
        with pytest.raises(QuorateError) as caught:
            await client.artifacts.put(described(update, UPDATE), BytesOrigin(update), within=0.5)
        assert caught.value.code in {"UNREACHABLE", "TIMED_OUT"}
        await alder.start()


async def test_a_stream_that_falls_silent_counts_as_broken() -> None:
    async def get(_request: object, _context: object) -> AsyncIterator[pb.GetResponse]:
        yield pb.GetResponse(chunk=b"first")
        await asyncio.Event().wait()

    server = grpc.aio.server()
    method = grpc.unary_stream_rpc_method_handler(get, pb.GetRequest.FromString, pb.GetResponse.SerializeToString)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, {"Get": method}),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        await channel.channel_ready()
        client = ArtifactClient(channel, stall=2)
        chunks = client.chunks(digest_of(b"x"))
        assert await anext(chunks) == b"first"
        with pytest.raises(UnreachableError, match="sent nothing for"):
            await anext(chunks)
    await server.stop(0)


class _Counting:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.count = 0

    async def read(self, *, offset: int) -> AsyncIterator[bytes]:
        async for chunk in BytesOrigin(self.data).read(offset=offset):
            self.count += len(chunk)
            yield chunk


class _Pausing:
    """Gives the first bytes, then waits until it may go on."""

    def __init__(self, data: bytes, first: int, halfway: asyncio.Event) -> None:
        self.data, self.first, self.halfway = data, first, halfway
        self.go_on = asyncio.Event()
        self.offsets: list[int] = []

    async def read(self, *, offset: int) -> AsyncIterator[bytes]:
        self.offsets.append(offset)
        if offset == 0:
            yield self.data[: self.first]
            self.halfway.set()
            await self.go_on.wait()
            offset = self.first
        async for chunk in BytesOrigin(self.data).read(offset=offset):
            yield chunk


async def _send(channel: grpc.aio.Channel, description: Description, data: bytes) -> grpc.aio.StreamUnaryCall:
    """Begin an upload that ends only with its connection."""
    put = channel.stream_unary(f"/{SERVICE}/Put", pb.PutRequest.SerializeToString, pb.PutResponse.FromString)
    call = put()
    await call.write(pb.PutRequest(header=pb.PutHeader(artifact=artifact_message(description))))
    await call.write(pb.PutRequest(chunk=data))
    return call


async def _first(client: GatewayClient, digest: str, count: int) -> AsyncIterator[bytes]:
    got = 0
    async for chunk in client.artifacts.chunks(digest):
        yield chunk
        got += len(chunk)
        if got >= count:
            raise ConnectionResetError


async def _until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - the server's own progress; it has no event to wait for
            await asyncio.sleep(0.01)
