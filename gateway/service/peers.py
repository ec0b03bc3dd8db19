"""The other members' gateways, as they are announced at the moment: one connection each, mutual TLS."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.artifacts.transfer import ArtifactClient
from gateway.fabric import Endpoint, Tls
from quorate.errors import QuorateError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import grpc

    from quorate.identifiers import MspId
    from quorate.records.consortium import MemberView

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Link:
    address: str
    root: str
    channel: grpc.aio.Channel
    artifacts: ArtifactClient


class MemberGateways:
    """Connections to whatever the members announce.

    Parameters
    ----------
    own
        This gateway's organisation, to which there is no connection.
    certificate, key
        The TLS client pair shown to the others.
    """

    def __init__(self, own: MspId, *, certificate: bytes, key: bytes) -> None:
        self._own = own
        self._certificate = certificate
        self._key = key
        self._links: dict[MspId, _Link] = {}
        self._closing: set[asyncio.Task[None]] = set()

    def others(self) -> list[MspId]:
        """Return the members that have announced a gateway, without the own organisation."""
        return sorted(self._links)

    def artifacts(self, msp: MspId) -> ArtifactClient | None:
        """Return a client of a member's artefacts; None when it has announced no gateway."""
        link = self._links.get(msp)
        return link.artifacts if link else None

    def channel(self, msp: MspId) -> grpc.aio.Channel | None:
        """Return the connection to a member's gateway; None when it has announced none."""
        link = self._links.get(msp)
        return link.channel if link else None

    def announce(self, members: Mapping[MspId, MemberView]) -> None:
        """Take the members' present announcements; connections that no longer fit are closed."""
        for msp in set(self._links) - set(members):
            self._drop(msp)
        for msp, member in members.items():
            if msp == self._own or not member.address or not member.tls_root:
                continue
            link = self._links.get(msp)
            if link and (link.address, link.root) == (member.address, member.tls_root):
                continue
            self._drop(msp)
            self._open(msp, member.address, member.tls_root)

    async def close(self) -> None:
        """Close every connection."""
        for msp in list(self._links):
            self._drop(msp)
        await asyncio.gather(*self._closing)

    def _open(self, msp: MspId, address: str, root: str) -> None:
        tls = Tls(roots=root.encode(), certificate=self._certificate, key=self._key)
        try:
            channel = Endpoint(address, tls).channel()
        except QuorateError as error:
            _log.warning("%s has announced a gateway that cannot be used: %s", msp, error)
            return
        self._links[msp] = _Link(address, root, channel, ArtifactClient(channel, name=f"{msp}'s gateway"))

    def _drop(self, msp: MspId) -> None:
        link = self._links.pop(msp, None)
        if link:
            task = asyncio.get_running_loop().create_task(link.channel.close())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)
