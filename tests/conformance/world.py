"""A running network, and everybody who uses it."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.fabric import (
    CommitError,
    Deadlines,
    Endpoint,
    FileIdentity,
    GatewayError,
    Identity,
    PrivateKeySigner,
    Tls,
    connect,
)
from network.engine import ChaincodeProgram
from network.fabric.programs import FabricPrograms
from network.home import NetworkHome
from network.identity import Role
from network.native import NativeDriver
from network.topology import Batch, Topology
from quorate.blocks import protos

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from gateway.fabric import AsyncSigner, Commit, Contract, Gateway, Signer, Transaction
    from network.connection import OrganisationConnection
    from network.engine import Driver, RunningNetwork

MEMBERS = ("Alder", "Birch", "Cedar")
MSPS = tuple(f"{member}MSP" for member in MEMBERS)
READY_S = 120.0
PATIENT = Deadlines(evaluate=60, endorse=60, submit=60, resubmit=60)


@dataclass(frozen=True)
class World:
    """What all scenarios share; each uses keys of its own."""

    running: RunningNetwork
    fabric_version: str

    @property
    def engine(self) -> str:
        return str(self.running.connection.engine)

    @property
    def channel(self) -> str:
        return self.running.connection.channel

    @property
    def chaincode(self) -> str:
        return self.running.connection.chaincode

    def organisation(self, name: str) -> OrganisationConnection:
        return self.running.connection.organisation(name)

    def endpoint(self, name: str) -> Endpoint:
        organisation = self.organisation(name)
        pair = organisation.paths.agent_tls
        return Endpoint(
            organisation.address,
            Tls.from_files(
                roots=organisation.tls_ca, certificate=pair.cert, key=pair.key, server_name=organisation.server_name
            ),
        )

    def agent(self, name: str) -> tuple[Identity, PrivateKeySigner]:
        organisation = self.organisation(name)
        pair = organisation.paths.identity(Role.AGENT)
        return FileIdentity(msp_id=organisation.msp_id, certificate=pair.cert, key=pair.key).load()

    @asynccontextmanager
    async def connect(
        self, name: str, *, identity: Identity | None = None, signer: Signer | AsyncSigner | None = None
    ) -> AsyncIterator[Gateway]:
        """Connect to an organisation's peer as its agent, or as somebody else."""
        own_identity, own_signer = self.agent(name)
        who = identity or own_identity, signer or own_signer
        async with connect(self.endpoint(name), *who, deadlines=PATIENT) as gateway:
            yield gateway

    def commit_at(self, gateway: Gateway, transaction_id: str) -> Commit:
        """Return the handle with which this gateway's peer is asked for a transaction that another one has sent."""
        request = protos.CommitStatusRequest(
            transaction_id=transaction_id, channel_id=self.channel, identity=gateway.identity.creator
        )
        signed = protos.SignedCommitStatusRequest(request=request.SerializeToString())
        return gateway.new_commit(signed.SerializeToString())

    async def submit_everywhere(self, contract: Contract, name: str, *arguments: str | bytes) -> bytes:
        """Submit, and return the result once every organisation's peer has it: what endorsers see then is the same."""
        result, commit = await contract.submit_async(name, *arguments)
        for organisation in ("alder", "birch", "cedar"):
            async with self.connect(organisation) as gateway:
                assert (await self.commit_at(gateway, commit.transaction_id).status()).successful
        return result

    @asynccontextmanager
    async def offline(self, name: str) -> AsyncIterator[tuple[Gateway, PrivateKeySigner]]:
        """Connect without a key, and give it apart."""
        identity, signer = self.agent(name)
        async with connect(self.endpoint(name), identity, deadlines=PATIENT) as gateway:
            yield gateway, signer


def endorsers(transaction: Transaction) -> list[str]:
    """Return the MSP ids of those who endorsed a transaction, in order."""
    envelope = protos.PreparedTransaction.FromString(transaction.bytes).envelope
    action = protos.Transaction.FromString(protos.Payload.FromString(envelope.payload).data).actions[0]
    payload = protos.ChaincodeActionPayload.FromString(action.payload)
    found = [protos.SerializedIdentity.FromString(each.endorser).mspid for each in payload.action.endorsements]
    return sorted(found)


def transient_of(answer: bytes) -> dict[str, str]:
    """Return what the chaincode's function says of one transient value: ``"value" of count``."""
    value, _, number = answer.decode().rpartition(" of ")
    return {"value": json.loads(value), "count": number}


@contextmanager
def opened(engine: Driver, directory: Path, program: Path) -> Iterator[World]:
    """Start a network and return once everybody endorses for everybody."""
    version = fabric_version_of(engine)
    topology = Topology.for_members(MEMBERS, batch=Batch(timeout_ms=20)).model_copy(update={"fabric_version": version})
    chaincode = ChaincodeProgram(command=(str(program),))
    running = engine.start(NetworkHome(directory), topology, chaincode=chaincode, dies_with_parent=True)
    try:
        world = World(running, version)
        asyncio.run(_ready(world))
        yield world
    finally:
        running.stop()


def fabric_version_of(engine: Driver) -> str:
    """Return the version of Fabric that is there, such as ``3.1``; the newest that the engine speaks otherwise."""
    if isinstance(engine, NativeDriver):
        return ".".join(FabricPrograms.find(engine.fabric_bin).version().split(".")[:2])
    return "3.1"


async def _ready(world: World) -> None:
    # Real peers find each other by gossip, which takes a while after a cold start.
    async with asyncio.timeout(READY_S):
        for name in map(str.lower, MEMBERS):
            async with connect(
                world.endpoint(name), *world.agent(name), deadlines=Deadlines(endorse=5, resubmit=60)
            ) as gateway:
                contract = gateway.network(world.channel).contract(world.chaincode)
                while not await endorsed_by_all(contract, name):  # noqa: ASYNC110  # nobody announces it
                    await asyncio.sleep(0.2)


async def endorsed_by_all(contract: Contract, name: str) -> bool:
    """Tell whether every organisation endorses, and the transaction becomes valid."""
    try:
        await contract.submit("put", f"ready-{name}", "yes", endorsing_organizations=MSPS)
    except CommitError:
        return False
    except GatewayError as error:
        if error.code not in {"UNREACHABLE", "INVALID_STATE", "TIMED_OUT"}:
            raise
        return False
    return True
