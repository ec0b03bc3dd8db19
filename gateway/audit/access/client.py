"""Asks the own organisation's gateway, with queries that the reader's identity signs."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import grpc

from gateway.audit.access.query import Meant, new_query, signed_bytes
from gateway.audit.sign import ProfileSealer
from gateway.service.protos.quorate.v1 import audit_pb2 as pb
from gateway.service.status import from_rpc
from quorate import canonical
from quorate.blocks.protos import SerializedIdentity
from quorate.errors import IntegrityError, TimedOutError, UnsupportedVersionError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from gateway.ledger.session import Session

_SERVICE: Final = "/quorate.v1.Audit/"
_SECONDS: Final = 60.0
_LONGER: Final = {"access-log": 600.0}
"""What reads all of a file that may be large."""
_LIMIT: Final = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Told:
    """What a gateway answered.

    Attributes
    ----------
    head
        ``quorate.answer/1`` without its rows.
    """

    head: dict[str, Any]
    rows: list[dict[str, Any]]


class NoTrailError(UnsupportedVersionError):
    """Who answers keeps no trail: it is a peer."""


class AuditStub:
    """The methods of a gateway's audit service over a connection."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self.greet = channel.unary_unary(
            f"{_SERVICE}Greet", pb.GreetRequest.SerializeToString, pb.GreetResponse.FromString
        )
        self.query = channel.unary_stream(
            f"{_SERVICE}Query", pb.QueryRequest.SerializeToString, pb.QueryResponse.FromString
        )


async def greeted_by(stub: AuditStub, where: str) -> pb.GreetResponse:
    """Return what a gateway tells of itself.

    Raises
    ------
    NoTrailError
        When it has no audit service at all, as a peer.
    UnsupportedVersionError
        When it has one that cannot greet: it is older, and must not be taken for a peer, which logs no export.
    AioRpcError
        When it cannot be reached, or refuses.
    """
    try:
        return await stub.greet(pb.GreetRequest(), timeout=_SECONDS)
    except grpc.aio.AioRpcError as error:
        if error.code() is not grpc.StatusCode.UNIMPLEMENTED:
            raise
        if await _takes_queries(stub):
            raise UnsupportedVersionError(
                f"the gateway {where} is older than this command",
                hint="Bring the gateway to this version of Quorate.",
                cause=error,
            ) from error
        raise NoTrailError(f"{where} is no gateway, and keeps no trail", cause=error) from error


async def _takes_queries(stub: AuditStub) -> bool:
    """Tell whether there is an audit service, by a query that every version of it refuses."""
    try:
        async for _ in stub.query(pb.QueryRequest(), timeout=_SECONDS):
            return True
    except grpc.aio.AioRpcError as error:
        return error.code() is not grpc.StatusCode.UNIMPLEMENTED
    return True


class AuditClient:
    """The trail as the own gateway has it.

    Parameters
    ----------
    session
        Open as the reader.
    """

    def __init__(self, session: Session) -> None:
        self._sealer = ProfileSealer.of(session.profile)
        self._profile = session.profile
        self._stub = AuditStub(session.channel)

    async def ask(self, what: str, asked: Mapping[str, object], *, via: str = "command", **more: object) -> Told:
        """Return the whole answer.

        Raises
        ------
        TimedOutError
            When it takes longer than a minute, or ten to check the whole access log.
        QuorateError
            What the gateway answered.
        """
        head: dict[str, Any] = {}
        rows, seconds = [], _LONGER.get(what, _SECONDS)
        try:
            async with asyncio.timeout(seconds):
                async for is_head, value in self.stream(what, asked, via=via, **more):
                    if is_head:
                        head = value
                    else:
                        rows.append(value)
        except TimeoutError as error:
            raise TimedOutError(f"the gateway did not answer within {seconds:g} s", cause=error) from error
        return Told(head, rows)

    async def stream(
        self, what: str, asked: Mapping[str, object], *, via: str = "command", **more: object
    ) -> AsyncGenerator[tuple[bool, dict[str, Any]], None]:
        """Yield each part of the answer as it comes: whether it is a head, and what it says; errors as `ask`."""
        try:
            request = await self._signed(what, asked, via=via, **more)
            call = self._stub.query(request)
            try:
                async for part in call:
                    yield part.WhichOneof("part") == "head", _object(part.head or part.row)
            finally:
                call.cancel()
        except grpc.aio.AioRpcError as error:
            raise from_rpc(error, doing="asking for the audit trail") from error

    async def _signed(self, what: str, asked: Mapping[str, object], **more: object) -> pb.QueryRequest:
        greeted = await greeted_by(self._stub, self._profile.gateway)
        meant = Meant(
            audience=self._sealer.msp_id,
            channel=self._profile.channel,
            gateway=self._profile.gateway,
            process=greeted.process,
        )
        document = new_query(meant, what, asked, time=time.time_ns() // 1_000_000, **more).encode()
        identity = SerializedIdentity(mspid=self._sealer.msp_id, id_bytes=self._sealer.certificate.encode())
        return pb.QueryRequest(
            document=document,
            identity=identity.SerializeToString(),
            signature=self._sealer.sign(signed_bytes(document)),
        )


async def log_export(session: Session, extent: Mapping[str, object]) -> bool:
    """Have the own gateway decide and log an export; False when it is no gateway that is spoken to, but a peer.

    Raises
    ------
    DeniedError
        When the policies in force do not let this identity export.
    QuorateError
        What else the gateway answered.
    """
    try:
        await AuditClient(session).ask("export", extent)
    except NoTrailError:
        return False
    return True


def _object(data: bytes) -> dict[str, Any]:
    value = canonical.loads(data, limit=_LIMIT)
    if not isinstance(value, dict):
        raise IntegrityError("the gateway's answer is not an object")
    return value
