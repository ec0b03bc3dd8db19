"""The Fabric client against every engine that is asked for."""

from __future__ import annotations

import asyncio
import json
import statistics
import time
from contextlib import asynccontextmanager
from itertools import count
from typing import TYPE_CHECKING

import grpc
import pytest
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from gateway.fabric import (
    CommitError,
    EndorseError,
    Endpoint,
    FileCheckpointer,
    FileIdentity,
    GatewayError,
    Identity,
    PrivateKeySigner,
    Tls,
    TxValidationCode,
    chaincode_refusal,
    connect,
)
from network.home import NetworkHome
from network.identity import Role
from network.topology import Topology
from quorate import canonical
from quorate.blocks import protos
from quorate.digest import digest_of
from tests.integration.datasets import unprotected
from tests.pace import slowdown

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from gateway.fabric import Contract, Gateway, Network
    from network.connection import Connection, OrganisationConnection
    from network.engine import Driver

P256 = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
NUMBERS = count()


def endpoint_of(organisation: OrganisationConnection) -> Endpoint:
    client = organisation.paths.agent_tls
    tls = Tls.from_files(
        roots=organisation.tls_ca, certificate=client.cert, key=client.key, server_name=organisation.server_name
    )
    return Endpoint(organisation.address, tls)


def identity_of(organisation: OrganisationConnection, role: Role) -> tuple[Identity, PrivateKeySigner]:
    pair = organisation.paths.identity(role)
    return FileIdentity(msp_id=organisation.msp_id, certificate=pair.cert, key=pair.key).load()


@asynccontextmanager
async def contract_of(network: Connection, organisation: OrganisationConnection, role: Role) -> AsyncIterator[Contract]:
    async with connect(endpoint_of(organisation), *identity_of(organisation, role)) as gateway:
        yield gateway.network(network.channel).contract(network.chaincode)


def document(function: str, **fields: object) -> bytes:
    contract, _, name = function.partition(":")
    return canonical.dumps({"schema": f"quorate.{contract}.{name.lower()}/1", **fields})


def registration() -> bytes:
    """Return the document of a new data set; each registration writes, and emits an event."""
    return unprotected(f"client-{next(NUMBERS)}").encode()


def revision(registered: bytes, title: str) -> bytes:
    fields = json.loads(registered)
    kept = {name: fields[name] for name in ("dataset", "purposes", "fingerprint")}
    return document("dataset:Revise", title=title, **kept)


async def found(network: Connection) -> None:
    """Found the consortium, unless another test of the session has."""
    first, *_ = organisations = network.organisations
    async with contract_of(network, first, Role.OPERATOR) as contract:
        consortium = json.loads(await contract.evaluate("consortium:Get", document("consortium:Get")))
        if consortium.get("charter") is not None:
            return
        founding = document(
            "consortium:Found",
            title="Tests of the client",
            members=[
                {"msp": each.msp_id, "fingerprint_key": digest_of(each.msp_id.encode())}
                for each in sorted(organisations, key=lambda each: each.msp_id)
            ],
            quorum={"studies": "majority", "members": "majority", "policies": "majority"},
            clock_skew_ms=10_000,
            voting_period_ms=60_000,
        )
        charter = json.loads(await contract.submit("consortium:Found", founding))["charter_digest"]
    confirmation = document("consortium:Confirm", proposer=first.msp_id, charter_digest=charter)
    for organisation in organisations:
        async with contract_of(network, organisation, Role.OPERATOR) as contract:
            await contract.submit("consortium:Confirm", confirmation)
    async with contract_of(network, first, Role.OPERATOR) as contract:
        tally = document("consortium:Tally", motion="founding", proposer=first.msp_id)
        await contract.submit("consortium:Tally", tally)


@pytest.fixture
async def gateway(fabric_network: Connection) -> AsyncIterator[Gateway]:
    await found(fabric_network)
    organisation = fabric_network.organisations[0]
    async with connect(endpoint_of(organisation), *identity_of(organisation, Role.STEWARD)) as connected:
        yield connected


@pytest.fixture
def network(gateway: Gateway, fabric_network: Connection) -> Network:
    return gateway.network(fabric_network.channel)


