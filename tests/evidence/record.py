"""Records a small ledger that real Fabric made, so that its evidence can be verified where there is no Fabric.

``python -m tests.evidence.record native --fabric 3.1 --consensus raft`` writes ``tests/vectors/ledgers/NAME.json.xz``.
It needs what the engine needs, such as the Fabric release's programs on PATH or in QUORATE_FABRIC_BIN.
"""

import argparse
import asyncio
import base64
import json
import lzma
import tempfile
import time
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import grpc
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from fabric_protos.orderer.configuration_pb2 import BatchSize

from network.engine import Engine, driver
from network.fabric.channel import administrator, peer_endpoint
from network.home import NetworkHome
from network.identity.authority import Issued
from network.identity.layout import OrdererPaths, Role
from network.lifecycle import Member, deploy
from network.topology import Batch, Topology
from quorate.blocks import protos
from quorate.blocks.config import ChannelConfig
from quorate.records.functions import CONSORTIUM_ANNOUNCE
from tests.evidence.abuse import CHAINCODE, Abuse
from tests.integration.evidence_walk import Walk
from tests.unit.quorate.ledger.configuration import update_of
from tests.unit.quorate.ledger.organisations import Signer

FOLDER = Path(__file__).parents[1] / "vectors" / "ledgers"
SECONDS = 60.0
PATIENCE = 100
"""So often blocks are looked for in vain; what an orderer dropped never comes."""
BATCHES, SIZE = 16, 9


def signer(msp_id, pair):
    certificate = x509.load_pem_x509_certificate(pair.cert.read_bytes())
    return Signer(msp_id, Issued(certificate=certificate, key=load_pem_private_key(pair.key.read_bytes(), None)))


class Recording:
    """A network, everybody's keys, and its blocks so far."""

    def __init__(self, running, stack):
        self.connection = running.connection
        self.running = running
        self.walk = Walk(self.connection, stack, "one")
        self.blocks = []
        self.members = self.connection.organisations
        self.peers = [signer(member.msp_id, member.paths.peer) for member in self.members]

    async def submit(self, *entries):
        """Send entries to the orderer, and wait until blocks hold all that it took.

        SmartBFT takes no request twice.
        """
        await self.read()
        wanted = self.size()
        session = await self.walk.as_(self.walk.names[0], Role.OPERATOR)
        call = session.channel.unary_unary(
            "/gateway.Gateway/Submit",
            request_serializer=protos.SubmitRequest.SerializeToString,
            response_deserializer=protos.SubmitResponse.FromString,
        )
        for entry in entries:
            prepared = protos.Envelope.FromString(entry)
            request = protos.SubmitRequest(
                transaction_id="t", channel_id=self.connection.channel, prepared_transaction=prepared
            )
            try:
                await call(request, timeout=SECONDS)
            except grpc.aio.AioRpcError as error:
                print("not taken:", error.details())  # noqa: T201 - a command
            else:
                wanted += 1
        idle = 0
        while self.size() < wanted and idle < PATIENCE:
            before = self.size()
            await self.read()
            idle = 0 if self.size() > before else idle + 1
            await asyncio.sleep(0.05)

    async def read(self):
        """Take over what was committed since."""
        session = await self.walk.as_(self.walk.names[0], Role.OPERATOR)
        try:
            async for block in session.network.blocks(len(self.blocks)):
                self.blocks.append(block)
        except Exception as error:
            if "newer" in str(error):
                raise

    def size(self):
        return sum(len(block.data.data) for block in self.blocks)

    def config(self):
        return next(found for block in reversed(self.blocks) if (found := configuration_of(block)))

    async def update(self, alter, signers):
        """Have the members' administrators change the channel's configuration."""
        before = self.config().group
        after = protos.ConfigGroup()
        after.CopyFrom(before)
        alter(after)
        envelope, _ = update_of(before, after, signers)
        payload = protos.Payload.FromString(envelope.payload)
        creator = signers[0]
        header = protos.SignatureHeader(creator=creator.serialized, nonce=b"update".ljust(24))
        payload.header.signature_header = header.SerializeToString()
        data = payload.SerializeToString()
        await self.submit(protos.Envelope(payload=data, signature=creator.sign(data)).SerializeToString())


def configuration_of(block):
    payload = protos.Payload.FromString(protos.Envelope.FromString(block.data.data[0]).payload)
    header = protos.ChannelHeader.FromString(payload.header.channel_header)
    return ChannelConfig(block.data.data[0]) if header.type == protos.HeaderType.CONFIG else None


async def upgrade(topology, plan, identities, packages):
    """Define a second chaincode, and define it again under another policy."""
    for policy in ("OR('AlderMSP.peer', 'BirchMSP.peer')", "OR('BirchMSP.peer', 'AlderMSP.peer', 'AlderMSP.admin')"):
        members = []
        for one in topology.organisations:
            paths = identities.organisations[one.name]
            identity, signing = administrator(paths, one.msp_id).load()
            peers = tuple(peer_endpoint(place, paths) for place in plan.peers_of(one.name))
            members.append(Member(identity=identity, signer=signing, peers=peers, package=packages[one.name]))
        await deploy(members, channel=topology.channel, chaincode=CHAINCODE, version="1", policy=policy)


