from __future__ import annotations

import grpc
import pytest
from grpc import StatusCode
from grpc.aio import AioRpcError, Metadata

from gateway.service.status import STATUS, details_of, from_rpc, status_of
from quorate.errors import ERRORS, DefectError, LimitError, NoSpaceError, TimedOutError, UnreachableError


def failed(code: StatusCode, details: str) -> AioRpcError:
    return AioRpcError(code, Metadata(), Metadata(), details)


def test_every_code_has_a_status() -> None:
    assert set(STATUS) == set(ERRORS)


@pytest.mark.parametrize("code", sorted(set(ERRORS) - {"DEFECT"}))
def test_an_error_arrives_as_what_it_was(code: str) -> None:
    sent = ERRORS[code]("the sentence")
    got = from_rpc(failed(status_of(sent), details_of(sent)), doing="storing")
    assert type(got) is type(sent)
    assert got.message == "storing: the sentence"


def test_a_limit_arrives_as_such() -> None:
    sent = LimitError("too many")
    assert status_of(sent) is StatusCode.RESOURCE_EXHAUSTED
    assert type(from_rpc(failed(status_of(sent), details_of(sent)), doing="storing")) is LimitError


@pytest.mark.parametrize(
    ("status", "details", "kind"),
    [
        (StatusCode.UNAVAILABLE, "failed to connect to all addresses", UnreachableError),
        (StatusCode.DEADLINE_EXCEEDED, "Deadline Exceeded", TimedOutError),
        (StatusCode.UNKNOWN, "Unexpected <class 'ValueError'>", UnreachableError),
        # A code that does not fit its status is not believed, nor is a defect that a server reports of itself.
        (StatusCode.UNAVAILABLE, "NO_SPACE: full", UnreachableError),
        (StatusCode.INTERNAL, "DEFECT: broken", UnreachableError),
    ],
)
def test_what_is_not_ours_is_told_by_its_status(status: StatusCode, details: str, kind: type[Exception]) -> None:
    got = from_rpc(failed(status, details), doing="storing")
    assert type(got) is kind
    assert isinstance(got.__cause__, grpc.aio.AioRpcError)


def test_a_full_disk_is_told_from_a_limit() -> None:
    assert type(from_rpc(failed(StatusCode.RESOURCE_EXHAUSTED, "NO_SPACE: full"), doing="x")) is NoSpaceError
    assert status_of(DefectError("x")) is StatusCode.INTERNAL