@pytest.fixture
def contract(network: Network, fabric_network: Connection) -> Contract:
    return network.contract(fabric_network.chaincode)


async def test_what_was_submitted_can_be_read_by_every_organisation(
    contract: Contract, fabric_network: Connection
) -> None:
    registered = registration()
    result = json.loads(await contract.submit("dataset:Register", registered))
    query = document("dataset:Get", msp=result["msp"], dataset=result["dataset"])
    for organisation in fabric_network.organisations:
        async with contract_of(fabric_network, organisation, Role.OFFICER) as theirs:
            assert json.loads(await theirs.evaluate("dataset:Get", query)) == result


async def test_a_named_contract_of_the_chaincode_is_reached(network: Network, fabric_network: Connection) -> None:
    named = network.contract(fabric_network.chaincode, "dataset")
    assert json.loads(await named.submit("Register", registration()))["state"] == "ACTIVE"


async def test_a_refused_query_tells_the_chaincodes_code_and_the_peer(
    contract: Contract, fabric_network: Connection
) -> None:
    with pytest.raises(GatewayError) as caught:
        await contract.evaluate("dataset:Get", document("dataset:Get", msp="AlderMSP", dataset="absent"))
    refusal = chaincode_refusal(caught.value)
    assert refusal is not None
    assert (caught.value.status, refusal.code, caught.value.code) == (grpc.StatusCode.UNKNOWN, "NOT_FOUND", "NOT_FOUND")
    assert [detail.msp_id for detail in caught.value.details] == [fabric_network.organisations[0].msp_id]


async def test_a_refused_proposal_is_aborted_with_the_words_of_the_peers(contract: Contract) -> None:
    with pytest.raises(EndorseError) as caught:
        await contract.submit("dataset:Retire", document("dataset:Retire", dataset="absent"))
    refusal = chaincode_refusal(caught.value)
    assert refusal is not None
    assert (caught.value.status, refusal.code) == (grpc.StatusCode.ABORTED, "NOT_FOUND")
    assert caught.value.details


async def test_a_wrong_role_is_denied_by_policy(fabric_network: Connection, gateway: Gateway) -> None:
    assert gateway
    async with contract_of(fabric_network, fabric_network.organisations[0], Role.OFFICER) as contract:
        with pytest.raises(EndorseError) as caught:
            await contract.submit("dataset:Register", registration())
    assert (caught.value.code, int(caught.value.exit_code)) == ("DENIED", 4)


async def test_an_unknown_chaincode_cannot_be_endorsed(network: Network) -> None:
    with pytest.raises(EndorseError) as caught:
        await network.contract("absent").submit("f")
    assert caught.value.status is grpc.StatusCode.FAILED_PRECONDITION


async def test_an_unknown_channel_is_not_served(gateway: Gateway) -> None:
    proposal = gateway.network("absent").contract("quorate").new_proposal("f")
    with pytest.raises(GatewayError):
        await proposal.evaluate(timeout=1)


async def test_the_second_of_two_changes_to_one_record_conflicts(contract: Contract) -> None:
    registered = await contract.submit("dataset:Register", registration())
    one, two = [
        await contract.new_proposal("dataset:Revise", revision(registered, title)).endorse() for title in ("1", "2")
    ]
    assert (await (await one.submit()).status()).code is TxValidationCode.VALID
    status = await (await two.submit()).status()
    assert (status.code, status.successful) == (TxValidationCode.MVCC_READ_CONFLICT, False)


async def test_a_conflict_is_a_commit_error(contract: Contract) -> None:
    registered = await contract.submit("dataset:Register", registration())
    attempts = [contract.submit("dataset:Revise", revision(registered, str(number))) for number in range(8)]
    outcomes = await asyncio.gather(*attempts, return_exceptions=True)
    errors = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    assert len(errors) < len(outcomes)
    assert all(isinstance(error, CommitError | EndorseError) for error in errors)


async def test_the_same_envelope_twice_commits_once(contract: Contract) -> None:
    transaction = await contract.new_proposal("dataset:Register", registration()).endorse()
    first = await (await transaction.submit()).status()
    again = await (await transaction.submit()).status()
    assert (first.code, again) == (TxValidationCode.VALID, first)


