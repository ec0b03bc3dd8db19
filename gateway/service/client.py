"""A client of one organisation's gateway: artefacts, studies, and the channel that Fabric's own client works on too."""

from __future__ import annotations

import asyncio
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import grpc

from gateway.artifacts.transfer import ArtifactClient
from gateway.fabric import Endpoint, Tls
from gateway.service.protos.quorate.v1 import studies_pb2 as pb
from gateway.service.status import from_rpc
from gateway.service.studies import SERVICE
from quorate.errors import TimedOutError, UnreachableError
from quorate.records.round import RoundView
from quorate.records.study import StudyView

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator
    from pathlib import Path

_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 5.0
_PAST_SECONDS: Final = 60.0
_DOCUMENT_LIMIT: Final = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class StudyChange:
    """A study as it is now."""

    study: StudyView
    checkpoint: str
    round: None = None


@dataclass(frozen=True, slots=True)
class RoundChange:
    """A round as it is now."""

    round: RoundView
    checkpoint: str
    study: None = None


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """Everything that was known when the stream began has come."""

    checkpoint: str


class StudiesClient:
    """What changes on the ledger, as one gateway sees it."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._watch = channel.unary_stream(
            f"/{SERVICE}/Watch", pb.WatchRequest.SerializeToString, pb.WatchResponse.FromString
        )

    async def stream(
        self, study: str | None = None, *, checkpoint: str = ""
    ) -> AsyncGenerator[StudyChange | RoundChange | CaughtUp, None]:
        """Yield changes until the stream ends or breaks, with a word when everything known has come."""
        call = self._watch(pb.WatchRequest(study=study or "", checkpoint=checkpoint))
        try:
            async for response in call:
                yield _change(response)
        except grpc.aio.AioRpcError as error:
            raise from_rpc(error, doing="watching studies") from error
        finally:
            call.cancel()

    async def watch_in_order(self, study: str) -> AsyncIterator[StudyChange | RoundChange]:
        """Yield a study's past by the numbers of its rounds, then each change as it happens, as `watch` does.

        Raises
        ------
        TimedOutError
            When the past has not come within a minute.
        QuorateError
            When the gateway refuses, or the connection breaks before the past has come.
        """
        past: list[StudyChange | RoundChange] = []
        checkpoint = ""
        try:
            async with asyncio.timeout(_PAST_SECONDS), aclosing(self.stream(study)) as changes:
                async for change in changes:
                    checkpoint = change.checkpoint
                    if isinstance(change, CaughtUp):
                        break
                    past.append(change)
        except TimeoutError as error:
            raise TimedOutError(f"the past of {study} did not come within {_PAST_SECONDS:g} s", cause=error) from error
        for change in sorted(past, key=lambda change: 0 if change.round is None else change.round.round.round):
            yield change
        async for change in self.watch(study, checkpoint=checkpoint):
            yield change

    async def watch(
        self, study: str | None = None, *, checkpoint: str = ""
    ) -> AsyncIterator[StudyChange | RoundChange]:
        """Yield changes for ever: first everything after the checkpoint, then each as it happens.

        A broken connection is mended; a state may then come twice, and none is left out.

        Raises
        ------
        QuorateError
            When the gateway refuses.
        """
        pause = _FIRST_PAUSE
        while True:
            try:
                async for change in self.stream(study, checkpoint=checkpoint):
                    pause, checkpoint = _FIRST_PAUSE, change.checkpoint
                    if not isinstance(change, CaughtUp):
                        yield change
            except (UnreachableError, TimedOutError):
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)


@dataclass(frozen=True, slots=True)
class GatewayClient:
    """One connection to a gateway. `connect_gateway` makes it."""

    channel: grpc.aio.Channel
    artifacts: ArtifactClient
    studies: StudiesClient


@asynccontextmanager
async def connect_gateway(
    address: str, *, tls_ca: Path, cert: Path, key: Path, name: str = "the gateway"
) -> AsyncIterator[GatewayClient]:
    """Open a connection with mutual TLS, and close it in the end. Nothing is sent before the first call.

    Raises
    ------
    UsageError
        When the address or a certificate is malformed.
    """
    endpoint = Endpoint(address, Tls.from_files(roots=tls_ca, certificate=cert, key=key))
    async with endpoint.channel() as channel:
        yield GatewayClient(channel, ArtifactClient(channel, name=name), StudiesClient(channel))


def _change(response: pb.WatchResponse) -> StudyChange | RoundChange | CaughtUp:
    match response.WhichOneof("event"):
        case "study":
            return StudyChange(StudyView.parse(response.study.document, limit=_DOCUMENT_LIMIT), response.checkpoint)
        case "round":
            return RoundChange(RoundView.parse(response.round.document, limit=_DOCUMENT_LIMIT), response.checkpoint)
        case _:
            return CaughtUp(response.checkpoint)
