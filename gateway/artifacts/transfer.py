"""Artefacts between this process and one gateway: put, get and stat, each resuming where a connection broke."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

import grpc

from gateway.artifacts import frames
from gateway.artifacts.store import CHUNK
from gateway.artifacts.wire import SERVICE, artifact_message, label_of
from gateway.service.protos.quorate.v1 import artifacts_pb2 as pb
from gateway.service.status import from_rpc, understood
from quorate.errors import (
    ConflictError,
    IntegrityError,
    QuorateError,
    StateError,
    TimedOutError,
    UnreachableError,
    UsageError,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from gateway.artifacts.label import Description, Label
    from gateway.artifacts.store import ArtifactStore
    from quorate.digest import Digest

T = TypeVar("T")

_STAT_SECONDS: Final = 15.0
_STALL: Final = 15.0
_PAUSE: Final = 0.05
_LONGEST_PAUSE: Final = 2.0
_REFUSALS: Final = 3


class Origin(Protocol):
    """Bytes that can be read from an offset."""

    def read(self, *, offset: int) -> AsyncIterator[bytes]:
        """Yield the bytes from an offset, in chunks of at most 1 MiB."""
        ...


@dataclass(frozen=True, slots=True)
class FileOrigin:
    """The bytes of a file."""

    path: Path

    async def read(self, *, offset: int) -> AsyncIterator[bytes]:
        """Yield the file's bytes from an offset."""
        with await asyncio.to_thread(self.path.open, "rb") as file:
            file.seek(offset)
            while chunk := await asyncio.to_thread(file.read, CHUNK):
                yield chunk


@dataclass(frozen=True, slots=True)
class BytesOrigin:
    """Bytes in memory."""

    data: bytes

    async def read(self, *, offset: int) -> AsyncIterator[bytes]:
        """Yield the bytes from an offset."""
        for start in range(offset, len(self.data), CHUNK):
            yield self.data[start : start + CHUNK]


@dataclass(frozen=True, slots=True)
class Held:
    """What a gateway has of an artefact: all of it, a part kept from an unfinished upload, or nothing."""

    complete: bool
    size: int
    kept: int
    labels: tuple[Label, ...]


class ArtifactClient:
    """One gateway's artefacts, over a channel that somebody else opens and closes.

    Parameters
    ----------
    channel
        Connected to the gateway with mutual TLS.
    name
        Whose gateway it is, for messages.
    stall
        Seconds of silence after which a stream counts as broken.
    """

    def __init__(self, channel: grpc.aio.Channel, *, name: str = "the gateway", stall: float = _STALL) -> None:
        self._name = name
        self._stall = stall
        path = f"/{SERVICE}/"
        self._stat = channel.unary_unary(path + "Stat", pb.StatRequest.SerializeToString, pb.StatResponse.FromString)
        self._put: grpc.aio.StreamUnaryMultiCallable[bytes, pb.PutResponse] = channel.stream_unary(
            path + "Put", None, pb.PutResponse.FromString
        )
        self._get: grpc.aio.UnaryStreamMultiCallable[pb.GetRequest, bytes] = channel.unary_stream(
            path + "Get", pb.GetRequest.SerializeToString
        )

    async def stat(self, digest: Digest, *, upload_size: int = 0, within: float = _STAT_SECONDS) -> Held:
        """Return what the gateway has of an artefact.

        Parameters
        ----------
        upload_size
            The size of an unfinished upload that is asked about.
        within
            Seconds from now until `TimedOutError`.
        """
        request, doing = pb.StatRequest(digest=digest, upload_size=upload_size), f"asking {self._name} for {digest}"
        try:
            found = understood(await self._stat(request, timeout=within), doing=doing)
        except grpc.aio.AioRpcError as error:
            raise from_rpc(error, doing=doing) from error
        labels = tuple(label_of(message) for message in found.labels)
        return Held(complete=found.complete, size=found.size, kept=found.kept, labels=labels)

    async def put(self, description: Description, origin: Origin, *, within: float) -> None:
        """Store an artefact at the gateway, going on where an earlier attempt ended, until it is whole.

        Broken connections are mended until the time is up; refusals are raised at once.

        Raises
        ------
        QuorateError
            What the gateway answered; `TimedOutError` or `UnreachableError` when the time is up.
        """

        async def attempt() -> None:
            held = await self.stat(description.digest, upload_size=description.size)
            if held.complete and description.label in held.labels:
                return
            offset = 0 if held.complete else held.kept
            call = self._put(_messages(description, origin, offset, bare=held.complete))
            try:
                await call
            except grpc.aio.AioRpcError as error:
                raise from_rpc(error, doing=f"storing {description.label} at {self._name}") from error
            finally:
                call.cancel()

        await _persist(attempt, within=within, doing=f"storing {description.label} at {self._name}")

    async def get(self, description: Description, store: ArtifactStore, *, within: float, durable: bool = True) -> None:
        """Fetch an artefact into a store, going on where an earlier attempt ended, until it is whole.

        Raises
        ------
        IntegrityError
            When the gateway's bytes do not have the digest; nothing of them is kept.
        QuorateError
            As `put`.
        """

        async def attempt() -> None:
            try:
                await self.get_once(description, store, durable=durable)
            except SourceError as error:
                raise error.answer from error

        await _persist(attempt, within=within, doing=f"fetching {description.label} from {self._name}")

    async def get_once(
        self, description: Description, store: ArtifactStore, *, durable: bool = True, patience: float = math.inf
    ) -> None:
        """Fetch what is missing of an artefact in one attempt; what came is kept.

        Parameters
        ----------
        patience
            Seconds until the first bytes must have come; at most as many as count as silence.

        Raises
        ------
        SourceError
            When the gateway did not send it all, whatever it answered.
        IntegrityError, QuorateError
            As `ArtifactStore.receive`, and when the gateway sent something else.
        """
        offset = store.partial(description.digest, description.size)
        # Only a source that sends may take the unfinished file over from whoever writes it now.
        chunks = await _begun(_sent(self.chunks(description.digest, offset=offset, patience=patience)))
        try:
            await store.receive(description, chunks, offset=offset, durable=durable)
        except UsageError as error:
            # A stream that ended well with too few or too many bytes is no broken connection: it is something else.
            raise IntegrityError(f"{self._name} sent something else than {description.digest}: {error}") from error

    async def chunks(
        self, digest: Digest, *, offset: int = 0, patience: float = math.inf
    ) -> AsyncIterator[bytes | memoryview]:
        """Yield an artefact's bytes from an offset as the gateway sends them, unchecked."""
        call = self._get(pb.GetRequest(digest=digest, offset=offset))
        silence = min(patience, self._stall)
        try:
            while isinstance(answer := await _read_within(call, silence), bytes):
                silence = self._stall
                yield frames.read_get_response(answer)
        except TimeoutError as error:
            raise UnreachableError(f"{self._name} sent nothing for {silence:g} s", cause=error) from error
        except grpc.aio.AioRpcError as error:
            raise from_rpc(error, doing=f"fetching {digest} from {self._name}") from error
        finally:
            call.cancel()