async def test_every_named_organisation_endorses(contract: Contract, fabric_network: Connection) -> None:
    everyone = [organisation.msp_id for organisation in fabric_network.organisations]
    await contract.submit("dataset:Register", registration(), endorsing_organizations=everyone)


async def test_a_high_s_signature_and_a_foreign_key_are_denied(fabric_network: Connection) -> None:
    class HighSigner(PrivateKeySigner):
        def sign(self, digest: bytes) -> bytes:
            r, s = decode_dss_signature(super().sign(digest))
            return encode_dss_signature(r, P256 - s)

    first, second, *_ = fabric_network.organisations
    identity, _ = identity_of(first, Role.STEWARD)
    high = HighSigner.from_file(first.paths.identity(Role.STEWARD).key)
    foreign = identity_of(second, Role.STEWARD)[1]
    query = document("consortium:Get")
    for signer in (high, foreign):
        async with connect(endpoint_of(first), identity, signer) as gateway:
            contract = gateway.network(fabric_network.channel).contract(fabric_network.chaincode)
            with pytest.raises(GatewayError, match="access denied"):
                await contract.evaluate("consortium:Get", query)


async def test_events_come_live_and_resume_after_a_checkpoint(
    network: Network, contract: Contract, tmp_path: Path
) -> None:
    start = await newest(network) + 1
    written = []
    for _ in range(3):
        result, commit = await contract.submit_async("dataset:Register", registration())
        assert (await commit.status()).successful
        written.append((commit.transaction_id, json.loads(result)["dataset"]))
    seen = []
    for _ in written:
        checkpointer = FileCheckpointer(tmp_path / "checkpoint")
        async with (
            asyncio.timeout(60),
            network.chaincode_events(contract.chaincode_name, start_block=start, checkpoint=checkpointer) as events,
        ):
            event = await anext(events)
            seen.append((event.transaction_id, json.loads(event.payload)["events"][0]["dataset"]))
            checkpointer.checkpoint_chaincode_event(event)
    assert seen == written


async def test_without_a_start_only_later_events_come(network: Network, contract: Contract) -> None:
    await contract.submit("dataset:Register", registration())
    async with asyncio.timeout(90), network.chaincode_events(contract.chaincode_name) as events:
        waiting = asyncio.ensure_future(anext(events))
        ids = set()
        while not waiting.done():  # until the stream is open on the peer, which nothing announces
            _, commit = await contract.submit_async("dataset:Register", registration())
            await commit.status()
            ids.add(commit.transaction_id)
        assert (await waiting).transaction_id in ids


async def newest(network: Network) -> int:
    numbers = [block.header.number async for block in network.blocks()]
    assert numbers == list(range(len(numbers)))
    return numbers[-1]


async def test_blocks_hold_what_was_committed(network: Network, contract: Contract) -> None:
    _, commit = await contract.submit_async("dataset:Register", registration())
    status = await commit.status()
    [block] = [block async for block in network.blocks(status.block_number, status.block_number)]
    envelopes = [protos.Envelope.FromString(data) for data in block.data.data]
    headers = [protos.Payload.FromString(envelope.payload).header.channel_header for envelope in envelopes]
    assert commit.transaction_id in [protos.ChannelHeader.FromString(header).tx_id for header in headers]
    async with asyncio.timeout(60), network.filtered_block_events(start_block=status.block_number) as blocks:
        filtered = await anext(blocks)
    codes = {each.txid: each.tx_validation_code for each in filtered.filtered_transactions}
    assert (filtered.number, codes[commit.transaction_id]) == (status.block_number, protos.TxValidationCode.VALID)


async def test_block_events_follow_the_ledger(network: Network, contract: Contract) -> None:
    start = await newest(network)
    async with asyncio.timeout(60), network.block_events(start_block=start) as blocks:
        assert (await anext(blocks)).header.number == start
        await contract.submit("dataset:Register", registration())
        assert (await anext(blocks)).header.number == start + 1


async def test_a_block_that_does_not_exist_is_not_found(network: Network) -> None:
    missing = await newest(network) + 1_000
    with pytest.raises(GatewayError) as caught:
        _ = [block async for block in network.blocks(missing, missing)]
    assert caught.value.status is grpc.StatusCode.NOT_FOUND


