"""Gateways as processes: what they announce, relay, exchange and watch, and that they survive being killed."""

from __future__ import annotations

import asyncio
import signal
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from gateway.artifacts.label import Kind, Label
from gateway.artifacts.transfer import BytesOrigin
from gateway.ledger import Ledger
from gateway.service.client import StudyChange
from network.identity import Role
from quorate.digest import digest_of, hex_of
from quorate.errors import DeniedError, QuorateError
from quorate.identifiers import StudyId
from quorate.records.common import make
from quorate.records.study import Terms
from quorate.tensors import Header, Schema, file_size
from tests.integration.datasets import unprotected
from tests.integration.gateway_process import GatewayProcess
from tests.unit.gateway.artifacts.examples import described, some_bytes

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from gateway.service.client import GatewayClient
    from network.consortium import Consortium
    from quorate.digest import Digest

NAMES = ("alder", "birch", "chestnut")
PLAN = some_bytes(10_000, seed=7)
SCHEMA = [{"name": "w", "shape": [4]}]


@pytest.fixture
async def gateways(consortium: Consortium, tmp_path: Path) -> AsyncIterator[dict[str, GatewayProcess]]:
    made = {n: GatewayProcess(consortium.network, consortium.network.organisation(n), tmp_path) for n in NAMES}
    await asyncio.gather(*(gateway.start() for gateway in made.values()))
    yield made
    await asyncio.gather(*(gateway.stop(signal.SIGKILL) for gateway in made.values()))


@asynccontextmanager
async def announced(gateways: dict[str, GatewayProcess]) -> AsyncIterator[None]:
    async with gateways["alder"].ledger(Role.OFFICER) as ledger:

        async def all_are_there() -> bool:
            found = {member.msp: member.address for member in (await ledger.consortium.members()).members}
            return all(found.get(g.member.msp_id) == g.address for g in gateways.values())

        await until(all_are_there)
        yield


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = 90) -> None:
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110 - asks another process
            await asyncio.sleep(0.05)


def initial_of(study: str) -> bytes:
    schema, header = Schema.from_json(SCHEMA), Header.initial_model(study)
    return some_bytes(file_size(schema, header), seed=sum(study.encode()))


def terms_of(study: str) -> Terms:
    return make(
        Terms,
        title="A study",
        purpose="research",
        participants=[
            {"msp": "AlderMSP", "dataset": f"{study}-a", "weight": 1},
            {"msp": "BirchMSP", "dataset": f"{study}-b", "weight": 1},
        ],
        plan=digest_of(PLAN),
        model={"tensors": SCHEMA, "initial": digest_of(initial_of(study))},
        aggregation={"rule": "weighted-mean", "parameters": {}},
        scale_bits=24,
        bound=1000,
        rounds=1,
        max_rounds=2,
        minimum_commits=2,
        commit_timeout_ms=60_000,
        attest_timeout_ms=60_000,
        attesters=["AlderMSP", "BirchMSP", "ChestnutMSP"],
        m=2,
        unit="record",
        adjacency="add-or-remove-one",
        privacy={"mechanism": "none"},
        policy_version=1,
    )


async def propose(gateways: dict[str, GatewayProcess], study: str) -> None:
    for name, dataset in (("alder", f"{study}-a"), ("birch", f"{study}-b")):
        async with gateways[name].ledger(Role.STEWARD) as ledger:
            await ledger.dataset.register(unprotected(dataset))
    async with gateways["alder"].client() as client:
        for kind, data in ((Kind.PLAN, PLAN), (Kind.INITIAL_MODEL, initial_of(study))):
            label = Label(kind=kind, study=StudyId(study))
            await client.artifacts.put(described(data, label), BytesOrigin(data), within=90)
    async with gateways["alder"].ledger(Role.OPERATOR) as ledger:
        await ledger.study.propose(study, terms_of(study))


async def test_a_gateway_says_when_it_is_ready_and_ends_well_when_asked_to(
    consortium: Consortium, tmp_path: Path
) -> None:
    gateway = GatewayProcess(consortium.network, consortium.network.organisation("elm"), tmp_path)
    ready = await gateway.start()
    assert ready == {"schema": "quorate.gateway.ready/1", "msp_id": "ElmMSP", "address": gateway.address}
    async with gateway.client() as client:
        watching = client.studies.stream()
        await anext(watching)  # it is open, and stays open
        assert await gateway.stop() == 0
        with pytest.raises(QuorateError):
            async for _ in watching:
                pass
        with pytest.raises(QuorateError):
            await anext(client.studies.stream())


