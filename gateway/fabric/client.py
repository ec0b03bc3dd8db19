"""The methods of ``gateway.Gateway`` and ``protos.Deliver`` over one channel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from grpc import StatusCode

from gateway.fabric.call import UnaryCall, closed
from gateway.fabric.call_options import CallOptions
from gateway.fabric.errors import GatewayError
from gateway.fabric.patience import Patience
from quorate.blocks import protos

if TYPE_CHECKING:
    from collections.abc import Callable

    import grpc

    from gateway.fabric.call_options import DefaultCallOptions
    from gateway.fabric.options import Deadlines, Limits
    from gateway.fabric.prepared import Calls

_GATEWAY: Final = "/gateway.Gateway/"
_DELIVER: Final = "/protos.Deliver/"


class Stream(Protocol):
    """What is needed of gRPC's streaming calls."""

    async def read(self) -> protos.AnyMessage:
        """Return the next message, or `grpc.aio.EOF`."""
        ...

    def cancel(self) -> bool:
        """End the call."""
        ...


class WritableStream(Stream, Protocol):
    """A stream that takes requests too."""

    async def write(self, request: protos.AnyMessage) -> None:
        """Send one request."""
        ...

    def add_done_callback(self, callback: Callable[[protos.AnyMessage], None]) -> None:
        """Have this called once the call is over, however it ended."""
        ...


S = TypeVar("S", bound=Stream)


class GatewayClient:
    """What Gateway, Network, Proposal, Transaction and Commit call; nothing here signs or checks.

    Parameters
    ----------
    channel
        An open channel, closed by whoever opened it.
    deadlines, limits
        How long, how many.
    defaults
        How each step is called.
    calls
        Which chaincodes may write because another calls them.
    """

    def __init__(
        self,
        channel: grpc.aio.Channel,
        *,
        deadlines: Deadlines,
        limits: Limits,
        defaults: DefaultCallOptions,
        calls: Calls,
    ) -> None:
        self._channel = channel
        self.calls = calls
        self.deadlines = deadlines
        self.patience = Patience(deadlines.resubmit)
        self._max_streams = limits.streams
        self._open: set[Stream] = set()
        self._closed = False
        self._streams = {
            "ChaincodeEvents": defaults.chaincode_events,
            "Deliver": defaults.block_events,
            "DeliverFiltered": defaults.filtered_block_events,
            "DeliverWithPrivateData": defaults.block_and_private_data_events,
        }
        self.evaluate = self._unary(
            "Evaluate",
            protos.EvaluateResponse,
            "evaluate",
            limits.evaluate,
            defaults.evaluate.over(CallOptions(timeout=deadlines.evaluate)),
            repeat=True,
        )
        # Endorsing again would be a new simulation of the same proposal; whether that is wanted is the caller's to say.
        self.endorse = self._unary(
            "Endorse",
            protos.EndorseResponse,
            "endorse",
            limits.endorse,
            defaults.endorse.over(CallOptions(timeout=deadlines.endorse)),
            repeat=False,
        )
        # The very same signed envelope: a second copy is at worst recorded as a duplicate of the first.
        self.submit = self._unary(
            "Submit",
            protos.SubmitResponse,
            "submit",
            limits.submit,
            defaults.submit.over(CallOptions(timeout=deadlines.submit)),
            repeat=True,
        )
        self.commit_status = self._unary(
            "CommitStatus",
            protos.CommitStatusResponse,
            "commit status",
            limits.commit_status,
            defaults.commit_status.over(CallOptions(timeout=deadlines.commit_status)),
            repeat=True,
        )

    def _unary(
        self,
        method: str,
        response: protos.AnyMessage,
        name: str,
        places: int,
        defaults: CallOptions,
        *,
        repeat: bool,
    ) -> UnaryCall[protos.AnyMessage, protos.AnyMessage]:
        stub = self._channel.unary_unary(
            _GATEWAY + method, request_serializer=_serialize, response_deserializer=response.FromString
        )
        return UnaryCall(
            stub,
            name=name,
            defaults=defaults,
            queue=self.deadlines.queue,
            places=places,
            repeat=repeat,
            require_open=self._require_open,
        )

    def chaincode_events(self, request: protos.AnyMessage, options: CallOptions) -> Stream:
        """Open the stream of one chaincode's events; to be ended with `hang_up`."""
        stub = self._channel.unary_stream(
            _GATEWAY + "ChaincodeEvents",
            request_serializer=_serialize,
            response_deserializer=protos.ChaincodeEventsResponse.FromString,
        )
        options = options.over(self._streams["ChaincodeEvents"])
        return self._opened(lambda: stub(request, timeout=options.timeout, **options.arguments()))

    def deliver(self, method: str, options: CallOptions) -> WritableStream:
        """Open a stream of blocks for one request, in one of Deliver's three methods; to be ended with `hang_up`."""
        stub = self._channel.stream_stream(
            _DELIVER + method,
            request_serializer=_serialize,
            response_deserializer=protos.DeliverResponse.FromString,
        )
        options = options.over(self._streams[method])
        return self._opened(lambda: stub(timeout=options.timeout, **options.arguments()))

    def hang_up(self, stream: Stream) -> None:
        """End a stream and make room for another."""
        stream.cancel()
        self._open.discard(stream)

    def close(self) -> None:
        """End all streams; nothing more can be sent."""
        self._closed = True
        for stream in list(self._open):
            self.hang_up(stream)

    def _opened(self, begin: Callable[[], S]) -> S:
        # Refused at once: streams stay open, so nobody could say how long to wait for a place.
        if len(self._open) >= self._max_streams:
            raise GatewayError(
                f"{self._max_streams} event streams are open already",
                status=StatusCode.RESOURCE_EXHAUSTED,
                hint="Close streams that are no longer read, or raise Limits.streams.",
            )
        self._require_open()
        stream = begin()
        self._open.add(stream)
        return stream

    def _require_open(self) -> None:
        if self._closed:
            raise closed("the gateway")


def _serialize(message: protos.AnyMessage) -> bytes:
    serialized: bytes = message.SerializeToString()
    return serialized
