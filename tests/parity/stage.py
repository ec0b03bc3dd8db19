"""A network with the parity suite's chaincode, and everybody who acts on it."""

import hashlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

import grpc
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import NameOID

from gateway.fabric.private_key_signer import PrivateKeySigner
from network.connection import OrganisationConnection
from network.engine import ChaincodeProgram, Driver, RunningNetwork
from network.home import NetworkHome
from network.identity import KeyPair, OrdererPaths, Role
from network.topology import Batch, Topology
from quorate.blocks import protos
from tests.parity.actor import Actor, Seen
from tests.parity.normal import Normaliser
from tests.parity.proposals import Signatory

ORDERER = "orderer"
MEMBERS = ("Alder", "Birch", "Cedar")
_READY_S = 120.0
_OPTIONS = (
    ("grpc.ssl_target_name_override", "localhost"),
    ("grpc.max_send_message_length", -1),  # what is too much is for the other side to say
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_metadata_size", 64 * 1024),
    ("grpc.absolute_max_metadata_size", 128 * 1024),
    ("grpc.use_local_subchannel_pool", 1),
)


@dataclass(kw_only=True)
class Stage:
    """A running network. Every situation uses keys of its own (`key`), so that they can share it."""

    network: RunningNetwork
    channels: dict[str, grpc.Channel]
    name: str = ""

    @cached_property
    def alder(self) -> Actor:
        return self.client("alder")

    @cached_property
    def birch(self) -> Actor:
        return self.client("birch")

    @cached_property
    def cedar(self) -> Actor:
        return self.client("cedar")

    def client(self, organisation: str) -> Actor:
        """Return a client of an organisation, at its own peer."""
        return self.actor(organisation, self.holder(organisation, self._paths(organisation).paths.identity(Role.AGENT)))

    def actor(self, organisation: str, signatory: Signatory, *, at: str | None = None) -> Actor:
        """Return whoever signs like this, at an organisation's peer or `at` the one of another, or of the orderer."""
        connection = self.network.connection
        return Actor(
            channel=self.channels[at or organisation],
            signatory=signatory,
            network=connection.channel,
            chaincode=connection.chaincode,
            tls_hash=_tls_hash(self._paths(organisation if at in {None, ORDERER} else at).paths.peer_tls),
        )

    def holder(self, organisation: str, pair: KeyPair) -> Signatory:
        """Return who holds a key and its certificate in an organisation's name."""
        return _signatory(self.msp_id(organisation), pair.cert.read_bytes(), _key(pair.key))

    def msp_id(self, organisation: str) -> str:
        connection = self.network.connection
        return connection.orderer.msp_id if organisation == ORDERER else connection.organisation(organisation).msp_id

    def peer_of(self, organisation: str) -> Signatory:
        return self.holder(organisation, self._paths(organisation).paths.peer)

    def admin_of(self, organisation: str) -> Signatory:
        return self.holder(organisation, self._paths(organisation).paths.admin)

    @cached_property
    def orderer(self) -> Signatory:
        return self.holder(ORDERER, OrdererPaths.of(self.network.home.identities, ORDERER).node)

    @cached_property
    def expired(self) -> Signatory:
        """Somebody of the first organisation whose certificate has run out."""
        paths = self._paths("alder").paths
        authority = x509.load_pem_x509_certificate(paths.ca.cert.read_bytes())
        period = authority.not_valid_before_utc, datetime.now(UTC) - timedelta(minutes=1)
        return _issued("AlderMSP", authority.subject, _key(paths.ca.key), period)

    @cached_property
    def stranger(self) -> Signatory:
        """Somebody in the first organisation's name with a certificate that nobody of it has issued."""
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ca.elsewhere")])
        period = datetime.now(UTC) - timedelta(minutes=5), datetime.now(UTC) + timedelta(days=1)
        return _issued("AlderMSP", subject, ec.generate_private_key(ec.SECP256R1()), period)

    def key(self, name: str = "") -> str:
        """Return a key that only this situation uses."""
        return f"{self.name}~{name}"

    def everywhere(self, *tx_ids: str) -> None:
        """Wait until every organisation's peer has committed these transactions."""
        for organisation in self._names:
            for tx_id in tx_ids:
                seen = self.client(organisation).status(tx_id)
                if "code" not in seen:
                    raise AssertionError(f"{organisation} has not committed {tx_id}: {seen}")

    def submit(self, *args: str, actor: Actor | None = None) -> str:
        """Submit a transaction that has to become valid, and return its id."""
        tx_id, seen = self.transact(*args, actor=actor)
        if seen.get("code") != "VALID":
            raise AssertionError(f"{args}: {seen}")
        return tx_id

    def transact(self, *args: str, actor: Actor | None = None, organisations: tuple[str, ...] = ()) -> tuple[str, Seen]:
        """Submit a transaction and wait until every peer has it; return its id and what was seen."""
        actor = actor or self.alder
        tx_id, seen = actor.transact(actor.draft(*args), organisations=organisations)
        if "code" in seen:
            self.everywhere(tx_id)
        return tx_id, seen

    def read(self, *args: str) -> str:
        """Evaluate something that has to succeed, and return its result."""
        seen = self.alder.evaluate(self.alder.draft(*args))
        if "payload" not in seen:
            raise AssertionError(f"{args}: {seen}")
        return str(seen["payload"])

    def observe(self, name: str, run: object) -> object:
        """Run a situation and return what was seen, without what differs from run to run."""
        self.name = name
        if not callable(run):
            raise TypeError(name)
        return Normaliser(self._addresses).apply(run(self))

    @property
    def _names(self) -> tuple[str, ...]:
        return tuple(member.lower() for member in MEMBERS)

    @cached_property
    def _addresses(self) -> dict[str, str]:
        connection = self.network.connection
        found = {one.address.rpartition(":")[2]: f"<peer of {one.msp_id}>" for one in connection.organisations}
        found[connection.orderer.address.rpartition(":")[2]] = "<orderer>"
        return found

    def _paths(self, organisation: str) -> OrganisationConnection:
        return self.network.connection.organisation(organisation)


