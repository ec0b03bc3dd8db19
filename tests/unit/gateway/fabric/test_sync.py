"""The blocking client: the same surface, from any thread, safe to interrupt."""

from __future__ import annotations

import asyncio
import inspect
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import grpc
import pytest

from gateway import fabric
from gateway.fabric import GatewayError, InMemoryCheckpointer, SubmitError, sync
from gateway.fabric.sync.background import Background, _ignore_other_loops
from quorate.errors import UsageError
from tests.unit.gateway.fabric.conftest import PATIENT
from tests.unit.gateway.fabric.fake_peer import Fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.gateway.fabric.authority import Authority, Issued
    from tests.unit.gateway.fabric.conftest import Served
    from tests.unit.gateway.fabric.fake_peer import FakePeer

T = TypeVar("T")
ROOT = Path(__file__).parents[4]


@pytest.fixture
def program(served: Served) -> Callable[[Callable[[sync.Gateway], T]], object]:
    """Run a blocking program in a thread, with the peer in this one."""

    def run(body: Callable[[sync.Gateway], T]) -> object:
        def inside() -> T:
            with sync.connect(served.endpoint, served.identity, served.signer, deadlines=PATIENT) as gateway:
                return body(gateway)

        return asyncio.to_thread(inside)

    return run


def contract(gateway: sync.Gateway) -> sync.Contract:
    return gateway.network("quorate").contract("quorate")


def public(kind: type) -> dict[str, object]:
    return {name: value for name, value in inspect.getmembers(kind) if not name.startswith("_")}


@pytest.mark.parametrize("name", sorted(set(sync.__all__) - {"connect", "EventStream"}))
def test_every_class_has_the_methods_and_parameters_of_the_one_that_waits(name: str) -> None:
    theirs, ours = public(getattr(fabric, name)), public(getattr(sync, name))
    assert ours.keys() == theirs.keys()
    for member, value in theirs.items():
        if callable(value):
            assert list(inspect.signature(ours[member]).parameters) == list(inspect.signature(value).parameters), member
            assert not inspect.iscoroutinefunction(ours[member]), member


def test_connect_takes_what_the_other_takes_but_an_open_channel() -> None:
    theirs = set(inspect.signature(fabric.connect).parameters)
    assert set(inspect.signature(sync.connect).parameters) == theirs - {"tls_client_certificate_hash"}
    with pytest.raises(UsageError, match="neither an address nor an Endpoint"), sync.connect(5, None):
        pass


async def test_transactions_block_until_they_are_done(program: Callable[..., object], peer: FakePeer) -> None:
    def body(gateway: sync.Gateway) -> None:
        assert contract(gateway).evaluate("f", "a", b"\xff") == b"f|a|\xff"
        assert contract(gateway).submit("f", "b") == b"f|b"
        result, commit = contract(gateway).submit_async("f", "c")
        assert (result, commit.status().successful) == (b"f|c", True)
        assert contract(gateway).submit_transaction("f", "d") == contract(gateway).evaluate_transaction("f", "d")
        transaction = contract(gateway).new_proposal("f", "e").endorse()
        assert transaction.result == b"f|e"
        sent = transaction.submit()
        assert sent.transaction_id == transaction.transaction_id == transaction.commit().transaction_id
        assert sent.status().block_number == 4

    await program(body)
    assert peer.calls.count("Submit") == 4


