from __future__ import annotations

import grpc
import pytest
from google.protobuf.any_pb2 import Any
from google.rpc.status_pb2 import Status
from grpc.aio import AioRpcError, Metadata

from gateway.fabric import ChaincodeRefusal, ErrorDetail, GatewayError, chaincode_refusal
from gateway.fabric.error_details import MAX_DETAILS, MAX_TEXT, gateway_error
from quorate.blocks import protos


def failed(
    *messages: str, message: str = "ABORTED: failed to endorse transaction, see attached details"
) -> GatewayError:
    details = [ErrorDetail("peer0:7051", "Org1MSP", each) for each in messages]
    return GatewayError(message, status=grpc.StatusCode.ABORTED, details=details)


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        (["chaincode response 500, NOT_FOUND: no study"], ("NOT_FOUND", "no study")),
        (["NOT_FOUND: no study"], ("NOT_FOUND", "no study")),
        (["chaincode response 500, CONFLICT: a: b\nc"], ("CONFLICT", "a: b\nc")),
        (["ProposalResponsePayloads do not match", "chaincode response 500, EXPIRED: late"], ("EXPIRED", "late")),
        (["chaincode response 500, plain words", "DENIED: no"], ("DENIED", "no")),
        (["chaincode response 500, plain words"], ("", "plain words")),
        (["chaincode response 400, BUDGET_EXCEEDED: 3 of 2"], ("BUDGET_EXCEEDED", "3 of 2")),
    ],
)
def test_the_chaincodes_words_are_found(messages: list[str], expected: tuple[str, str]) -> None:
    assert chaincode_refusal(failed(*messages)) == ChaincodeRefusal(*expected)


@pytest.mark.parametrize("messages", [[], ["chaincode stream terminated"], ["Error: nothing"], ["no COLON: here"]])
def test_what_the_chaincode_did_not_say_is_not_found(messages: list[str]) -> None:
    assert chaincode_refusal(failed(*messages)) is None


def test_the_words_may_be_in_the_message_alone() -> None:
    error = failed(message="UNKNOWN: evaluate call to endorser returned error: chaincode response 500, DENIED: no")
    assert chaincode_refusal(error) == ChaincodeRefusal("DENIED", "no")
    assert error.code == "DENIED"


def test_a_code_that_the_ledger_does_not_use_does_not_become_ours() -> None:
    assert failed("chaincode response 500, NO_SPACE: the disk is full").code == "INVALID_STATE"
    assert failed("chaincode response 500, INTEGRITY: wrong").code == "INVALID_STATE"


def rpc_error(trailer: bytes, details: str | None = "words") -> AioRpcError:
    metadata = Metadata(("grpc-status-details-bin", trailer), ("other", "text"))
    return AioRpcError(grpc.StatusCode.ABORTED, Metadata(), metadata, details=details)


def packed(*details: object) -> bytes:
    status = Status(code=10, message="words")
    for each in details:
        status.details.add().Pack(each)
    return status.SerializeToString()


def test_details_are_decoded_and_foreign_ones_left_out() -> None:
    detail = protos.ErrorDetail(address="a", msp_id="b", message="c")
    error = gateway_error(rpc_error(packed(detail, Status(message="other"))))
    assert error.details == (ErrorDetail("a", "b", "c"),)
    assert (error.status, str(error)) == (grpc.StatusCode.ABORTED, "ABORTED: words; a (b): c")


@pytest.mark.parametrize(
    "trailer",
    [
        b"\xff\xff",
        Status(details=[Any(type_url="type.googleapis.com/gateway.ErrorDetail", value=b"\xff")]).SerializeToString(),
    ],
    ids=["status", "detail"],
)
def test_details_that_cannot_be_read_say_nothing(trailer: bytes) -> None:
    error = gateway_error(rpc_error(trailer))
    assert (error.details, error.message) == ((), "ABORTED: words")


def test_what_a_server_says_is_bounded() -> None:
    long = protos.ErrorDetail(address="a" * 10_000, msp_id="b" * 10_000, message="c" * 10_000)
    error = gateway_error(rpc_error(packed(*[long] * 100), details="d" * 10_000))
    assert len(error.details) == MAX_DETAILS
    assert {len(error.details[0].address), len(error.details[0].msp_id), len(error.details[0].message)} == {MAX_TEXT}
    assert len(error.message) <= MAX_TEXT + len("ABORTED: ")


def test_a_server_may_say_nothing() -> None:
    error = gateway_error(AioRpcError(grpc.StatusCode.INTERNAL, Metadata(), Metadata(), details=None))
    assert (error.message, error.details) == ("INTERNAL: no reason was given", ())
