"""Fabric's own Go, Node and Java clients, unchanged, through a gateway: what they do at a peer they do here."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import itertools
import json
import signal
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from gateway.fabric import FileIdentity
from network.identity import Role
from quorate.blocks import protos
from quorate.digest import digest_of
from quorate.records import functions
from quorate.records.common import make
from quorate.records.dataset import Revise
from quorate.records.events import Events
from tests.integration.datasets import unprotected
from tests.integration.gateway_process import GatewayProcess
from tests.integration.official_clients import OfficialClient, Program, RefusedError, build

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from network.connection import OrganisationConnection
    from network.consortium import Consortium
    from network.identity import KeyPair

    Connecting = Callable[..., AbstractContextManager[OfficialClient]]

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1200)]  # the clients are built, and their packages fetched

LIMITS = """
message_bytes = 100000
streams_at_once = 1
calls_at_once = 2
"""
(DEADLINE_EXCEEDED, PERMISSION_DENIED, RESOURCE_EXHAUSTED, ABORTED, UNKNOWN, UNAVAILABLE) = (4, 7, 8, 10, 2, 14)
MEMBERS = (functions.CONSORTIUM_MEMBERS.name, make(functions.CONSORTIUM_MEMBERS.request).encode().decode())
_numbers = itertools.count()
_Answer = TypeVar("_Answer")


@pytest.fixture(scope="session", params=["go", "node", "java"])
def program(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Program:
    return build(request.param, tmp_path_factory.mktemp(f"official-{request.param}"))


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as made:
        yield made


@pytest.fixture(scope="module")
def gateway(
    consortium: Consortium, tmp_path_factory: pytest.TempPathFactory, runner: asyncio.Runner
) -> Iterator[GatewayProcess]:
    directory = tmp_path_factory.mktemp("gateway")
    made = GatewayProcess(consortium.network, consortium.network.organisation("alder"), directory, LIMITS)
    runner.run(made.start())
    yield made
    runner.run(made.stop(signal.SIGKILL))


@pytest.fixture(scope="module")
def connecting(program: Program, gateway: GatewayProcess, tmp_path_factory: pytest.TempPathFactory) -> Connecting:
    directory = tmp_path_factory.mktemp("settings")

    @contextmanager
    def connect(
        *,
        tls: KeyPair | None = None,
        signer: OrganisationConnection | None = None,
        without_tls: bool = False,
        address: str = "",
    ) -> Iterator[OfficialClient]:
        paths, member = gateway.member.paths, signer or gateway.member
        pair, identity = tls or paths.agent_tls, member.paths.identity(Role.STEWARD)
        settings = {
            "endpoint": address or gateway.address,
            "roots": str(paths.tls_ca.cert),
            "tls_certificate": "" if without_tls else str(pair.cert),
            "tls_key": "" if without_tls else str(pair.key),
            # A peer that compares sees the gateway's certificate.
            "tls_hash_of": str(paths.gateway_client.cert),
            "msp_id": member.msp_id,
            "certificate": str(identity.cert),
            "key": str(identity.key),
            "channel": gateway.network.channel,
            "chaincode": gateway.network.chaincode,
        }
        file = directory / f"settings-{next(_numbers)}.json"
        file.write_text(json.dumps(settings))
        with OfficialClient(program, file) as client:
            yield client

    return connect


@pytest.fixture(scope="module")
def client(connecting: Connecting) -> Iterator[OfficialClient]:
    with connecting() as made:
        warm(made)
        yield made


def warm(client: OfficialClient) -> None:
    """Call until an answer comes: a client that has just started may take longer than the ledger lets clocks differ."""
    ends = time.monotonic() + 150
    while time.monotonic() < ends:
        with suppress(RefusedError):
            client("evaluate", function=MEMBERS[0], arguments=[MEMBERS[1]])
            return
    pytest.fail("the client gets no answer")


def registration(name: str = "") -> tuple[str, dict[str, Any]]:
    """Return a name that is new, and the call that registers a data set of that name."""
    name = name or f"official-{next(_numbers)}-{time.time_ns()}"
    return name, {"function": "dataset:Register", "arguments": [unprotected(name).encode().decode()]}


def sign(gateway: GatewayProcess, digest: str) -> bytes:
    pair = gateway.member.paths.identity(Role.STEWARD)
    _, signer = FileIdentity(msp_id=gateway.member.msp_id, certificate=pair.cert, key=pair.key).load()
    return signer.sign(base64.b64decode(digest))


def test_evaluate_and_submit(client: OfficialClient) -> None:
    members = json.loads(client("evaluate", function=MEMBERS[0], arguments=[MEMBERS[1]])["result"])
    assert sorted(member["msp"] for member in members["members"]) == ["AlderMSP", "BirchMSP", "ChestnutMSP", "ElmMSP"]
    name, call = registration()
    assert json.loads(client("submit", **call)["result"])["dataset"] == name


def test_submit_async_and_the_status_of_its_commit(client: OfficialClient) -> None:
    name, call = registration()
    found = client("submit_async", **call)
    assert json.loads(found["result"])["dataset"] == name
    assert (found["code"], found["successful"], len(found["transaction"])) == (0, True, 64)
    assert int(found["block"]) > 0


def test_every_object_signed_elsewhere(client: OfficialClient, gateway: GatewayProcess) -> None:
    name, call = registration()
    proposal = client("propose", **call)
    with pytest.raises(RefusedError) as caught:
        client("endorse", bytes=proposal["bytes"], signature=b"not a signature")
    assert caught.value.code in {PERMISSION_DENIED, ABORTED}
    endorsed = client("endorse", bytes=proposal["bytes"], signature=sign(gateway, proposal["digest"]))
    assert json.loads(endorsed["result"])["dataset"] == name
    commit = client("send", bytes=endorsed["bytes"], signature=sign(gateway, endorsed["digest"]))
    status = client("status", bytes=commit["bytes"], signature=sign(gateway, commit["digest"]))
    assert (status["transaction"], status["code"]) == (proposal["transaction"], 0)


def test_chaincode_events_and_going_on_after_a_checkpoint(client: OfficialClient) -> None:
    names, sent = [], []
    for _ in range(3):
        name, call = registration()
        names.append(name)
        sent.append(client("submit_async", **call))
    first, second = events(client, 2, start_block=int(sent[0]["block"]))
    assert client("cancel") == {"ended": True}
    (third,) = events(client, 1, start_block=int(second["block"]), after_transaction=second["transaction"])
    client("cancel")
    got = [first, second, third]
    assert [(event["transaction"], event["block"]) for event in got] == [(s["transaction"], s["block"]) for s in sent]
    facts = [Events.parse(event["payload"].encode()).events[0] for event in got]
    assert [(fact.type, fact.dataset) for fact in facts] == [("dataset.registered", name) for name in names]


def test_the_chaincodes_refusal_arrives_with_its_details(client: OfficialClient) -> None:
    name = registration()[0]
    document = make(Revise, dataset=name, title="x", purposes=["research"], fingerprint=digest_of(b"x"))
    with pytest.raises(RefusedError) as caught:
        client("submit", function="dataset:Revise", arguments=[document.encode().decode()])
    assert (caught.value.kind, caught.value.code) == ("EndorseError", ABORTED)
    assert len(caught.value.transaction) == 64
    (detail, *_) = caught.value.details
    assert detail["msp_id"] == "AlderMSP"
    assert "NOT_FOUND: " in detail["message"]
    with pytest.raises(RefusedError) as caught:
        client("evaluate", function="dataset:Get", arguments=[json.dumps({"schema": "quorate.nothing/1"})])
    assert caught.value.code == UNKNOWN
    assert "INVALID_ARGUMENT: " in caught.value.message


def test_a_duplicate_is_told_by_its_status(client: OfficialClient, gateway: GatewayProcess) -> None:
    proposal = client("propose", **registration()[1])
    endorsed = client("endorse", bytes=proposal["bytes"], signature=sign(gateway, proposal["digest"]))
    signature = sign(gateway, endorsed["digest"])
    commits = [client("send", bytes=endorsed["bytes"], signature=signature) for _ in range(2)]
    for commit in commits:
        status = client("status", bytes=commit["bytes"], signature=sign(gateway, commit["digest"]))
        assert status["code"] == 0


def test_blocks_whole_and_filtered_but_no_private_data(client: OfficialClient) -> None:
    assert when_free(lambda: client("blocks", start_block=0, count=3)) == {"blocks": ["0", "1", "2"]}
    assert when_free(lambda: client("filtered", start_block=1, count=2)) == {"blocks": ["1", "2"]}
    with pytest.raises(RefusedError, match="but no private data") as caught:
        when_free(lambda: client("private", start_block=0, count=1))
    assert caught.value.code == PERMISSION_DENIED


def test_a_deadline_is_passed_on_and_its_place_given_back(client: OfficialClient, gateway: GatewayProcess) -> None:
    # Three waits, one more than calls_at_once: a place that was not given back would refuse the third.
    pair = gateway.member.paths.identity(Role.STEWARD)
    identity, signer = FileIdentity(msp_id=gateway.member.msp_id, certificate=pair.cert, key=pair.key).load()
    request = protos.CommitStatusRequest(
        channel_id=gateway.network.channel, transaction_id="ab" * 32, identity=identity.creator
    ).SerializeToString()
    unsigned = protos.SignedCommitStatusRequest(request=request).SerializeToString()
    signature = signer.sign(hashlib.sha256(request).digest())
    for _ in range(3):
        began = time.monotonic()
        with pytest.raises(RefusedError) as caught:
            when_free(lambda: client("status", bytes=unsigned, signature=signature, timeout_ms=400))
        assert (caught.value.kind, caught.value.code) == ("CommitStatusError", DEADLINE_EXCEEDED)
        assert 0.3 < time.monotonic() - began < 30  # and not the minute that it waits for a commit by default
    when_free(lambda: client("evaluate", function=MEMBERS[0], arguments=[MEMBERS[1]]))


def test_a_stream_that_is_cancelled_or_lost_gives_its_place_back(
    client: OfficialClient, connecting: Connecting
) -> None:
    assert len(events(client, 1, start_block=0)) == 1
    with connecting() as other:
        with pytest.raises(RefusedError, match=r"limits\.streams_at_once allows") as caught:
            follow(other, 1, start_block=0)
        assert caught.value.code == RESOURCE_EXHAUSTED
        client("cancel")
        assert len(events(other, 1, start_block=0)) == 1
    # The other's process was killed while its stream was open.
    assert len(events(client, 1, start_block=0)) == 1
    client("cancel")


def follow(client: OfficialClient, count: int, **fields: object) -> list[dict[str, Any]]:
    client("events", **fields)
    found: list[dict[str, Any]] = client("next", count=count)["events"]
    return found


def events(client: OfficialClient, count: int, **fields: object) -> list[dict[str, Any]]:
    return when_free(lambda: follow(client, count, **fields))


def when_free(call: Callable[[], _Answer]) -> _Answer:
    """Return what a call answers that needs a place; the gateway hears of another's end a moment later."""
    ends = time.monotonic() + 90
    while True:
        try:
            return call()
        except RefusedError as error:
            if "end one first" not in error.message or time.monotonic() > ends:
                raise
        time.sleep(0.05)