async def test_everything_can_be_signed_elsewhere(served: Served, peer: FakePeer) -> None:
    def body() -> None:
        sign = served.signer.sign
        with sync.connect(served.endpoint, served.identity) as gateway:
            assert gateway.identity == served.identity
            network = gateway.network("quorate")
            assert network.name == "quorate"
            unsigned = contract(gateway).new_proposal("f")
            assert gateway.new_proposal(unsigned.bytes).digest == unsigned.digest
            transaction = gateway.new_signed_proposal(unsigned.bytes, sign(unsigned.digest)).endorse()
            assert gateway.new_transaction(transaction.bytes).digest == transaction.digest
            commit = gateway.new_signed_transaction(transaction.bytes, sign(transaction.digest)).submit()
            with pytest.raises(UsageError, match="no signer"):
                commit.sign()
            assert gateway.new_commit(commit.bytes).digest == commit.digest
            assert gateway.new_signed_commit(commit.bytes, sign(commit.digest)).status().successful
            for make, again in (
                (network.new_block_events_request, gateway.new_signed_block_events_request),
                (network.new_filtered_block_events_request, gateway.new_signed_filtered_block_events_request),
                (
                    network.new_block_and_private_data_events_request,
                    gateway.new_signed_block_and_private_data_events_request,
                ),
            ):
                request = make(start_block=1)
                with again(request.bytes, sign(request.digest)).events() as blocks:
                    assert blocks.next(timeout=60) is not None
            events = network.new_chaincode_events_request("quorate", start_block=1)
            signed = gateway.new_signed_chaincode_events_request(events.bytes, sign(events.digest))
            with signed.events() as stream:
                assert next(stream).transaction_id == transaction.transaction_id
            for make, request in (
                (gateway.new_chaincode_events_request, events),
                (gateway.new_block_events_request, network.new_block_events_request()),
                (gateway.new_filtered_block_events_request, network.new_filtered_block_events_request()),
                (
                    gateway.new_block_and_private_data_events_request,
                    network.new_block_and_private_data_events_request(),
                ),
            ):
                assert make(request.bytes).bytes == request.bytes

    await asyncio.to_thread(body)
    assert peer.calls[:3] == ["Endorse", "Submit", "CommitStatus"]


async def test_events_are_iterators(program: Callable[..., object]) -> None:
    def body(gateway: sync.Gateway) -> None:
        network, checkpointer = gateway.network("quorate"), InMemoryCheckpointer()
        ids = [contract(gateway).submit_async("f")[1].status().transaction_id for _ in range(3)]
        seen = []
        with network.chaincode_events("quorate", start_block=0, checkpoint=checkpointer) as events:
            for event in events:
                seen.append(event.transaction_id)
                checkpointer.checkpoint_chaincode_event(event)
                if len(seen) == 2:
                    break
        with network.chaincode_events("quorate", checkpoint=checkpointer) as events:
            seen.append(next(events).transaction_id)
            with pytest.raises(GatewayError, match=r"no event came for 0\.05 s") as caught:
                events.next(timeout=0.05)
            assert caught.value.status is grpc.StatusCode.DEADLINE_EXCEEDED
            contract(gateway).submit("f")
            assert events.next(timeout=60).block_number == 4
        assert list(events) == []
        assert seen == ids
        assert [block.header.number for block in network.blocks()] == [0, 1, 2, 3, 4]
        for stream in (
            network.block_events(start_block=2),
            network.filtered_block_events(start_block=2),
            network.block_and_private_data_events(start_block=2),
        ):
            with stream:
                assert stream.next(timeout=60) is not None

    await program(body)


async def test_leaving_blocks_early_ends_the_call(program: Callable[..., object], peer: FakePeer) -> None:
    def body(gateway: sync.Gateway) -> None:
        contract(gateway).submit("f")
        for block in gateway.network("quorate").blocks():
            assert block.header.number == 0
            break

    await program(body)
    await peer.until(lambda: "Deliver" in peer.cancelled)


async def test_a_submit_without_confirmation_has_a_commit_that_blocks(
    program: Callable[..., object], peer: FakePeer
) -> None:
    peer.faults["Submit"] = Fault(grpc.StatusCode.ABORTED, "nobody knows", after=True)

    def body(gateway: sync.Gateway) -> None:
        with pytest.raises(SubmitError) as caught:
            contract(gateway).submit("f")
        assert isinstance(caught.value.commit, sync.Commit)
        assert caught.value.commit.status().successful

    await program(body)


