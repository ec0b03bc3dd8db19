"""How our errors travel over gRPC: a status for machines, and ``CODE: sentence`` for everyone."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, TypeVar

from grpc import StatusCode

from quorate.errors import ERRORS, DefectError, LimitError, QuorateError, TimedOutError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from google.protobuf.message import Message
    from grpc.aio import AioRpcError

M = TypeVar("M", bound="Message")

STATUS: Final[Mapping[str, StatusCode]] = MappingProxyType(
    {
        "ALREADY_EXISTS": StatusCode.ALREADY_EXISTS,
        "BUDGET_EXCEEDED": StatusCode.FAILED_PRECONDITION,
        "CHECK_FAILED": StatusCode.FAILED_PRECONDITION,
        "CONFLICT": StatusCode.ABORTED,
        "DEFECT": StatusCode.INTERNAL,
        "DENIED": StatusCode.PERMISSION_DENIED,
        "EXPIRED": StatusCode.FAILED_PRECONDITION,
        "INTEGRITY": StatusCode.DATA_LOSS,
        "INVALID_ARGUMENT": StatusCode.INVALID_ARGUMENT,
        "INVALID_STATE": StatusCode.FAILED_PRECONDITION,
        "LIMIT_REACHED": StatusCode.RESOURCE_EXHAUSTED,
        "NOT_FOUND": StatusCode.NOT_FOUND,
        "NO_SPACE": StatusCode.RESOURCE_EXHAUSTED,
        "STORAGE": StatusCode.UNAVAILABLE,
        "TIMED_OUT": StatusCode.DEADLINE_EXCEEDED,
        "UNREACHABLE": StatusCode.UNAVAILABLE,
        "UNSUPPORTED_VERSION": StatusCode.UNIMPLEMENTED,
    }
)
"""The gRPC status of every code."""

_CODED = re.compile(r"([A-Z_]{1,40}): (.{0,2000})", re.DOTALL)
_TRANSPORT: Final[Mapping[StatusCode, type[QuorateError]]] = MappingProxyType(
    {
        StatusCode.UNAVAILABLE: UnreachableError,
        StatusCode.DEADLINE_EXCEEDED: TimedOutError,
        StatusCode.RESOURCE_EXHAUSTED: LimitError,
    }
)


def status_of(error: QuorateError) -> StatusCode:
    """Return the gRPC status of an error."""
    return STATUS[error.code]


def details_of(error: QuorateError) -> str:
    """Return what is sent as the status's message."""
    return f"{error.code}: {error.message}"


def understood(answer: M | None, *, doing: str) -> M:
    """Return an answer; `UnreachableError` for None, which gRPC makes of bytes that are no such message."""
    if answer is None:
        raise UnreachableError(f"{doing}: the answer cannot be read")
    return answer


def from_rpc(error: AioRpcError, *, doing: str) -> QuorateError:
    """Return our error for a call to a gateway that failed.

    A code is believed only when the status is the one that this code travels with.

    Parameters
    ----------
    doing
        What was being done, with whom; begins the sentence.
    """
    status, text = error.code(), error.details() or ""
    if (match := _CODED.fullmatch(text)) and STATUS.get(match[1]) is status and match[1] != DefectError.code:
        return ERRORS[match[1]](f"{doing}: {match[2]}", cause=error)
    kind = _TRANSPORT.get(status, UnreachableError)
    return kind(f"{doing}: {status.name}: {text[:500]}", cause=error)
