"""What each stage's failure looks like."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grpc
import pytest

from gateway.fabric import (
    ChaincodeRefusal,
    CommitError,
    CommitStatusError,
    EndorseError,
    Endpoint,
    ErrorDetail,
    GatewayError,
    SubmitError,
    Tls,
    TransactionError,
    TxValidationCode,
    chaincode_refusal,
    connect,
)
from quorate.errors import QuorateError
from tests.unit.gateway.fabric.authority import Authority
from tests.unit.gateway.fabric.conftest import PATIENT
from tests.unit.gateway.fabric.fake_peer import Fault

if TYPE_CHECKING:
    from gateway.fabric import Contract, Gateway
    from tests.unit.gateway.fabric.conftest import Served
    from tests.unit.gateway.fabric.fake_peer import FakePeer


@pytest.fixture
def contract(gateway: Gateway) -> Contract:
    return gateway.network("quorate").contract("quorate")


async def test_a_refused_query_carries_the_chaincodes_words(contract: Contract) -> None:
    with pytest.raises(GatewayError) as caught:
        await contract.evaluate("refuse", "NOT_FOUND: there is no study x")
    error = caught.value
    assert error.status is grpc.StatusCode.UNKNOWN
    assert error.details == (
        ErrorDetail("peer0.org1:7051", "Org1MSP", "chaincode response 500, NOT_FOUND: there is no study x"),
    )
    assert chaincode_refusal(error) == ChaincodeRefusal(code="NOT_FOUND", message="there is no study x")
    assert (error.code, int(error.exit_code)) == ("NOT_FOUND", 5)
    assert not isinstance(error, TransactionError)


async def test_a_refused_proposal_is_an_endorse_error_with_the_transaction_id(
    contract: Contract, peer: FakePeer
) -> None:
    proposal = contract.new_proposal("refuse", "BUDGET_EXCEEDED: 3 of 2")
    with pytest.raises(EndorseError) as caught:
        await proposal.endorse()
    error = caught.value
    assert (error.status, error.transaction_id) == (grpc.StatusCode.ABORTED, proposal.transaction_id)
    assert chaincode_refusal(error) == ChaincodeRefusal(code="BUDGET_EXCEEDED", message="3 of 2")
    assert (error.code, int(error.exit_code)) == ("BUDGET_EXCEEDED", 6)
    assert "peer0.org1:7051 (Org1MSP): chaincode response 500" in str(error)
    assert isinstance(error, QuorateError)
    assert peer.calls == ["Endorse"]


async def test_a_refused_submit_has_a_commit_that_can_be_asked(contract: Contract, peer: FakePeer) -> None:
    peer.faults["Submit"] = Fault(grpc.StatusCode.ABORTED, "the orderer said no", after=True)
    with pytest.raises(SubmitError, match="the orderer said no") as caught:
        await contract.submit("f")
    assert caught.value.commit is not None
    assert caught.value.commit.transaction_id == caught.value.transaction_id
    assert (await caught.value.commit.status()).successful


async def test_a_failed_commit_status_is_its_own_error(contract: Contract, peer: FakePeer) -> None:
    peer.faults["CommitStatus"] = Fault(grpc.StatusCode.NOT_FOUND, "no such channel")
    with pytest.raises(CommitStatusError, match="no such channel") as caught:
        await contract.submit("f")
    assert (caught.value.status, caught.value.code) == (grpc.StatusCode.NOT_FOUND, "NOT_FOUND")


@pytest.mark.parametrize(
    ("verdict", "code"),
    [
        (TxValidationCode.MVCC_READ_CONFLICT, "CONFLICT"),
        (TxValidationCode.PHANTOM_READ_CONFLICT, "CONFLICT"),
        (TxValidationCode.ENDORSEMENT_POLICY_FAILURE, "INVALID_STATE"),
    ],
)
async def test_a_transaction_that_is_not_valid_is_a_commit_error(
    contract: Contract, peer: FakePeer, verdict: TxValidationCode, code: str
) -> None:
    peer.verdict = verdict
    with pytest.raises(CommitError, match=verdict.name) as caught:
        await contract.submit("f")
    assert (caught.value.validation_code, caught.value.block_number) == (verdict, 1)
    assert (caught.value.code, int(caught.value.exit_code)) == (code, 5)
    assert caught.value.transaction_id == peer.blocks[1].transactions[0][0]


async def test_submit_async_leaves_the_verdict_to_the_status(contract: Contract, peer: FakePeer) -> None:
    peer.verdict = TxValidationCode.MVCC_READ_CONFLICT
    _, commit = await contract.submit_async("f")
    status = await commit.status()
    assert (status.successful, status.code) == (False, TxValidationCode.MVCC_READ_CONFLICT)


async def test_an_unknown_channel_is_not_found(gateway: Gateway) -> None:
    with pytest.raises(GatewayError) as caught:
        await gateway.network("elsewhere").contract("quorate").evaluate("f")
    assert (caught.value.status, caught.value.code) == (grpc.StatusCode.NOT_FOUND, "NOT_FOUND")


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (grpc.StatusCode.PERMISSION_DENIED, "DENIED"),
        (grpc.StatusCode.UNAUTHENTICATED, "DENIED"),
        (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_ARGUMENT"),
        (grpc.StatusCode.UNIMPLEMENTED, "UNSUPPORTED_VERSION"),
        (grpc.StatusCode.DEADLINE_EXCEEDED, "TIMED_OUT"),
        (grpc.StatusCode.FAILED_PRECONDITION, "INVALID_STATE"),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, "UNREACHABLE"),
        (grpc.StatusCode.INTERNAL, "UNREACHABLE"),
    ],
)
async def test_the_stable_code_follows_from_the_status(
    contract: Contract, peer: FakePeer, status: grpc.StatusCode, code: str
) -> None:
    peer.faults["Evaluate"] = Fault(status, "made to fail")
    with pytest.raises(GatewayError, match="made to fail") as caught:
        await contract.evaluate("f")
    assert (caught.value.status, caught.value.code) == (status, code)


async def test_what_the_gateway_itself_refuses_is_not_looked_for_in_the_policies(
    contract: Contract, peer: FakePeer
) -> None:
    peer.faults["Evaluate"] = Fault(grpc.StatusCode.PERMISSION_DENIED, "DENIED: this gateway relays for AlderMSP only")
    with pytest.raises(GatewayError) as caught:
        await contract.evaluate("f")
    assert caught.value.code == "DENIED"
    assert "compare your profile" in caught.value.hint


async def test_a_gateway_that_is_not_there_is_unreachable_once_the_deadline_has_passed(served: Served) -> None:
    nowhere = Endpoint("localhost:1", served.tls)
    async with connect(nowhere, served.identity, served.signer, deadlines=PATIENT) as gateway:
        proposal = gateway.network("quorate").contract("quorate").new_proposal("f")
        with pytest.raises(GatewayError) as caught:
            await proposal.evaluate(timeout=3)
    assert (caught.value.status, caught.value.code) == (grpc.StatusCode.UNAVAILABLE, "UNREACHABLE")


async def test_a_proxy_for_the_outside_is_not_used_for_this_machine(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("grpc_proxy", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    for name in ("no_proxy", "no_grpc_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    async with connect(served.endpoint, served.identity, served.signer, deadlines=PATIENT) as gateway:
        assert await gateway.network("quorate").contract("quorate").evaluate("f") == b"f"


async def test_a_server_with_a_foreign_certificate_is_not_talked_to(served: Served, peer: FakePeer) -> None:
    foreign = Tls(roots=Authority().pem, certificate=served.tls.certificate, key=served.tls.key)
    endpoint = Endpoint(served.endpoint.address, foreign)
    async with connect(endpoint, served.identity, served.signer) as gateway:
        with pytest.raises(GatewayError):
            await gateway.network("quorate").contract("quorate").new_proposal("f").evaluate(timeout=0.5)
    assert peer.calls == []
