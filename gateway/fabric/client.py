"""The methods of ``gateway.Gateway`` and ``protos.Deliver`` over one channel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from grpc import StatusCode

from gateway.fabric.call import UnaryCall
from gateway.fabric.errors import GatewayError
from quorate.blocks import protos

if TYPE_CHECKING:
    import grpc

    from gateway.fabric.options import Deadlines, Limits

_GATEWAY: Final = "/gateway.Gateway/"
_DELIVER: Final = "/protos.Deliver/"


class GatewayClient:
    """What Gateway, Network, Proposal, Transaction and Commit call; nothing here signs or checks.

    Parameters
    ----------
    channel
        An open channel, closed by whoever opened it.
    deadlines, limits
        How long, how many.
    """

    def __init__(self, channel: grpc.aio.Channel, *, deadlines: Deadlines, limits: Limits) -> None:
        self._channel = channel
        self.deadlines = deadlines
        self._max_streams = limits.streams
        self._open_streams = 0
        self.evaluate = self._unary(
            "Evaluate", protos.EvaluateResponse, "evaluate", deadlines.evaluate, limits.evaluate, repeat=True
        )
        # Endorsing again would be a new simulation of the same proposal; whether that is wanted is the caller's to say.
        self.endorse = self._unary(
            "Endorse", protos.EndorseResponse, "endorse", deadlines.endorse, limits.endorse, repeat=False
        )
        # The very same signed envelope: a second copy is at worst recorded as a duplicate of the first.
        self.submit = self._unary(
            "Submit", protos.SubmitResponse, "submit", deadlines.submit, limits.submit, repeat=True
        )
        self.commit_status = self._unary(
            "CommitStatus",
            protos.CommitStatusResponse,
            "commit status",
            deadlines.commit_status,
            limits.commit_status,
            repeat=True,
        )

    def _unary(
        self,
        method: str,
        response: protos.AnyMessage,
        name: str,
        deadline: float,
        places: int,
        *,
        repeat: bool,
    ) -> UnaryCall[protos.AnyMessage, protos.AnyMessage]:
        stub = self._channel.unary_unary(
            _GATEWAY + method, request_serializer=_serialize, response_deserializer=response.FromString
        )
        return UnaryCall(stub, name=name, deadline=deadline, queue=self.deadlines.queue, places=places, repeat=repeat)

    def chaincode_events(
        self, request: protos.AnyMessage
    ) -> grpc.aio.UnaryStreamCall[protos.AnyMessage, protos.AnyMessage]:
        """Open the stream of one chaincode's events."""
        stub = self._channel.unary_stream(
            _GATEWAY + "ChaincodeEvents",
            request_serializer=_serialize,
            response_deserializer=protos.ChaincodeEventsResponse.FromString,
        )
        return stub(request)

    def deliver(self, method: str) -> grpc.aio.StreamStreamCall[protos.AnyMessage, protos.AnyMessage]:
        """Open a delivery stream (``Deliver`` or ``DeliverFiltered``); one signed request is then written to it."""
        stub = self._channel.stream_stream(
            _DELIVER + method,
            request_serializer=_serialize,
            response_deserializer=protos.DeliverResponse.FromString,
        )
        return stub()

    def take_stream(self) -> None:
        """Count one more open stream, or refuse: streams stay open, so nobody can wait for a place."""
        if self._open_streams >= self._max_streams:
            raise GatewayError(
                f"{self._max_streams} event streams are open already",
                status=StatusCode.RESOURCE_EXHAUSTED,
                hint="Close streams that are no longer read, or raise Limits.streams.",
            )
        self._open_streams += 1

    def release_stream(self) -> None:
        """Count one open stream less."""
        self._open_streams -= 1


def _serialize(message: protos.AnyMessage) -> bytes:
    serialized: bytes = message.SerializeToString()
    return serialized
