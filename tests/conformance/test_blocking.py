"""The client without an event loop."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from gateway.fabric import CommitError, EndorseError, InMemoryCheckpointer, sync
from tests.conformance.blocks import block_of
from tests.conformance.world import PATIENT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conformance.world import World


@pytest.fixture
def blocking(world: World) -> Iterator[sync.Network]:
    with sync.connect(world.endpoint("alder"), *world.agent("alder"), deadlines=PATIENT) as gateway:
        yield gateway.network(world.channel)


def test_a_script_reads_and_writes(blocking: sync.Network, world: World, key: str) -> None:
    contract = blocking.contract(world.chaincode)
    assert contract.submit("increment", key) == b"1"
    assert contract.evaluate("get", key) == b"1"
    result, commit = contract.submit_async("increment", key)
    assert (result, commit.status().successful) == (b"2", True)


def test_a_script_is_told_what_went_wrong(blocking: sync.Network, world: World, key: str) -> None:
    contract = blocking.contract(world.chaincode)
    with pytest.raises(EndorseError, match="on purpose"):
        contract.submit("fail", "on purpose")
    with pytest.raises(CommitError, match="ENDORSEMENT_POLICY_FAILURE"):
        contract.submit("put", key, "value", endorsing_organizations=["AlderMSP"])


def test_a_script_follows_events_and_blocks(blocking: sync.Network, world: World, key: str) -> None:
    contract, checkpointer = blocking.contract(world.chaincode), InMemoryCheckpointer()
    start = contract.submit_async("eventOnly", key, "0")[1].status().block_number
    for number in (1, 2):
        contract.submit("eventOnly", key, str(number))
    seen = []
    while len(seen) < 3:
        with blocking.chaincode_events(world.chaincode, start_block=start, checkpoint=checkpointer) as events:
            event = events.next(timeout=60)
            seen.append(event.payload)
            checkpointer.checkpoint_chaincode_event(event)
    assert seen == [b"0", b"1", b"2"]
    numbers = [block.header.number for block in blocking.blocks()]
    assert numbers == list(range(len(numbers)))
    for stream in (
        blocking.block_events(start_block=start),
        blocking.filtered_block_events(start_block=start),
        blocking.block_and_private_data_events(start_block=start),
    ):
        with stream:
            assert block_of(stream.next(timeout=60)) == start


def test_threads_share_one_gateway(blocking: sync.Network, world: World, key: str) -> None:
    contract = blocking.contract(world.chaincode)
    with ThreadPoolExecutor(16) as threads:
        results = list(threads.map(lambda number: contract.submit("increment", f"{key}-{number}"), range(64)))
    assert results == [b"1"] * 64
