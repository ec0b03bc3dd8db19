from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING

import grpc
import pytest

from gateway.artifacts.label import Kind, Label
from gateway.service.client import CaughtUp, RoundChange, StudyChange
from gateway.service.health import SERVICE as HEALTH
from gateway.service.protos.grpc.health.v1 import health_pb2
from gateway.service.protos.quorate.v1.artifacts_pb2 import StatRequest
from quorate.digest import digest_of
from quorate.errors import DeniedError, UnreachableError, UsageError
from quorate.identifiers import RoundNumber, StudyId
from tests.unit.gateway.service.ledger_double import LedgerDouble, round_record, study_record

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from gateway.service.client import GatewayClient
    from tests.unit.gateway.service.house import House

HEART = StudyId("heart")


def words(change: object) -> tuple[str, ...]:
    match change:
        case StudyChange(study):
            return "study", study.study.study, study.study.state
        case RoundChange(found):
            return "round", found.round.study, str(found.round.round), found.round.state
        case CaughtUp():
            return ("caught up",)
    raise AssertionError(change)


async def take(client: GatewayClient, count: int, **arguments: str) -> tuple[list[tuple[str, ...]], str]:
    found, checkpoint = [], ""
    stream = client.studies.stream(**arguments)
    async with asyncio.timeout(60):
        while len(found) < count:
            change = await anext(stream)
            found.append(words(change))
            checkpoint = change.checkpoint
    await stream.aclose()
    return found, checkpoint


@pytest.fixture
async def running(alder: House, ledger: LedgerDouble) -> None:
    ledger.put(study_record(), study_record("lung", state="PROPOSED"), round_record())
    await alder.learn()


@pytest.mark.usefixtures("running")
async def test_everything_known_comes_first_and_then_what_changes(alder: House, ledger: LedgerDouble) -> None:
    async with alder.client() as client:
        stream = client.studies.stream()
        first = [words(await anext(stream)) for _ in range(4)]
        assert sorted(first[:3]) == [
            ("round", "heart", "1", "OPEN"),
            ("study", "heart", "RUNNING"),
            ("study", "lung", "PROPOSED"),
        ]
        assert first[3] == ("caught up",)
        ledger.put(round_record(state="SEALED"))
        await alder.state.refresh_round(HEART, RoundNumber(1))
        async with asyncio.timeout(60):
            assert words(await anext(stream)) == ("round", "heart", "1", "SEALED")
        await stream.aclose()


@pytest.mark.usefixtures("running")
async def test_one_study_can_be_watched_alone(alder: House) -> None:
    async with alder.client() as client:
        found, _ = await take(client, 2, study="lung")
        assert found == [("study", "lung", "PROPOSED"), ("caught up",)]
        with pytest.raises(UsageError):
            await take(client, 1, study="Not An Id")


@pytest.mark.usefixtures("running")
async def test_a_checkpoint_leaves_out_what_was_worked_off(alder: House, ledger: LedgerDouble) -> None:
    async with alder.client() as client:
        _, checkpoint = await take(client, 4)
        again, _ = await take(client, 1, checkpoint=checkpoint)
        assert again == [("caught up",)]
        ledger.put(round_record(state="SEALED"))
        await alder.state.refresh_round(HEART, RoundNumber(1))
        again, _ = await take(client, 2, checkpoint=checkpoint)
        assert again == [("round", "heart", "1", "SEALED"), ("caught up",)]


@pytest.mark.usefixtures("running")
@pytest.mark.parametrize("checkpoint", ["nonsense", ":", "0123456789abcdef:3", "x:99999999999999999999999"])
async def test_a_checkpoint_that_cannot_be_placed_begins_anew(alder: House, checkpoint: str) -> None:
    async with alder.client() as client:
        found, _ = await take(client, 4, checkpoint=checkpoint)
        assert len(set(found)) == 4


@pytest.mark.usefixtures("running")
async def test_watching_goes_on_across_a_restart_of_the_gateway(alder: House, ledger: LedgerDouble) -> None:
    async with alder.client() as client:
        changes = client.studies.watch()
        async with asyncio.timeout(60):
            for _ in range(3):
                await anext(changes)
            await alder.stop()
            ledger.put(round_record(state="SEALED"))
            await alder.start()
            while words(await anext(changes)) != ("round", "heart", "1", "SEALED"):
                pass
        await changes.aclose()