async def test_many_threads_share_one_gateway_and_many_gateways_one_thread(
    served: Served, program: Callable[..., object]
) -> None:
    def body(gateway: sync.Gateway) -> None:
        with (
            sync.connect(served.endpoint, served.identity, served.signer, deadlines=PATIENT) as other,
            ThreadPoolExecutor(16) as threads,
        ):
            loops = [each for each in threading.enumerate() if each.name == "gateway.fabric.sync"]
            assert len(loops) == 1
            submit = [contract(gateway).submit, contract(other).submit]
            results = threads.map(lambda number: submit[number % 2]("f", str(number)), range(60))
            assert sorted(results) == sorted(f"f|{number}".encode() for number in range(60))

    await program(body)
    assert len([each for each in threading.enumerate() if each.name == "gateway.fabric.sync"]) == 1


async def test_a_closed_gateway_sends_nothing(served: Served, peer: FakePeer) -> None:
    def body() -> None:
        with sync.connect(served.endpoint, served.identity, served.signer) as gateway:
            events = gateway.network("quorate").block_events()
            gateway.close()
            with pytest.raises(GatewayError, match="closed"):
                contract(gateway).evaluate("f")
            events.close()
        with pytest.raises(GatewayError, match="closed"):
            contract(gateway).evaluate("f")

    await asyncio.to_thread(body)
    assert peer.calls == []


async def test_closing_a_stream_from_another_thread_ends_its_reader(
    program: Callable[..., object], peer: FakePeer
) -> None:
    loop = asyncio.get_running_loop()

    def body(gateway: sync.Gateway) -> None:
        with gateway.network("quorate").block_events() as blocks, ThreadPoolExecutor(1) as threads:
            reading = threads.submit(list, blocks)
            waiting = asyncio.run_coroutine_threadsafe(peer.until(lambda: peer.streaming == 1), loop)
            waiting.result(60)
            blocks.close()
            assert reading.result(60) == []

    await program(body)


async def test_a_signer_that_calls_the_client_is_told_instead_of_waiting_for_itself(served: Served) -> None:
    gateways = []

    def sign(_: bytes) -> bytes:
        return contract(gateways[0]).evaluate("f")

    def body() -> None:
        with sync.connect(served.endpoint, served.identity, sign) as gateway:
            gateways.append(gateway)
            with pytest.raises(UsageError, match="from a signer"):
                contract(gateway).evaluate("f")

    await asyncio.to_thread(body)


SCRIPT = """
import signal
import sys
from pathlib import Path
from gateway.fabric import Endpoint, Identity, PrivateKeySigner, Tls, sync

signal.signal(signal.SIGINT, signal.default_int_handler)  # shells have what they start in the background ignore it
address, folder = sys.argv[1], Path(sys.argv[2])
tls = Tls.from_files(roots=folder / "ca.pem", certificate=folder / "cert.pem", key=folder / "key.pem")
identity = Identity("Org1MSP", (folder / "cert.pem").read_bytes())
with sync.connect(Endpoint(address, tls), identity, PrivateKeySigner.from_file(folder / "key.pem")) as gateway:
    network = gateway.network("quorate")
    with network.block_events() as blocks:
        try:
            next(blocks)
        except KeyboardInterrupt:
            print("interrupted", flush=True)
        print(next(blocks).header.number, flush=True)
    network.contract("quorate").submit("f")
print("left", flush=True)
"""


async def test_ctrl_c_ends_the_wait_and_nothing_else(
    served: Served, peer: FakePeer, authority: Authority, client_certificate: Issued, tmp_path: Path
) -> None:
    (tmp_path / "ca.pem").write_bytes(authority.pem)
    (tmp_path / "cert.pem").write_bytes(client_certificate.certificate_pem)
    (tmp_path / "key.pem").write_bytes(client_certificate.key_pem)
    (tmp_path / "key.pem").chmod(0o600)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-W",
        "error",
        "-c",
        SCRIPT,
        served.endpoint.address,
        str(tmp_path),
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        await peer.until(lambda: peer.streaming == 1)
        process.send_signal(signal.SIGINT)
        async with asyncio.timeout(60):
            assert await process.stdout.readline() == b"interrupted\n"
            await peer.commit(("tx", b"", fabric.TxValidationCode.VALID))
            out, err = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert (out, err, process.returncode) == (b"1\nleft\n", b"", 0)


