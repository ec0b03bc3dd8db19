"""Who speaks to which gateway: a profile on disk, and the session that it opens."""

from __future__ import annotations

import tomllib
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from gateway.fabric import Deadlines, Endpoint, FileIdentity, Gateway, Network, Tls, connect
from gateway.fabric.secret_file import read_pem
from gateway.fabric.tls_files import refuse_expired
from gateway.ledger.client import Ledger
from gateway.ledger.retry import COMMITS_WITHIN
from quorate.errors import UsageError
from quorate.records.common import Msp

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import grpc

_LIMIT: Final = 64 * 1024


class Profile(BaseModel):
    """One identity and the gateway that it speaks to. Paths are relative to the profile's file.

    Attributes
    ----------
    gateway
        ``host:port`` of the own organisation's gateway.
    tls_ca, tls_certificate, tls_key
        The organisation's TLS root, and the client pair for mutual TLS.
    certificate, key
        The Fabric identity that signs; its role is in the certificate.
    relay_certificate
        The gateway's TLS client certificate. A peer binds a request for blocks to the TLS certificate that it sees, and
        behind a gateway that is the gateway's; without it blocks can be had only from a peer directly.
    portal
        The address of the organisation's portal as browsers show it: this identity logs in nowhere else.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    msp_id: Msp
    gateway: str
    tls_ca: Path
    tls_certificate: Path
    tls_key: Path
    certificate: Path
    key: Path
    relay_certificate: Path | None = None
    channel: str = "quorate"
    chaincode: str = "quorate"
    portal: Annotated[str, StringConstraints(pattern=r"^https?://[A-Za-z0-9.:\[\]_-]{1,300}$")] | None = None

    @classmethod
    def load(cls, path: Path) -> Profile:
        """Return the profile in a TOML file.

        Raises
        ------
        UsageError
            When the file is not there, not TOML, or holds an unknown or malformed key.
        """
        try:
            with path.open("rb") as file:
                data = file.read(_LIMIT + 1)
        except OSError as error:
            raise UsageError(f"the profile {path} cannot be read: {error.strerror}", cause=error) from error
        if len(data) > _LIMIT:
            raise UsageError(f"the profile {path} has more than {_LIMIT} bytes")
        try:
            values = tomllib.loads(data.decode())
            profile = cls.model_validate(values)
        except (ValidationError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise UsageError(f"the profile {path} is not valid: {_sentence(error)}", cause=error) from error
        return profile.relative_to(path.parent)

    def relative_to(self, directory: Path) -> Profile:
        """Return the same with its paths taken from `directory`."""
        paths = ("tls_ca", "tls_certificate", "tls_key", "certificate", "key", "relay_certificate")
        given = {name: path for name in paths if (path := getattr(self, name)) is not None}
        return self.model_copy(update={name: directory / path for name, path in given.items()})

    def endpoint(self) -> Endpoint:
        """Return where the gateway is, with mutual TLS."""
        return Endpoint(
            self.gateway,
            Tls.from_files(roots=self.tls_ca, certificate=self.tls_certificate, key=self.tls_key),
        )

    def seen_by_peer(self) -> bytes:
        """Return the SHA-256 of the TLS certificate that the peer sees behind this profile's gateway."""
        if self.relay_certificate is None:
            return self.endpoint().tls.certificate_hash
        return Tls(certificate=read_pem(self.relay_certificate), key=b"elsewhere").certificate_hash


def _sentence(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_input=False)[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    return str(error)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """An open connection to a gateway as one identity."""

    profile: Profile
    channel: grpc.aio.Channel
    gateway: Gateway
    network: Network
    ledger: Ledger


@asynccontextmanager
async def open_session(profile: Profile) -> AsyncIterator[Session]:
    """Open a session; nothing is sent before the first call, and everything is closed in the end."""
    now = datetime.now(UTC)
    for certificate in (profile.certificate, profile.tls_certificate):
        refuse_expired(certificate, now=now)
    identity, signer = FileIdentity(msp_id=profile.msp_id, certificate=profile.certificate, key=profile.key).load()
    endpoint = profile.endpoint()
    channel = endpoint.channel()
    try:
        async with connect(
            channel,
            identity,
            signer,
            deadlines=Deadlines(commit_status=COMMITS_WITHIN),
            tls_client_certificate_hash=profile.seen_by_peer(),
        ) as gateway:
            network = gateway.network(profile.channel)
            yield Session(
                profile=profile,
                channel=channel,
                gateway=gateway,
                network=network,
                ledger=Ledger(network.contract(profile.chaincode)),
            )
    finally:
        await channel.close(grace=None)
