"""One organisation in a deployment: its administrator, its peers, and its connections to them."""

from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from gateway.fabric.connect import connect
from gateway.fabric.endpoint import Endpoint
from gateway.fabric.gateway import Gateway
from gateway.fabric.identity import Identity
from gateway.fabric.options import Deadlines
from gateway.fabric.signer import Signer
from network.fabric.endorser import Endorser, open_endorser
from network.lifecycle.package import ChaincodePackage
from network.lifecycle.peer import PeerLifecycle
from quorate.errors import UsageError

# Longer than for everyday calls: right after a start peers and orderers are still finding each other.
_DEADLINES: Final = Deadlines(endorse=30.0, submit=30.0, commit_status=60.0)


@dataclass(frozen=True, kw_only=True)
class Member:
    """An organisation whose chaincode is deployed.

    Attributes
    ----------
    identity, signer
        Its administrator.
    peers
        All its peers that are to run the chaincode; the first one also orders its transactions.
    package
        Its own package: where its peers find its chaincode service. None where it approves and runs nothing itself.
    """

    identity: Identity
    signer: Signer = field(repr=False)
    peers: tuple[Endpoint, ...]
    package: ChaincodePackage | None = None

    def __post_init__(self) -> None:
        if not self.peers:
            raise UsageError(f"{self.msp_id} has no peer to deploy to")

    @property
    def msp_id(self) -> str:
        """The organisation's MSP id."""
        return self.identity.msp_id


@dataclass(frozen=True, kw_only=True)
class PeerSession:
    """The administrator's connection to one peer."""

    endorser: Endorser
    lifecycle: PeerLifecycle
    gateway: Gateway
    tls_certificate_hash: bytes

    @property
    def address(self) -> str:
        """The peer's ``host:port``."""
        return self.endorser.address


@dataclass(frozen=True, kw_only=True)
class MemberSession:
    """The administrator's connections to all peers of the organisation. Made by `open_member`."""

    member: Member
    peers: tuple[PeerSession, ...]

    @property
    def msp_id(self) -> str:
        """The organisation's MSP id."""
        return self.member.msp_id

    @property
    def package_id(self) -> str:
        """What its peers serve the chaincode from; empty when they do not run it."""
        return self.member.package.package_id if self.member.package else ""

    @property
    def first(self) -> PeerSession:
        """The peer that orders the organisation's transactions."""
        return self.peers[0]


@asynccontextmanager
async def open_member(member: Member) -> AsyncIterator[MemberSession]:
    """Open an organisation's peers. Nothing is sent before the first call."""
    async with AsyncExitStack() as stack:
        peers = []
        for endpoint in member.peers:
            endorser = await stack.enter_async_context(open_endorser(endpoint, member.identity, member.signer))
            gateway = await stack.enter_async_context(
                connect(endorser.channel, member.identity, member.signer, deadlines=_DEADLINES)
            )
            peers.append(
                PeerSession(
                    endorser=endorser,
                    lifecycle=PeerLifecycle(endorser),
                    gateway=gateway,
                    tls_certificate_hash=endpoint.tls.certificate_hash,
                )
            )
        yield MemberSession(member=member, peers=tuple(peers))


def named_peers(sessions: Iterable[MemberSession]) -> dict[str, PeerSession]:
    """Return the peers of these organisations by what errors call them: whose, and where."""
    return {f"{session.msp_id} at {peer.address}": peer for session in sessions for peer in session.peers}