FORKING = """
import asyncio, os, sys
from gateway.fabric.sync.background import SHARED
from quorate.errors import UsageError

background = SHARED.get()
assert background.run(asyncio.sleep(0, "parent")) == "parent"
child = os.fork()
if child == 0:
    try:
        background.run(asyncio.sleep(0))
    except UsageError as error:
        assert "parent process" in str(error)
        os._exit(0 if SHARED.get().run(asyncio.sleep(0, "child")) == "child" else 2)
    os._exit(1)
assert os.waitpid(child, 0)[1] == 0
assert background.run(asyncio.sleep(0, "parent")) == "parent"
"""


def test_a_forked_process_has_a_thread_of_its_own() -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "GRPC_ENABLE_FORK_SUPPORT": "0"}
    done = subprocess.run(
        [sys.executable, "-c", FORKING], env=environment, capture_output=True, check=False, timeout=120
    )
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_background_that_ends_ends_what_runs_in_it() -> None:
    background = Background()
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(background.run, asyncio.Event().wait())
        while not background._tasks:
            threading.Event().wait(0.001)
        background.stop()
        with pytest.raises(GatewayError, match="was closed"):
            waiting.result(60)
    with pytest.raises(GatewayError, match="was closed"):
        background.run(asyncio.sleep(0))


@pytest.mark.parametrize("begun", [True, False], ids=["handed over", "not yet"])
def test_an_interruption_while_a_call_is_handed_over_ends_the_call(begun: bool) -> None:  # noqa: FBT001
    background, started = Background(), threading.Event()
    hand_over = background._loop.call_soon_threadsafe

    def interrupted(*call: object) -> None:
        background._loop.call_soon_threadsafe = hand_over
        if begun:
            hand_over(*call)
            assert started.wait(60)
        raise KeyboardInterrupt

    async def work() -> None:
        started.set()
        await asyncio.Event().wait()

    background._loop.call_soon_threadsafe = interrupted
    with pytest.raises(KeyboardInterrupt):
        background.run(work())
    assert background._tasks == {}
    assert started.is_set() is begun
    assert background.run(asyncio.sleep(0, "goes on")) == "goes on"
    background.stop()


def test_a_signal_that_does_not_wake_who_waits_interrupts_all_the_same() -> None:
    background = Background()

    async def work() -> None:
        signal.pthread_kill(threading.get_ident(), signal.SIGINT)
        await asyncio.Event().wait()

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            background.run(work())
    finally:
        signal.signal(signal.SIGINT, before)
    assert background._tasks == {}
    background.stop()


def test_what_an_interrupted_reader_fetches_is_for_the_next() -> None:
    class Items:
        def __init__(self) -> None:
            self.queue: asyncio.Queue[int] = asyncio.Queue()
            self.asked = threading.Event()

        async def __anext__(self) -> int:
            self.asked.set()
            return await self.queue.get()

    background, items = Background(), Items()
    stream = sync.EventStream(background, items)
    left_behind = asyncio.run_coroutine_threadsafe(stream._fetch(None), background._loop)
    assert items.asked.wait(60)
    with ThreadPoolExecutor(1) as threads:
        reading = threads.submit(stream.next, timeout=60)
        background._loop.call_soon_threadsafe(items.queue.put_nowait, 7)
        assert reading.result(60) == 7
    assert left_behind.result(60) is None
    background.stop()


def test_only_what_grpc_says_of_other_loops_is_passed_over() -> None:
    told: list[dict[str, object]] = []

    class Loop:
        def default_exception_handler(self, context: dict[str, object]) -> None:
            told.append(context)

    class Handle:
        def __repr__(self) -> str:
            return "<Handle PollerCompletionQueue._handle_events(...)>"

    for error in (BlockingIOError(11, "again"), RuntimeError("Event loop is closed")):
        _ignore_other_loops(Loop(), {"exception": error, "handle": Handle()})
    assert told == []
    others = [
        {"exception": ValueError("x"), "handle": Handle()},
        {"exception": RuntimeError("x"), "handle": "another"},
        {"message": "x"},
    ]
    for context in others:
        _ignore_other_loops(Loop(), context)
    assert told == others