async def test_the_past_comes_by_the_numbers_of_the_rounds(alder: House, ledger: LedgerDouble) -> None:
    numbers = (3, 1, 11, 2)
    ledger.put(study_record(), study_record("lung"), *map(round_record, numbers))
    for number in numbers:
        await alder.state.refresh_round(HEART, RoundNumber(number))
    await alder.state.refresh(StudyId("lung"))
    await alder.state.refresh(HEART, RoundNumber(2))
    async with alder.client() as client, asyncio.timeout(60), aclosing(client.studies.watch_in_order("heart")) as seen:
        past = [words(await anext(seen)) for _ in range(5)]
        ledger.put(round_record(1, state="SEALED"))
        await alder.state.refresh_round(HEART, RoundNumber(1))
        live = words(await anext(seen))
    assert past == [
        ("study", "heart", "RUNNING"),
        *(("round", "heart", number, "OPEN") for number in ("1", "2", "3", "11")),
    ]
    assert live == ("round", "heart", "1", "SEALED")


@pytest.mark.usefixtures("running")
async def test_watching_is_for_the_own_organisation(alder: House, birch: House) -> None:
    async with alder.client(birch.paths.gateway_client) as client:
        with pytest.raises(DeniedError):
            await take(client, 1)


@pytest.mark.usefixtures("running")
async def test_streams_are_bounded_and_end_when_the_gateway_drains(alder: House) -> None:
    async with alder.client() as client:
        streams = [client.studies.stream() for _ in range(4)]
        for stream in streams:
            await anext(stream)
        with pytest.raises(UnreachableError, match="4 such calls open"):
            await take(client, 1)
        alder.drain.begin()
        with pytest.raises(UnreachableError, match="stopping"):
            await asyncio.wait_for(_exhaust(streams[0]), 60)


@pytest.mark.usefixtures("running")
async def test_a_defect_is_told_as_such_and_no_more(
    alder: House, ledger: LedgerDouble, caplog: pytest.LogCaptureFixture
) -> None:
    ledger.failing = ZeroDivisionError("something about the inside")
    await alder.store.put_bytes(Label(kind=Kind.PLAN, study=StudyId("unheard-of")), b"a plan")
    async with alder.client() as client:
        stat = client.channel.unary_unary("/quorate.v1.Artifacts/Stat")
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stat(StatRequest(digest=digest_of(b"a plan")).SerializeToString())
    assert caught.value.code() is grpc.StatusCode.INTERNAL
    assert caught.value.details().startswith("DEFECT: the gateway failed")
    assert "inside" not in caught.value.details()
    assert "something about the inside" in caplog.text


async def test_health_says_whether_the_gateway_serves(alder: House) -> None:
    response = health_pb2.HealthCheckResponse
    async with alder.client() as client:
        check = client.channel.unary_unary(
            f"/{HEALTH}/Check", health_pb2.HealthCheckRequest.SerializeToString, response.FromString
        )
        watch = client.channel.unary_stream(
            f"/{HEALTH}/Watch", health_pb2.HealthCheckRequest.SerializeToString, response.FromString
        )
        assert (await check(health_pb2.HealthCheckRequest())).status == response.NOT_SERVING
        stream = watch(health_pb2.HealthCheckRequest())
        assert (await stream.read()).status == response.NOT_SERVING
        await alder.health.set_serving(True)
        assert (await stream.read()).status == response.SERVING
        assert (await check(health_pb2.HealthCheckRequest(service=HEALTH))).status == response.SERVING
        stream.cancel()
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await check(health_pb2.HealthCheckRequest(service="nothing"))
        assert caught.value.code() is grpc.StatusCode.NOT_FOUND
        unknown = watch(health_pb2.HealthCheckRequest(service="nothing"))
        assert (await unknown.read()).status == response.SERVICE_UNKNOWN


async def test_one_member_cannot_take_up_every_call_by_watching(houses: dict[str, House], alder: House) -> None:
    """A server takes so many calls at once; without a bound on each caller's, one could have them all."""
    response = health_pb2.HealthCheckResponse
    async with alder.client(houses["birch"].paths.gateway_client) as birch, alder.client() as own:

        def watch(client: GatewayClient) -> grpc.aio.UnaryStreamCall:
            method = client.channel.unary_stream(
                f"/{HEALTH}/Watch", health_pb2.HealthCheckRequest.SerializeToString, response.FromString
            )
            return method(health_pb2.HealthCheckRequest())

        streams = [watch(birch) for _ in range(4)]
        for stream in streams:
            assert (await stream.read()).status == response.NOT_SERVING
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await watch(birch).read()
        assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert "limits.streams_at_once" in caught.value.details()
        assert (await watch(own).read()).status == response.NOT_SERVING


async def _exhaust(stream: AsyncIterator[object]) -> None:
    async for _ in stream:
        pass