def revoke(member):
    """Return an alteration that revokes the member's steward."""
    ca = signer(member.msp_id, member.paths.ca)
    steward = signer(member.msp_id, member.paths.identity(Role.STEWARD))
    now = datetime.now(UTC)
    entry = x509.RevokedCertificateBuilder().serial_number(steward.issued.certificate.serial_number)
    authority = ca.issued.certificate
    identifier = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(
        authority.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    )
    crl = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(authority.subject)
        .last_update(now)
        .next_update(now + timedelta(days=3650))
        .add_extension(identifier, critical=False)
        .add_revoked_certificate(entry.revocation_date(now).build())
        .sign(ca.issued.key, SHA256())
        .public_bytes(Encoding.PEM)
    )

    def alter(group):
        for organisation in group.groups["Application"].groups.values():
            outer = protos.MSPConfig.FromString(organisation.values["MSP"].value)
            config = protos.FabricMSPConfig.FromString(outer.config)
            if config.name == member.msp_id:
                config.revocation_list.append(crl)
                outer.config = config.SerializeToString()
                organisation.values["MSP"].value = outer.SerializeToString()

    return alter


async def record(running, topology, define, chosen):
    """Walk a consortium of two through two rounds, with all that may come between."""
    async with AsyncExitStack() as stack:
        made = Recording(running, stack)
        walk = made.walk
        walk.terms = lambda **changes: Walk.terms(walk, **{"m": 2, **changes})
        await walk.found()
        await walk.register(["8", "8"])
        await walk.agree()
        await walk.round(1)
        await define()
        creators = [
            signer(member.msp_id, member.paths.identity(role))
            for member in made.members
            for role in (Role.AGENT, Role.OPERATOR)
        ]
        abuse = Abuse(creators, made.peers, seed=chosen.seed, time_ms=int(time.time() * 1000))
        await made.read()
        for block in made.blocks:
            abuse.follow(block)
        for _ in range(chosen.batches):
            seen = len(made.blocks)
            await made.submit(*abuse.batch(SIZE))
            for block in made.blocks[seen:]:
                abuse.follow(block)
        if chosen.engine == Engine.EMBEDDED:  # its configuration never changes
            await made.read()
            return made
        orderer = topology.orderer
        administration = OrdererPaths.of(running.home.identities, orderer.name).admin
        await made.update(widen, [signer(orderer.msp_id, administration)])
        await made.update(revoke(made.members[0]), [signer(made.members[0].msp_id, made.members[0].paths.admin)])
        member = made.members[1]
        root = member.tls_ca.read_text()
        await walk.call(walk.names[1], Role.AGGREGATOR, CONSORTIUM_ANNOUNCE, address="localhost:1000", tls_root=root)
        await walk.round(2)
        await made.read()
        return made


def widen(group):
    """Let blocks be one transaction longer."""
    value = group.groups["Orderer"].values["BatchSize"]
    size = BatchSize.FromString(value.value)
    size.max_message_count += 1
    value.value = size.SerializeToString()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("engine", choices=[*Engine])
    parser.add_argument("--fabric", default="3.1", choices=["3.1", "2.5"])
    parser.add_argument("--seed", type=int, default=7, help="of the abuse")
    parser.add_argument("--batches", type=int, default=BATCHES, help="of abuse")
    parser.add_argument("--out", type=Path, default=FOLDER, help="folder to write to")
    parser.add_argument("--consensus", default="raft", choices=["raft", "smartbft"])
    chosen = parser.parse_args()
    topology = Topology.for_members(["Alder", "Birch"], batch=Batch(timeout_ms=60, max_count=40)).model_copy(
        update={"fabric_version": chosen.fabric, "consensus": chosen.consensus}
    )
    if chosen.consensus == "smartbft":
        topology = topology.model_copy(update={"orderer": topology.orderer.model_copy(update={"nodes": 4})})
    engine = driver(Engine(chosen.engine))
    if (missing := engine.missing()) is not None:
        raise SystemExit(missing)
    with tempfile.TemporaryDirectory(prefix="record-") as folder:
        home = NetworkHome(Path(folder))
        running = engine.start(home, topology, dies_with_parent=True)
        try:
            made = asyncio.run(record(running, topology, lambda: define(home, topology, chosen.engine), chosen))
            name = f"{chosen.engine}-{chosen.fabric}-{chosen.consensus}"
            write(chosen.out / f"{name}.json.xz", made, chosen)
        finally:
            running.stop()


async def define(home, topology, engine):
    if engine == Engine.EMBEDDED:
        return
    from network.fabric.chaincode import packages  # noqa: PLC0415 - only of real Fabric
    from network.fabric.identities import identities_of  # noqa: PLC0415 - only of real Fabric
    from network.native.plan import read_plan  # noqa: PLC0415 - only of real Fabric

    plan = read_plan(home, topology)
    identities = identities_of(home, topology)
    await upgrade(topology, plan, identities, packages(plan, identities))


def write(path, made, chosen):
    officer = made.members[0].paths.identity(Role.OFFICER)
    document = {
        "engine": chosen.engine,
        "fabric": chosen.fabric,
        "consensus": chosen.consensus,
        "genesis": made.connection.genesis,
        "exporter": {
            "msp": made.members[0].msp_id,
            "certificate": officer.cert.read_text(),
            "key": officer.key.read_text(),
        },
        "blocks": [base64.b64encode(block.SerializeToString()).decode() for block in made.blocks],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(lzma.compress(json.dumps(document).encode(), preset=9 | lzma.PRESET_EXTREME))
    print(path, len(made.blocks), "blocks", made.size(), "entries", path.stat().st_size, "bytes")  # noqa: T201 - a command


if __name__ == "__main__":
    main()
