"""Every wait ends; what is safe to repeat is repeated, and nothing else."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import grpc
import pytest

from gateway.fabric import (
    CallOptions,
    CommitStatusError,
    Deadlines,
    EndorseError,
    GatewayError,
    Limits,
    SubmitError,
    TxValidationCode,
    connect,
)
from gateway.fabric.call import UnaryCall
from quorate.blocks import protos
from quorate.errors import UsageError
from tests.unit.gateway.fabric.conftest import PATIENT
from tests.unit.gateway.fabric.fake_peer import Fault

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from gateway.fabric import Contract
    from tests.unit.gateway.fabric.conftest import Served
    from tests.unit.gateway.fabric.fake_peer import FakePeer

FIELDS = {"Evaluate": "evaluate", "Endorse": "endorse", "Submit": "submit", "CommitStatus": "commit_status"}


@pytest.fixture
async def contract(served: Served) -> AsyncIterator[Contract]:
    async with with_deadlines(served) as made:
        yield made


@asynccontextmanager
async def with_deadlines(served: Served, **short: float) -> AsyncIterator[Contract]:
    deadlines = replace(PATIENT, **short)
    async with connect(served.endpoint, served.identity, served.signer, deadlines=deadlines) as gateway:
        yield gateway.network("quorate").contract("quorate")


@pytest.mark.parametrize(
    ("stage", "error"), [("Endorse", EndorseError), ("Submit", SubmitError), ("CommitStatus", CommitStatusError)]
)
async def test_each_stage_of_a_submit_has_a_deadline(
    served: Served, peer: FakePeer, stage: str, error: type[GatewayError]
) -> None:
    peer.stall.add(stage)
    async with with_deadlines(served, **{FIELDS[stage]: 0.3}) as contract:
        with pytest.raises(error) as caught:
            await _stages(contract)
    assert (caught.value.status, caught.value.code) == (grpc.StatusCode.DEADLINE_EXCEEDED, "TIMED_OUT")


async def _stages(contract: Contract) -> None:
    _, commit = await contract.submit_async("f")
    await commit.status()


async def test_evaluate_has_a_deadline(served: Served, peer: FakePeer) -> None:
    peer.stall.add("Evaluate")
    async with with_deadlines(served, evaluate=0.3) as contract:
        with pytest.raises(GatewayError) as caught:
            await contract.evaluate("f")
    assert caught.value.status is grpc.StatusCode.DEADLINE_EXCEEDED


async def test_one_call_may_have_a_deadline_of_its_own(contract: Contract, peer: FakePeer) -> None:
    peer.stall.add("Evaluate")
    began = time.monotonic()
    with pytest.raises(GatewayError):
        await contract.new_proposal("f").evaluate(timeout=0.05)
    assert time.monotonic() - began < PATIENT.evaluate / 2


async def test_the_defaults_are_the_documented_ones() -> None:
    stages = Deadlines()
    assert (stages.evaluate, stages.endorse, stages.submit, stages.commit_status) == (5.0, 15.0, 5.0, 60.0)
    limits = Limits()
    assert limits.evaluate + limits.endorse + limits.submit + limits.commit_status + limits.streams <= 250


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf")])
async def test_a_deadline_is_a_finite_time_above_zero(seconds: float) -> None:
    with pytest.raises(UsageError, match="deadline evaluate"):
        Deadlines(evaluate=seconds)


async def test_a_limit_is_at_least_one() -> None:
    with pytest.raises(UsageError, match="limit endorse"):
        Limits(endorse=0)


async def test_after_a_submit_deadline_the_commit_status_decides(served: Served, peer: FakePeer) -> None:
    peer.stall.add("Submit")  # the transaction is taken, the answer never comes
    async with with_deadlines(served, submit=2) as contract:
        assert await contract.submit("f") == b"f"
    assert peer.calls[:2] == ["Endorse", "Submit"]
    assert set(peer.calls[2:]) | {"Submit"} == {"CommitStatus", "Submit"}  # a copy may be on its way meanwhile
    assert all(copy == peer.requests["Submit"][0] for copy in peer.requests["Submit"])


@pytest.mark.parametrize("stage", ["Evaluate", "CommitStatus", "Submit"])
async def test_an_unreachable_gateway_is_asked_again(contract: Contract, peer: FakePeer, stage: str) -> None:
    peer.faults[stage] = Fault(grpc.StatusCode.UNAVAILABLE, times=2)
    call = contract.evaluate if stage == "Evaluate" else contract.submit
    assert await call("f") == b"f"
    assert peer.calls.count(stage) == 3
    first, *others = peer.requests[stage]
    assert others == [first, first]


async def test_a_transaction_that_was_taken_though_the_answer_was_lost_commits_once(
    contract: Contract, peer: FakePeer
) -> None:
    peer.faults["Submit"] = Fault(grpc.StatusCode.UNAVAILABLE, after=True)
    assert await contract.submit("f") == b"f"
    assert peer.calls == ["Endorse", "Submit", "Submit", "CommitStatus"]
    codes = [code for block in peer.blocks for _, _, code in block.transactions]
    assert codes == [TxValidationCode.VALID, TxValidationCode.DUPLICATE_TXID]


async def test_an_endorsement_is_not_asked_for_again(contract: Contract, peer: FakePeer) -> None:
    peer.faults["Endorse"] = Fault(grpc.StatusCode.UNAVAILABLE)
    with pytest.raises(EndorseError) as caught:
        await contract.submit("f")
    assert caught.value.status is grpc.StatusCode.UNAVAILABLE
    assert peer.calls == ["Endorse"]


async def test_no_new_proposal_is_made_after_a_conflict(contract: Contract, peer: FakePeer) -> None:
    peer.verdict = TxValidationCode.MVCC_READ_CONFLICT
    with pytest.raises(GatewayError):
        await contract.submit("f")
    assert peer.calls == ["Endorse", "Submit", "CommitStatus"]


@pytest.mark.parametrize("stage", ["Evaluate", "CommitStatus", "Submit"])
async def test_repeating_ends_with_the_deadline(served: Served, peer: FakePeer, stage: str) -> None:
    async with with_deadlines(served, **{FIELDS[stage]: 2.0}) as contract:
        await contract.new_proposal("connects").evaluate(timeout=60)
        peer.calls.clear()
        peer.requests.clear()
        peer.faults[stage] = Fault(grpc.StatusCode.UNAVAILABLE, times=1000)
        with pytest.raises(GatewayError) as caught:
            await (contract.evaluate("f") if stage == "Evaluate" else _stages(contract))
    # The deadline may also pass while the last repetition is on its way.
    assert caught.value.status in {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED}
    assert 2 <= peer.calls.count(stage) <= 12
    assert all(request == peer.requests[stage][0] for request in peer.requests[stage])


async def test_the_status_of_the_last_repetition_is_the_one_that_is_told() -> None:
    given: list[float] = []

    async def away(_: bytes, *, timeout: float, **_options: object) -> bytes:  # noqa: ASYNC109  # as gRPC's stubs
        given.append(timeout)
        raise grpc.aio.AioRpcError(grpc.StatusCode.UNAVAILABLE, grpc.aio.Metadata(), grpc.aio.Metadata(), "away")

    call = UnaryCall(
        away,
        name="evaluate",
        defaults=CallOptions(timeout=0.5),
        queue=60,
        places=1,
        repeat=True,
        require_open=lambda: None,
    )
    with pytest.raises(GatewayError, match="away") as caught:
        await call(b"request")
    assert (caught.value.status, caught.value.code) == (grpc.StatusCode.UNAVAILABLE, "UNREACHABLE")
    assert given[0] <= 0.5
    assert given == sorted(given, reverse=True)


async def test_the_same_transaction_may_be_submitted_twice_by_its_owner(contract: Contract, peer: FakePeer) -> None:
    transaction = await contract.new_proposal("f").endorse()
    await transaction.submit()
    commit = await transaction.submit()
    assert peer.requests["Submit"][0] == peer.requests["Submit"][1]
    assert (await commit.status()).successful


@pytest.mark.parametrize("stage", ["Evaluate", "Endorse", "Submit", "CommitStatus"])
async def test_cancelling_the_caller_cancels_the_call(served: Served, peer: FakePeer, stage: str) -> None:
    peer.stall.add(stage)
    async with connect(served.endpoint, served.identity, served.signer, deadlines=PATIENT) as gateway:
        contract = gateway.network("quorate").contract("quorate")
        task = asyncio.ensure_future(contract.evaluate("f") if stage == "Evaluate" else contract.submit("f"))
        await peer.until(lambda: stage in peer.calls)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await peer.until(lambda: stage in peer.cancelled)


async def test_closing_the_gateway_ends_its_calls_with_an_error(served: Served, peer: FakePeer) -> None:
    peer.stall.add("Evaluate")
    async with connect(served.endpoint, served.identity, served.signer, deadlines=PATIENT) as gateway:
        task = asyncio.ensure_future(gateway.network("quorate").contract("quorate").evaluate("f"))
        await peer.until(lambda: "Evaluate" in peer.calls)
    with pytest.raises(GatewayError, match="closed") as caught:
        await task
    assert caught.value.status is grpc.StatusCode.CANCELLED


async def test_no_more_calls_are_in_flight_than_the_limit_says(served: Served, peer: FakePeer) -> None:
    limits = Limits(evaluate=3)
    async with connect(served.endpoint, served.identity, served.signer, deadlines=PATIENT, limits=limits) as gateway:
        contract = gateway.network("quorate").contract("quorate")
        answers = await asyncio.gather(*(contract.evaluate("f", str(number)) for number in range(20)))
    assert answers == [f"f|{number}".encode() for number in range(20)]
    assert peer.most_in_flight <= 3


async def test_waiting_for_a_free_place_ends_too(served: Served, peer: FakePeer) -> None:
    peer.stall.add("Endorse")
    deadlines, limits = replace(PATIENT, queue=0.1), Limits(endorse=1)
    async with connect(served.endpoint, served.identity, served.signer, deadlines=deadlines, limits=limits) as gateway:
        contract = gateway.network("quorate").contract("quorate")
        first = asyncio.ensure_future(contract.submit("f"))
        await peer.until(lambda: peer.calls == ["Endorse"])
        with pytest.raises(EndorseError, match="was not sent: 1 such calls were in flight") as caught:
            await contract.submit("f")
        assert caught.value.status is grpc.StatusCode.RESOURCE_EXHAUSTED
        first.cancel()
    assert peer.calls == ["Endorse"]


async def test_what_was_never_submitted_is_not_waited_for(served: Served, peer: FakePeer) -> None:
    peer.stall.add("Submit")
    deadlines, limits = replace(PATIENT, queue=0.1), Limits(submit=1)
    async with connect(served.endpoint, served.identity, served.signer, deadlines=deadlines, limits=limits) as gateway:
        contract = gateway.network("quorate").contract("quorate")
        first = asyncio.ensure_future(contract.submit("f"))
        await peer.until(lambda: peer.calls == ["Endorse", "Submit"])
        with pytest.raises(SubmitError, match="was not sent"):
            await contract.submit("f")
        first.cancel()
    assert "CommitStatus" not in peer.calls


async def test_a_closed_gateway_sends_nothing(served: Served, peer: FakePeer) -> None:
    async with connect(served.endpoint, served.identity, served.signer) as gateway:
        network = gateway.network("quorate")
    with pytest.raises(GatewayError, match="connection was closed"):
        await network.contract("quorate").evaluate("f")
    with pytest.raises(GatewayError, match="connection was closed"):
        await anext(network.block_events())
    with pytest.raises(GatewayError, match="connection was closed"):
        await anext(network.blocks())
    assert peer.calls == []


async def test_a_proposal_is_made_when_its_turn_has_come(served: Served, peer: FakePeer) -> None:
    peer.stall.add("Endorse")
    limits = Limits(endorse=1)
    async with connect(served.endpoint, served.identity, served.signer, deadlines=PATIENT, limits=limits) as gateway:
        contract = gateway.network("quorate").contract("quorate")
        first = asyncio.create_task(contract.submit("f"))
        await peer.until(lambda: peer.calls == ["Endorse"])
        second = asyncio.create_task(contract.submit("f"))
        await asyncio.sleep(0.3)
        released = time.time()
        peer.stall.clear()
        first.cancel()
        await second
    made = [made_at(request) for request in peer.requests["Endorse"]]
    assert made[0] < released - 0.2
    assert made[1] >= released


def made_at(request: protos.EndorseRequest) -> float:
    proposal = protos.Proposal.FromString(request.proposed_transaction.proposal_bytes)
    header = protos.ChannelHeader.FromString(protos.Header.FromString(proposal.header).channel_header)
    return header.timestamp.seconds + header.timestamp.nanos / 1e9


async def test_a_server_that_calls_the_deadline_a_cancellation_has_met_the_deadline(
    contract: Contract, peer: FakePeer
) -> None:
    peer.faults["Evaluate"] = Fault(grpc.StatusCode.CANCELLED, "context canceled", times=2)
    with pytest.raises(GatewayError) as caught:
        await contract.new_proposal("f").evaluate(timeout=60)
    assert caught.value.status is grpc.StatusCode.CANCELLED
    with pytest.raises(GatewayError) as caught:
        await contract.new_proposal("f").evaluate(timeout=0.04)
    assert (caught.value.status, caught.value.code) == (grpc.StatusCode.DEADLINE_EXCEEDED, "TIMED_OUT")
