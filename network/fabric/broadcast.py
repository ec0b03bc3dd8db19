"""An orderer's Broadcast service: handing it one envelope that is not a chaincode's transaction."""

from typing import TYPE_CHECKING, Final

from grpc.aio import AioRpcError

from gateway.fabric.endpoint import Endpoint
from gateway.fabric.error_details import MAX_TEXT, gateway_error
from quorate.blocks import protos
from quorate.errors import ConflictError, DeniedError, QuorateError, TimedOutError, UnreachableError

if TYPE_CHECKING:
    import grpc

_BROADCAST: Final = "/orderer.AtomicBroadcast/Broadcast"
_SUCCESS: Final = 200
_BAD_REQUEST: Final = 400
_FORBIDDEN: Final = 403
_NOT_ENOUGH: Final = "did not satisfy policy"


async def broadcast(orderer: Endpoint, envelope: protos.AnyMessage, *, deadline_s: float) -> None:
    """Have an orderer take an envelope; that it is in a block is not known yet afterwards.

    Raises
    ------
    ConflictError
        The orderer refused it as it stands: mostly, somebody else changed the channel meanwhile.
    DeniedError
        The orderer says that its signers may not do this.
    UnreachableError, TimedOutError
        It did not take it, or did not answer.
    """
    channel = orderer.channel()
    try:
        stub: grpc.aio.StreamStreamMultiCallable[protos.AnyMessage, protos.AnyMessage] = channel.stream_stream(
            _BROADCAST,
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=protos.BroadcastResponse.FromString,
        )
        call = stub(timeout=deadline_s)
        await call.write(envelope)
        await call.done_writing()
        answers = [answer async for answer in call]
    except AioRpcError as error:
        found = gateway_error(error)
        kind = TimedOutError if found.status.name == "DEADLINE_EXCEEDED" else UnreachableError
        raise kind(f"The orderer at {orderer.address}: {found.message}", cause=error) from error
    finally:
        await channel.close(grace=None)
    if [answer.status for answer in answers] != [_SUCCESS]:
        raise _refusal(orderer, answers)


def _refusal(orderer: Endpoint, answers: list[protos.AnyMessage]) -> QuorateError:
    status, words = (answers[0].status, answers[0].info[:MAX_TEXT]) if answers else (0, "no answer")
    kind = {_BAD_REQUEST: ConflictError, _FORBIDDEN: DeniedError}.get(status, UnreachableError)
    if _NOT_ENOUGH in words:
        kind = DeniedError
    return kind(f"The orderer at {orderer.address} refused: {words or 'no reason was given'} (status {status}).")