async def test_a_wrong_tls_certificate_hash_is_refused(fabric_network: Connection, network: Network) -> None:
    organisation = fabric_network.organisations[0]
    channel = endpoint_of(organisation).channel()
    identity, signer = identity_of(organisation, Role.STEWARD)
    async with connect(channel, identity, signer, tls_client_certificate_hash=b"\0" * 32) as gateway:
        with pytest.raises(GatewayError) as caught:
            _ = [block async for block in gateway.network(network.name).blocks(0, 0)]
    await channel.close()
    assert caught.value.status is grpc.StatusCode.INVALID_ARGUMENT


async def test_everything_can_be_signed_elsewhere(fabric_network: Connection, contract: Contract) -> None:
    assert contract
    organisation = fabric_network.organisations[0]
    identity, signer = identity_of(organisation, Role.STEWARD)
    async with connect(endpoint_of(organisation), identity) as offline:
        theirs = offline.network(fabric_network.channel).contract(fabric_network.chaincode)
        unsigned = theirs.new_proposal("dataset:Register", registration())
        proposal = offline.new_signed_proposal(unsigned.bytes, signer.sign(unsigned.digest))
        endorsed = await proposal.endorse()
        transaction = offline.new_signed_transaction(endorsed.bytes, signer.sign(endorsed.digest))
        submitted = await transaction.submit()
        commit = offline.new_signed_commit(submitted.bytes, signer.sign(submitted.digest))
        assert (await commit.status()).code is TxValidationCode.VALID


async def test_two_hundred_at_once_all_commit(contract: Contract) -> None:
    results = await asyncio.gather(*(contract.submit("dataset:Register", registration()) for _ in range(200)))
    assert len({json.loads(result)["dataset"] for result in results}) == 200


async def test_one_after_the_other_takes_little_more_than_a_batch(
    contract: Contract, record_testsuite_property: Callable[[str, object], None]
) -> None:
    seconds, busy = [], []
    for _ in range(30):
        busy.append(slowdown())
        began = time.perf_counter()
        await contract.submit("dataset:Register", registration())
        seconds.append(time.perf_counter() - began)
    median = statistics.median(seconds)
    record_testsuite_property("sequential_submit_median_ms", round(median * 1000, 1))
    # 17 ms on two idle cores with batches of 10 ms.
    assert median < 0.15 * statistics.mean(busy)


async def charter_in_the_end(contract: Contract) -> dict[str, str]:
    """Read the charter with a call that outlives an outage, and again if it was too old for the chaincode then."""
    while True:
        proposal = contract.new_proposal("consortium:Get", document("consortium:Get"))
        try:
            charter: dict[str, str] = json.loads(await proposal.evaluate(timeout=60))["charter"]
        except GatewayError as error:
            if (refusal := chaincode_refusal(error)) is None or refusal.code != "EXPIRED":
                raise
        else:
            return charter


async def test_a_network_that_is_killed_and_comes_back_is_met_again_without_loss(
    tmp_path: Path, fabric_engine: Driver
) -> None:
    home = NetworkHome(tmp_path / "home")
    topology = Topology.for_members(["Alder", "Birch", "Cedar", "Elm"])
    running = fabric_engine.start(home, topology, dies_with_parent=True)
    try:
        await found(running.connection)
        organisation = running.connection.organisations[0]
        async with connect(endpoint_of(organisation), *identity_of(organisation, Role.STEWARD)) as gateway:
            network = gateway.network(running.connection.channel)
            contract = network.contract(running.connection.chaincode)
            start = await newest(network) + 1
            async with asyncio.timeout(150), network.chaincode_events("quorate", start_block=start) as events:
                await contract.submit("dataset:Register", registration())
                assert (await anext(events)).block_number == start
                waiting = asyncio.ensure_future(anext(events))
                for node in running.nodes.values():
                    node.kill()
                query = asyncio.ensure_future(charter_in_the_end(contract))
                running = await asyncio.to_thread(fabric_engine.start, home, topology, dies_with_parent=True)
                assert (await query)["title"] == "Tests of the client"
                await contract.submit("dataset:Register", registration())
                assert (await waiting).block_number == start + 1
                assert await newest(network) == start + 1
    finally:
        running.stop()