async def test_members_find_each_other_and_a_study_reaches_those_it_names(gateways: dict[str, GatewayProcess]) -> None:
    async with announced(gateways):
        await propose(gateways, "reaches-all")
    wanted = {digest_of(PLAN), digest_of(initial_of("reaches-all"))}
    for name in ("birch", "chestnut"):
        async with gateways[name].client() as client:

            async def holds(client=client) -> bool:
                return all([(await client.artifacts.stat(digest)).complete for digest in wanted])

            await until(holds)
            data = b"".join([chunk async for chunk in client.artifacts.chunks(digest_of(PLAN))])
            assert data == PLAN


async def test_a_gateway_that_serves_wrong_bytes_is_caught_and_the_bytes_fetched_elsewhere(
    gateways: dict[str, GatewayProcess], consortium: Consortium, tmp_path: Path
) -> None:
    plan, chestnut = digest_of(PLAN), gateways["chestnut"]
    async with announced(gateways):
        await chestnut.stop()
        await propose(gateways, "wrong-bytes")
        async with gateways["birch"].client() as client:
            await until(lambda: is_whole(client, plan))
        await approve(consortium, "wrong-bytes")  # from now on Birch hands it out too
        flip_a_byte(next((tmp_path / "state-alder").rglob(hex_of(plan))))
        async with gateways["alder"].client() as client:
            served = b"".join([chunk async for chunk in client.artifacts.chunks(plan)])
        assert served != PLAN  # Alder is whom Chestnut asks first

        await chestnut.start()
        async with chestnut.client() as client:
            await until(lambda: is_whole(client, plan))
            assert b"".join([chunk async for chunk in client.artifacts.chunks(plan)]) == PLAN


async def approve(consortium: Consortium, study: str) -> None:
    for name in ("alder", "birch", "elm"):
        async with consortium.contract(name, Role.OPERATOR) as contract:
            ledger = Ledger(contract).settling()
            found = (await ledger.study.get(study)).study
            await ledger.study.vote(
                study, version=found.version, terms_digest=found.terms_digest, motion="approve", choice="approve"
            )
    async with consortium.contract("alder", Role.OPERATOR) as contract:
        await Ledger(contract).settling().study.tally(study, "approve")


async def is_whole(client: GatewayClient, digest: Digest) -> bool:
    return (await client.artifacts.stat(digest)).complete


def flip_a_byte(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.chmod(0o640)
    path.write_bytes(data)


async def test_the_stream_of_studies_shows_a_proposal_as_it_happens(gateways: dict[str, GatewayProcess]) -> None:
    async with gateways["chestnut"].client() as client:
        changes = client.studies.watch("as-it-happens")
        seen = asyncio.create_task(anext(changes))
        await propose(gateways, "as-it-happens")
        async with asyncio.timeout(90):
            change = await seen
        assert isinstance(change, StudyChange)
        assert change.study.study.state == "PROPOSED"
        await changes.aclose()


async def test_the_chaincodes_refusals_come_through_the_relay_as_what_they_are(
    gateways: dict[str, GatewayProcess],
) -> None:
    async with gateways["birch"].ledger(Role.OFFICER) as ledger:
        with pytest.raises(DeniedError):
            await ledger.study.propose("by-an-officer", terms_of("by-an-officer"))


async def test_the_doctor_finds_a_running_consortium_well(gateways: dict[str, GatewayProcess]) -> None:
    async with announced(gateways):
        status, findings = await gateways["alder"].doctor()
    found = {finding["check"]: finding for finding in findings}
    names = ["peer", "membership", "identity", "gateway of BirchMSP", "clock of ChestnutMSP", "endorsement policy"]
    assert {name: found[name]["outcome"] for name in names} == dict.fromkeys(names, "ok")
    assert "none of AlderMSP" in found["endorsement policy"]["message"]
    assert "lifecycle policy" in found
    assert status == int(any(finding["outcome"] == "failed" for finding in findings))


async def test_the_doctor_names_a_gateway_that_does_not_answer(gateways: dict[str, GatewayProcess]) -> None:
    async with announced(gateways):
        await gateways["birch"].stop()
        status, findings = await gateways["alder"].doctor()
    found = {finding["check"]: finding for finding in findings}
    assert status == 1
    assert found["gateway of BirchMSP"]["outcome"] == "failed"
    assert found["gateway of BirchMSP"]["hint"]


async def test_a_killed_gateway_comes_back_with_what_it_had(gateways: dict[str, GatewayProcess]) -> None:
    data = some_bytes(3_000_000, seed=9)
    label = Label(kind=Kind.PLAN, study=StudyId("killed"))
    alder = gateways["alder"]
    async with alder.client() as client:
        await client.artifacts.put(described(data, label), BytesOrigin(data), within=90)
    assert await alder.stop(signal.SIGKILL) == -signal.SIGKILL
    await alder.start()
    async with alder.client() as client:
        put = asyncio.create_task(client.artifacts.put(described(data, label), BytesOrigin(b""), within=90))
        await put
