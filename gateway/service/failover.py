"""One channel to all peers of an organisation: what cannot be reached at one of them is asked of the next.

Everything that goes through here may be sent twice with the same bytes: evaluating and endorsing leave nothing behind,
a signed envelope that is submitted again is at worst recorded as a duplicate of itself, and asking for a status or for
events changes nothing.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self, TypeAlias, cast

import grpc
from google.protobuf.any_pb2 import Any as Packed
from google.rpc.status_pb2 import Status

from gateway.service.methods import DETAILS_KEY
from quorate.blocks import protos

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType

_Codec: TypeAlias = "Callable[..., Any] | None"

_log = logging.getLogger(__name__)

_CONNECTED: Final = grpc.ChannelConnectivity.READY
_BROKEN: Final = frozenset({grpc.ChannelConnectivity.TRANSIENT_FAILURE, grpc.ChannelConnectivity.SHUTDOWN})
_CONNECTING_SECONDS: Final = 3.0


@dataclass(frozen=True, slots=True)
class Peer:
    """A peer's address, and an open channel to it."""

    address: str
    channel: grpc.aio.Channel


class PeerChannel(grpc.aio.Channel):
    """A channel to whichever peer of an organisation was last found to answer.

    Unary calls that a peer could not be reached for are made at each of the others before they fail. Streams are opened
    at a peer that is connected, where there is one; one that breaks is its reader's to open again.

    Parameters
    ----------
    msp
        The organisation.
    peers
        At least one, the preferred one first.
    """

    def __init__(self, msp: str, peers: Sequence[Peer]) -> None:
        self._msp = msp
        self._peers = tuple(peers)
        self._current = 0

    async def choose(self) -> None:
        """Move on to a peer that is connected or can be, when the present one cannot."""
        if len(self._peers) == 1:
            return
        for index in self._order():
            if await _connects(self._peers[index].channel):
                self._go_on(index)
                return

    @property
    def address(self) -> str:
        """The address of the peer that is asked at present."""
        return self._peers[self._current].address

    async def unreachable(self) -> list[str]:
        """Return the addresses of the peers that cannot be connected to now."""
        found = await asyncio.gather(*(_connects(peer.channel) for peer in self._peers))
        return [peer.address for peer, connects in zip(self._peers, found, strict=True) if not connects]

    def unary_unary(
        self, method: str, request_serializer: _Codec = None, response_deserializer: _Codec = None
    ) -> grpc.aio.UnaryUnaryMultiCallable[Any, Any]:
        """Return a method that asks one peer after the other."""
        stubs = [peer.channel.unary_unary(method, request_serializer, response_deserializer) for peer in self._peers]

        # Of a call, the client and the relay want the result; nothing else of gRPC's call object is there.
        async def call(request: Any, *, timeout: float | None = None, **options: Any) -> Any:  # noqa: ASYNC109, ANN401 - gRPC's own
            clock = asyncio.get_running_loop().time
            deadline = None if timeout is None else clock() + timeout
            failures: list[tuple[Peer, grpc.aio.AioRpcError]] = []
            for index in self._order():
                left = None if deadline is None else max(0.001, deadline - clock())
                try:
                    answer = await stubs[index](request, timeout=left, **options)
                except grpc.aio.AioRpcError as error:
                    if not _is_unreachable(error):
                        self._go_on(index)
                        raise
                    failures.append((self._peers[index], error))
                else:
                    self._go_on(index)
                    return answer
            raise self._unreachable(failures)

        return cast("grpc.aio.UnaryUnaryMultiCallable[Any, Any]", call)

    def unary_stream(
        self, method: str, request_serializer: _Codec = None, response_deserializer: _Codec = None
    ) -> grpc.aio.UnaryStreamMultiCallable[Any, Any]:
        """Return a method that opens its stream at the present peer."""
        stub = self._present(lambda channel: channel.unary_stream(method, request_serializer, response_deserializer))
        return cast("grpc.aio.UnaryStreamMultiCallable[Any, Any]", stub)

    def stream_unary(
        self, method: str, request_serializer: _Codec = None, response_deserializer: _Codec = None
    ) -> grpc.aio.StreamUnaryMultiCallable[Any, Any]:
        """Return a method that opens its stream at the present peer."""
        stub = self._present(lambda channel: channel.stream_unary(method, request_serializer, response_deserializer))
        return cast("grpc.aio.StreamUnaryMultiCallable[Any, Any]", stub)

    def stream_stream(
        self, method: str, request_serializer: _Codec = None, response_deserializer: _Codec = None
    ) -> grpc.aio.StreamStreamMultiCallable[Any, Any]:
        """Return a method that opens its stream at the present peer."""
        stub = self._present(lambda channel: channel.stream_stream(method, request_serializer, response_deserializer))
        return cast("grpc.aio.StreamStreamMultiCallable[Any, Any]", stub)

    def get_state(self, try_to_connect: bool = False) -> grpc.ChannelConnectivity:  # noqa: FBT001, FBT002 - gRPC's own
        """Return the state of the present peer's channel."""
        return self._channel.get_state(try_to_connect)

    async def wait_for_state_change(self, last_observed_state: grpc.ChannelConnectivity) -> None:
        """Wait for the present peer's channel to change."""
        await self._channel.wait_for_state_change(last_observed_state)

    async def channel_ready(self) -> None:
        """Wait for the present peer's channel to be connected."""
        await self._channel.channel_ready()

    async def close(self, grace: float | None = None) -> None:
        """Close every channel."""
        await asyncio.gather(*(peer.channel.close(grace) for peer in self._peers))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def _channel(self) -> grpc.aio.Channel:
        return self._peers[self._current].channel

    def _order(self) -> list[int]:
        count = len(self._peers)
        return [(self._current + step) % count for step in range(count)]

    def _go_on(self, index: int) -> None:
        if index != self._current:
            _log.warning(
                "going on with peer %s instead of %s", self._peers[index].address, self._peers[self._current].address
            )
            self._current = index

    def _present(self, stub: Callable[[grpc.aio.Channel], Callable[..., object]]) -> Callable[..., object]:
        stubs = [stub(peer.channel) for peer in self._peers]

        def open_stream(*arguments: object, **options: object) -> object:
            for index in self._order():
                if self._peers[index].channel.get_state(try_to_connect=True) not in _BROKEN:
                    self._go_on(index)
                    break
            return stubs[self._current](*arguments, **options)

        return open_stream

    def _unreachable(self, failures: Sequence[tuple[Peer, grpc.aio.AioRpcError]]) -> grpc.aio.AioRpcError:
        """Return one error in Fabric's own form for all: a detail for each peer that was tried."""
        addresses = ", ".join(peer.address for peer, _ in failures)
        words = f"UNREACHABLE: no peer of {self._msp} can be reached ({addresses})"
        status = Status(code=grpc.StatusCode.UNAVAILABLE.value[0], message=words)
        for peer, error in failures:
            packed = Packed()
            packed.Pack(protos.ErrorDetail(address=peer.address, msp_id=self._msp, message=error.details() or ""))
            status.details.append(packed)
        trailer = grpc.aio.Metadata((DETAILS_KEY, status.SerializeToString()))
        return grpc.aio.AioRpcError(grpc.StatusCode.UNAVAILABLE, grpc.aio.Metadata(), trailer, words)


def _is_unreachable(error: grpc.aio.AioRpcError) -> bool:
    """Tell whether a peer was not reached; one that was and cannot go on says so with details of its own."""
    told = any(key == DETAILS_KEY for key, _ in error.trailing_metadata() or ())
    return error.code() is grpc.StatusCode.UNAVAILABLE and not told


async def _connects(channel: grpc.aio.Channel) -> bool:
    try:
        async with asyncio.timeout(_CONNECTING_SECONDS):
            while (state := channel.get_state(try_to_connect=True)) is not _CONNECTED:
                if state in _BROKEN:
                    return False
                await channel.wait_for_state_change(state)
    except TimeoutError:
        return False
    return True