def build_chaincode() -> Path:
    """Build the suite's chaincode from its sources, if there is a Go to do it with, and return where it is."""
    root = Path(__file__).resolve().parents[2]
    program = root / "build" / "parity-chaincode"
    if go := shutil.which("go"):
        command = [go, "build", "-trimpath", "-o", str(program), "./cmd/parity-chaincode"]
        environment = os.environ | {"CGO_ENABLED": "0"}
        subprocess.run(command, cwd=root / "network" / "embedded", env=environment, check=True, timeout=600)
    return program


@contextmanager
def opened(driver: Driver, directory: Path, program: Path, *, fabric_version: str = "3.1") -> Iterator[Stage]:
    """Start a network and make sure that everybody's transactions are endorsed and committed."""
    topology = Topology.for_members(MEMBERS, batch=Batch(timeout_ms=20)).model_copy(
        update={"fabric_version": fabric_version}
    )
    network = driver.start(
        NetworkHome(directory), topology, chaincode=ChaincodeProgram(command=(str(program),)), dies_with_parent=True
    )
    try:
        with ExitStack() as stack:
            stage = Stage(network=network, channels=dict(_channels(network, stack)))
            _warm_up(stage)
            yield stage
    finally:
        network.stop()


def _channels(network: RunningNetwork, stack: ExitStack) -> Iterator[tuple[str, grpc.Channel]]:
    connection = network.connection
    for one in connection.organisations:
        yield one.name, stack.enter_context(_channel(one.address, one.tls_ca, one.paths.peer_tls))
    pair = connection.organisations[0].paths.peer_tls
    yield ORDERER, stack.enter_context(_channel(connection.orderer.address, connection.orderer.tls_ca, pair))


def _channel(address: str, authority: Path, pair: KeyPair) -> grpc.Channel:
    credentials = grpc.ssl_channel_credentials(authority.read_bytes(), pair.key.read_bytes(), pair.cert.read_bytes())
    return grpc.secure_channel(address, credentials, options=_OPTIONS)


def _warm_up(stage: Stage) -> None:
    # Real peers find each other by gossip, which takes a while after a cold start.
    until = time.monotonic() + _READY_S
    for organisation in (member.lower() for member in MEMBERS):
        actor = stage.client(organisation)
        while True:
            _, seen = actor.transact(
                actor.draft("put", f"warm~{organisation}", "up"), organisations=tuple(f"{m}MSP" for m in MEMBERS)
            )
            if seen.get("code") == "VALID":
                break
            if time.monotonic() > until:
                raise AssertionError(f"the network of {organisation} does not get ready: {seen}")
            time.sleep(0.2)


def _tls_hash(pair: KeyPair) -> bytes:
    return hashlib.sha256(x509.load_pem_x509_certificate(pair.cert.read_bytes()).public_bytes(Encoding.DER)).digest()


def _key(path: Path) -> ec.EllipticCurvePrivateKey:
    key = load_pem_private_key(path.read_bytes(), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError(str(path))
    return key


def _signatory(msp_id: str, certificate: bytes, key: ec.EllipticCurvePrivateKey) -> Signatory:
    signer = PrivateKeySigner(key)
    creator = protos.SerializedIdentity(mspid=msp_id, id_bytes=certificate).SerializeToString()
    return Signatory(creator=creator, sign=lambda message: signer.sign(signer.digest(message)))


def _issued(
    msp_id: str, issuer: x509.Name, authority: ec.EllipticCurvePrivateKey, period: tuple[datetime, datetime]
) -> Signatory:
    key = ec.generate_private_key(ec.SECP256R1())
    names = [
        x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "client"),
        x509.NameAttribute(NameOID.COMMON_NAME, "visitor"),
    ]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name(names))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(period[0])
        .not_valid_after(period[1])
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key()), critical=False)
        .sign(authority, hashes.SHA256())
    )
    return _signatory(msp_id, certificate.public_bytes(Encoding.PEM), key)