def test_what_is_not_allowed_is_denied_with_the_rule(client: OfficialClient) -> None:
    for fields, words in (
        ({"function": "org.hyperledger.fabric:GetMetadata"}, "limits.functions does not name it"),
        ({"function": "GetChainInfo", "chaincode": "qscc"}, "chaincode quorate only"),
        ({"function": "x", "chaincode": "_lifecycle"}, "chaincode quorate only"),
    ):
        for op in ("evaluate", "submit"):
            with pytest.raises(RefusedError, match=words) as caught:
                client(op, arguments=[], **fields)
            assert caught.value.code == PERMISSION_DENIED


def test_too_large_a_request_names_the_limit(client: OfficialClient) -> None:
    with pytest.raises(RefusedError, match=r"limits\.message_bytes") as caught:
        client("evaluate", function=MEMBERS[0], arguments=["x" * 120_000])
    assert caught.value.code == RESOURCE_EXHAUSTED


def test_only_the_own_organisation_comes_in(connecting: Connecting, consortium: Consortium) -> None:
    birch = consortium.network.organisation("birch")
    with connecting(signer=birch) as stranger, pytest.raises(RefusedError, match="relays for AlderMSP only") as caught:
        stranger("evaluate", function=MEMBERS[0], arguments=[MEMBERS[1]])
    assert caught.value.code == PERMISSION_DENIED
    for refused in ({"tls": birch.paths.agent_tls}, {"without_tls": True}):
        with connecting(**refused) as stranger, pytest.raises(RefusedError) as caught:
            stranger("evaluate", function=MEMBERS[0], arguments=[MEMBERS[1]], timeout_ms=10_000)
        assert caught.value.code in {PERMISSION_DENIED, UNAVAILABLE, DEADLINE_EXCEEDED}
