"""From a failed gRPC call to our error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from google.protobuf.message import DecodeError
from google.rpc.status_pb2 import Status

from gateway.fabric.errors import ErrorDetail, GatewayError
from quorate.blocks import protos

if TYPE_CHECKING:
    from collections.abc import Iterable

    from grpc import StatusCode
    from grpc.aio import AioRpcError

_DETAILS_KEY: Final = "grpc-status-details-bin"
MAX_DETAILS: Final = 64
MAX_TEXT: Final = 4096


def gateway_error(error: AioRpcError) -> GatewayError:
    """Return what this failed call means, with what each peer said."""
    message = (error.details() or "no reason was given")[:MAX_TEXT]
    status: StatusCode = error.code()
    return GatewayError(
        f"{status.name}: {message}", status=status, details=_details(error.trailing_metadata() or ()), cause=error
    )


def _details(trailer: Iterable[tuple[str, str | bytes]]) -> list[ErrorDetail]:
    packed = [value for key, value in trailer if key == _DETAILS_KEY and isinstance(value, bytes)]
    return [detail for value in packed for detail in _decode(value)][:MAX_DETAILS]


def _decode(value: bytes) -> list[ErrorDetail]:
    """Return the details; a trailer that cannot be read says nothing, and the status stands by itself."""
    try:
        status = Status.FromString(value)
        return [_detail(any_) for any_ in status.details[:MAX_DETAILS] if any_.Is(protos.ErrorDetail.DESCRIPTOR)]
    except DecodeError:
        return []


def _detail(packed: object) -> ErrorDetail:
    detail = protos.ErrorDetail.FromString(packed.value)  # type: ignore[attr-defined]  # Any has no published type
    return ErrorDetail(
        address=detail.address[:MAX_TEXT], msp_id=detail.msp_id[:MAX_TEXT], message=detail.message[:MAX_TEXT]
    )
