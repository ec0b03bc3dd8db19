"""How calls are made: time-outs, metadata, readiness, and channel arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grpc
import pytest

from gateway.fabric import CallOptions, DefaultCallOptions, Endpoint, GatewayError, connect
from quorate.errors import UsageError

if TYPE_CHECKING:
    from gateway.fabric import Gateway
    from tests.unit.gateway.fabric.conftest import Served
    from tests.unit.gateway.fabric.fake_peer import FakePeer

STEPS = {
    "evaluate": "Evaluate",
    "endorse": "Endorse",
    "submit": "Submit",
    "commit_status": "CommitStatus",
    "chaincode_events": "ChaincodeEvents",
    "block_events": "Deliver",
    "filtered_block_events": "DeliverFiltered",
    "block_and_private_data_events": "DeliverWithPrivateData",
}


def tagged(step: str, **more: object) -> CallOptions:
    return CallOptions(metadata=(("step", step), ("bytes-bin", step.encode())), **more)


async def all_steps(gateway: Gateway, **options: CallOptions) -> None:
    network = gateway.network("quorate")
    proposal = network.contract("quorate").new_proposal("f")
    await proposal.evaluate(options=options.get("evaluate"))
    transaction = await proposal.endorse(options=options.get("endorse"))
    commit = await transaction.submit(options=options.get("submit"))
    await commit.status(options=options.get("commit_status"))
    events = network.chaincode_events("quorate", start_block=0, options=options.get("chaincode_events"))
    async with events:
        await anext(events)
    for name in ("block_events", "filtered_block_events", "block_and_private_data_events"):
        async with getattr(network, name)(start_block=0, options=options.get(name)) as blocks:
            await anext(blocks)


async def test_every_call_takes_its_metadata(gateway: Gateway, peer: FakePeer) -> None:
    await all_steps(gateway, **{step: tagged(step) for step in STEPS})
    for step, method in STEPS.items():
        assert peer.metadata[method]["step"] == step
        assert peer.metadata[method]["bytes-bin"] == step.encode()


async def test_a_connection_has_options_for_every_step(served: Served, peer: FakePeer) -> None:
    defaults = DefaultCallOptions(**{step: tagged(step) for step in STEPS})
    async with connect(served.endpoint, served.identity, served.signer, call_options=defaults) as gateway:
        await all_steps(gateway, evaluate=CallOptions(metadata=(("more", "yes"),)))
    assert {method: peer.metadata[method]["step"] for method in STEPS.values()} == {
        method: step for step, method in STEPS.items()
    }
    assert peer.metadata["Evaluate"]["more"] == "yes"


@pytest.mark.parametrize("step", ["evaluate", "endorse", "submit", "commit_status"])
async def test_the_time_of_one_call_can_be_short(gateway: Gateway, peer: FakePeer, step: str) -> None:
    peer.stall.add(STEPS[step])
    with pytest.raises(GatewayError) as caught:
        await all_steps(gateway, **{step: CallOptions(timeout=0.1)})
    assert caught.value.status is grpc.StatusCode.DEADLINE_EXCEEDED


@pytest.mark.parametrize("step", list(STEPS)[4:])
async def test_the_time_of_a_stream_can_be_limited(gateway: Gateway, peer: FakePeer, step: str) -> None:
    peer.stall.add(STEPS[step])
    with pytest.raises(GatewayError) as caught:
        await all_steps(gateway, **{step: CallOptions(timeout=0.1)})
    assert caught.value.status is grpc.StatusCode.DEADLINE_EXCEEDED


async def test_options_of_a_call_go_before_those_of_the_connection() -> None:
    default = CallOptions(timeout=5, metadata=(("a", "1"),), wait_for_ready=True)
    assert CallOptions(timeout=1, metadata=[("b", "2")]).over(default) == CallOptions(
        timeout=1, metadata=(("a", "1"), ("b", "2")), wait_for_ready=True
    )
    assert CallOptions(wait_for_ready=False).over(default).wait_for_ready is False
    assert CallOptions(compression=grpc.Compression.Gzip).over(default).compression is grpc.Compression.Gzip
    assert CallOptions().over(default) == default


@pytest.mark.parametrize("timeout", [0, -1, float("inf"), float("nan")])
def test_a_time_out_is_a_finite_number_above_zero(timeout: float) -> None:
    with pytest.raises(UsageError, match="finite number"):
        CallOptions(timeout=timeout)


def test_options_do_not_show_what_may_be_a_token() -> None:
    assert "secret" not in repr(CallOptions(metadata=(("authorization", "secret"),)))


async def test_channel_arguments_take_the_place_of_ours(served: Served) -> None:
    small = (("grpc.max_receive_message_length", 1_000),)
    async with connect(Endpoint(served.endpoint.address, served.tls, small), served.identity, served.signer) as gateway:
        contract = gateway.network("quorate").contract("quorate")
        assert await contract.evaluate("f", "a" * 500) == b"f|" + b"a" * 500
        with pytest.raises(GatewayError, match="larger than max") as caught:
            await contract.evaluate("f", "a" * 2_000)
    assert caught.value.status is grpc.StatusCode.RESOURCE_EXHAUSTED


def test_our_channel_arguments_are_those_that_a_peer_bears() -> None:
    found = Endpoint("peer.example:7051")._arguments()
    assert found["grpc.max_send_message_length"] == found["grpc.max_receive_message_length"] == 100 * 1024 * 1024
    assert found["grpc.keepalive_time_ms"] >= 60_000
    assert "grpc.enable_http_proxy" not in found
    assert Endpoint("localhost:7051")._arguments()["grpc.enable_http_proxy"] == 0
    faster = Endpoint("peer.example:7051", options=[("grpc.keepalive_time_ms", 90_000)])
    assert faster._arguments()["grpc.keepalive_time_ms"] == 90_000
    assert hash(faster) != hash(Endpoint("peer.example:7051"))


async def test_a_channel_for_threads_is_refused(served: Served) -> None:
    with grpc.insecure_channel("localhost:1") as channel, pytest.raises(UsageError, match=r"grpc\.aio\.Channel"):
        async with connect(channel, served.identity):
            pass
