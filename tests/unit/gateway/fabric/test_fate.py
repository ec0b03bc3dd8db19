"""A transaction that was taken and lost is sent again, byte for byte; nothing is ever proposed a second time."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import grpc
import pytest

from gateway.fabric import CommitError, CommitStatusError, SubmitError, TxValidationCode, connect
from tests.unit.gateway.fabric.conftest import PATIENT
from tests.unit.gateway.fabric.fake_peer import Fault

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from gateway.fabric import Contract
    from tests.unit.gateway.fabric.conftest import Served
    from tests.unit.gateway.fabric.fake_peer import FakePeer


@asynccontextmanager
async def resubmitting(served: Served, **short: float) -> AsyncIterator[Contract]:
    deadlines = replace(PATIENT, **({"resubmit": 0.02} | short))
    async with connect(served.endpoint, served.identity, served.signer, deadlines=deadlines) as gateway:
        yield gateway.network("quorate").contract("quorate")


def codes(peer: FakePeer) -> list[TxValidationCode]:
    return [code for block in peer.blocks for _, _, code in block.transactions]


@pytest.mark.parametrize("times", [1, 2, 3])
async def test_what_was_taken_and_lost_is_sent_again_until_a_block_has_it(
    served: Served, peer: FakePeer, times: int
) -> None:
    peer.loses = times
    async with resubmitting(served) as contract:
        assert await contract.submit("f", "1") == b"f|1"
    assert peer.calls.count("Endorse") == 1
    first, *others = peer.requests["Submit"]
    assert others[:times] == [first] * times
    assert codes(peer)[0] is TxValidationCode.VALID
    assert set(codes(peer)[1:]) <= {TxValidationCode.DUPLICATE_TXID}


async def test_a_copy_that_comes_after_the_first_does_not_speak_for_it(served: Served, peer: FakePeer) -> None:
    peer.holds = True
    async with resubmitting(served) as contract:
        submitting = asyncio.create_task(contract.submit("f"))
        await peer.until(lambda: len(peer.held) >= 3)
        await peer.release()
        assert await submitting == b"f"
    assert codes(peer)[:3] == [TxValidationCode.VALID, TxValidationCode.DUPLICATE_TXID, TxValidationCode.DUPLICATE_TXID]


async def test_what_is_found_invalid_is_neither_sent_nor_proposed_again(served: Served, peer: FakePeer) -> None:
    peer.loses, peer.verdict = 1, TxValidationCode.MVCC_READ_CONFLICT
    async with resubmitting(served) as contract:
        with pytest.raises(CommitError) as caught:
            await contract.submit("f")
        await contract.evaluate("f")  # comes after a copy that was on its way
        sent = peer.calls.count("Submit")
        await asyncio.sleep(0.2)
        await contract.evaluate("f")
    assert caught.value.validation_code is TxValidationCode.MVCC_READ_CONFLICT
    assert (peer.calls.count("Endorse"), peer.calls.count("Submit")) == (1, sent)


async def test_an_orderer_that_cannot_be_reached_is_tried_for_as_long_as_a_commit_may_take(
    served: Served, peer: FakePeer
) -> None:
    peer.faults["Submit"] = Fault(grpc.StatusCode.UNAVAILABLE, "no orderers could successfully process", times=1000)
    async with resubmitting(served, submit=0.05) as contract:
        submitting = asyncio.create_task(contract.submit("f"))
        await peer.until(lambda: "CommitStatus" in peer.calls and peer.calls.count("Submit") >= 5)
        peer.faults.clear()
        assert await submitting == b"f"
    assert peer.calls.count("Endorse") == 1


async def test_an_orderer_that_does_not_answer_is_not_waited_for_until_the_deadline(
    served: Served, peer: FakePeer
) -> None:
    """A follower passes it on to a leader that is gone, and waits."""
    peer.stall.add("Submit")
    peer.loses = 1
    async with resubmitting(served, resubmit=0.1) as contract:
        submitting = asyncio.create_task(contract.submit("f"))
        await peer.until(lambda: peer.loses == 0)
        peer.stall.clear()
        assert await submitting == b"f"
    assert (peer.calls.count("Endorse"), peer.calls.count("Submit") >= 2) == (1, True)


async def test_a_peer_that_gives_up_at_once_is_not_asked_again_at_once(served: Served, peer: FakePeer) -> None:
    peer.faults["Submit"] = Fault(grpc.StatusCode.DEADLINE_EXCEEDED, times=1_000_000)
    async with resubmitting(served, resubmit=0.2, commit_status=2) as contract:
        with pytest.raises(SubmitError):
            await contract.submit("f")
    assert 2 <= peer.calls.count("Submit") <= 10


async def test_what_nobody_has_taken_by_the_deadline_is_told_as_such(served: Served, peer: FakePeer) -> None:
    peer.faults["Submit"] = Fault(grpc.StatusCode.UNAVAILABLE, "no orderers could successfully process", times=1000)
    async with resubmitting(served, submit=0.05, commit_status=0.3) as contract:
        with pytest.raises(SubmitError) as caught:
            await contract.submit("f")
    assert isinstance(caught.value.__cause__, CommitStatusError)
    assert caught.value.commit is not None


async def test_what_was_taken_and_is_in_no_block_by_the_deadline_is_told_as_such(
    served: Served, peer: FakePeer
) -> None:
    peer.faults["Submit"] = Fault(grpc.StatusCode.DEADLINE_EXCEEDED)
    peer.loses = 1000
    async with resubmitting(served, resubmit=0.25, commit_status=4) as contract:
        with pytest.raises(CommitStatusError) as caught:
            await contract.submit("f")
    assert caught.value.status is grpc.StatusCode.DEADLINE_EXCEEDED
    assert (peer.calls.count("Endorse"), peer.calls.count("Submit") > 2) == (1, True)


async def test_an_orderers_refusal_is_told_at_once(served: Served, peer: FakePeer) -> None:
    peer.faults["Submit"] = Fault(grpc.StatusCode.ABORTED, "status=FORBIDDEN")
    async with resubmitting(served, resubmit=60) as contract:  # which is also how long an answer is waited for
        with pytest.raises(SubmitError, match="FORBIDDEN"):
            await contract.submit("f")
    assert peer.calls == ["Endorse", "Submit"]


async def test_the_refusal_of_a_copy_says_nothing_about_the_first(served: Served, peer: FakePeer) -> None:
    peer.loses = 1
    async with resubmitting(served) as contract:
        submitting = asyncio.create_task(contract.submit("f"))
        await peer.until(lambda: peer.loses == 0)
        peer.faults["Submit"] = Fault(grpc.StatusCode.ABORTED, "status=FORBIDDEN")
        assert await submitting == b"f"
    assert peer.calls.count("Endorse") == 1


async def test_nothing_is_sent_for_a_caller_who_has_given_up(served: Served, peer: FakePeer) -> None:
    peer.loses = 1000
    before = asyncio.all_tasks()
    async with resubmitting(served) as contract:
        submitting = asyncio.create_task(contract.submit("f"))
        await peer.until(lambda: peer.calls.count("Submit") >= 2)
        submitting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await submitting
        ours = {task for task in asyncio.all_tasks() - before if "_send_again" in repr(task.get_coro())}
    assert ours == set()


async def test_a_ledger_that_commits_in_time_sees_one_copy(served: Served, peer: FakePeer) -> None:
    async with resubmitting(served, resubmit=60) as contract:
        await asyncio.gather(*(contract.submit("f", str(number)) for number in range(20)))
    assert codes(peer) == [TxValidationCode.VALID] * 20