class SourceError(UnreachableError):
    """A source did not send what it was asked for.

    What it answered is its word: it says nothing of this side's disk or request, and may be any of our errors.

    Attributes
    ----------
    answer
        The error that it answered with, or by which its bytes could not be read.
    """

    def __init__(self, answer: QuorateError) -> None:
        super().__init__(answer.message)
        self.answer = answer


async def _sent(chunks: AsyncIterator[bytes | memoryview]) -> AsyncIterator[bytes | memoryview]:
    """Yield the same chunks; errors of the source become `SourceError`, so that they differ from those of the store."""
    try:
        async for chunk in chunks:
            yield chunk
    except QuorateError as error:
        raise SourceError(error) from error


async def _begun(chunks: AsyncIterator[bytes | memoryview]) -> AsyncIterator[bytes | memoryview]:
    """Return the same chunks once the first one has come."""
    first = await anext(chunks, None)

    async def all_of_them() -> AsyncIterator[bytes | memoryview]:
        if first is not None:
            yield first
        async for chunk in chunks:
            yield chunk

    return all_of_them()


async def _read_within(call: grpc.aio.UnaryStreamCall[pb.GetRequest, bytes], seconds: float) -> object:
    # Not `wait_for`: in Python 3.11 it loses a cancellation that comes together with an answer.
    async with asyncio.timeout(seconds):
        return await call.read()


async def _persist(attempt: Callable[[], Awaitable[T]], *, within: float, doing: str) -> T:
    """Attempt until it works, the error is none that another attempt mends, or the time is up."""
    loop = asyncio.get_running_loop()
    end, pause, last, refusals = loop.time() + within, _PAUSE, None, 0
    while (left := end - loop.time()) > 0:
        try:
            async with asyncio.timeout(left):
                return await attempt()
        except (UnreachableError, StateError, ConflictError) as error:
            # StateError: the kept bytes changed between asking and sending; the next attempt asks anew. ConflictError:
            # another transfer of the same bytes took over; it may be done by the next attempt. What comes again and
            # again is neither.
            refusals = 0 if isinstance(error, UnreachableError) else refusals + 1
            if refusals == _REFUSALS:
                raise
            last = error
        except TimeoutError as error:
            raise TimedOutError(f"{doing} took longer than {within:g} s", cause=last or error) from error
        await asyncio.sleep(min(pause, max(end - loop.time(), 0)))
        pause = min(pause * 2, _LONGEST_PAUSE)
    raise last or TimedOutError(f"{doing} took longer than {within:g} s")


async def _messages(description: Description, origin: Origin, offset: int, *, bare: bool) -> AsyncIterator[bytes]:
    yield frames.put_header(pb.PutHeader(artifact=artifact_message(description), offset=offset))
    if not bare:
        async for chunk in origin.read(offset=offset):
            yield frames.put_chunk(chunk)
