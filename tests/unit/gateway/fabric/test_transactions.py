from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.fabric import TxValidationCode

if TYPE_CHECKING:
    from gateway.fabric import Gateway
    from tests.unit.gateway.fabric.fake_peer import FakePeer


async def test_evaluate_returns_what_the_function_answers(gateway: Gateway, peer: FakePeer) -> None:
    contract = gateway.network("quorate").contract("quorate")
    assert await contract.evaluate("round:Get", "study", b"\x00\xff") == b"round:Get|study|\x00\xff"
    assert peer.calls == ["Evaluate"]


async def test_a_named_contract_prefixes_its_functions(gateway: Gateway) -> None:
    contract = gateway.network("quorate").contract("quorate", "round")
    assert await contract.evaluate("Get", "ä") == "round:Get|ä".encode()
    assert (contract.chaincode_name, contract.contract_name) == ("quorate", "round")


async def test_submit_returns_the_result_once_the_transaction_has_committed(gateway: Gateway, peer: FakePeer) -> None:
    contract = gateway.network("quorate").contract("quorate")
    assert await contract.submit("round:Commit", "document") == b"round:Commit|document"
    assert peer.calls == ["Endorse", "Submit", "CommitStatus"]
    assert [code for _, _, code in peer.blocks[-1].transactions] == [TxValidationCode.VALID]


async def test_submit_async_returns_before_the_commit_and_its_handle_tells_the_rest(
    gateway: Gateway, peer: FakePeer
) -> None:
    contract = gateway.network("quorate").contract("quorate")
    result, commit = await contract.submit_async("round:Commit", "document")
    assert result == b"round:Commit|document"
    assert peer.calls == ["Endorse", "Submit"]
    status = await commit.status()
    assert (status.code, status.successful, status.block_number) == (TxValidationCode.VALID, True, 1)
    assert status.transaction_id == commit.transaction_id


async def test_transient_data_reaches_the_chaincode_and_not_the_ledger(gateway: Gateway, peer: FakePeer) -> None:
    contract = gateway.network("quorate").contract("quorate")
    assert await contract.submit("transient", transient={"b": b"2", "a": b"1"}) == b"a=1,b=2"
    assert await contract.evaluate("transient", transient={"c": b"3"}) == b"c=3"
    (_, payload, _) = peer.blocks[-1].transactions[0]
    assert b"a=1,b=2" in payload
    assert b"\x12\x01\x32" not in payload


async def test_endorsing_organizations_are_asked_and_must_have_endorsed(gateway: Gateway, peer: FakePeer) -> None:
    contract = gateway.network("quorate").contract("quorate")
    await contract.submit("f", endorsing_organizations=["Org2MSP", "Org3MSP"])
    assert list(peer.requests["Endorse"][0].endorsing_organizations) == ["Org2MSP", "Org3MSP"]
    await contract.evaluate("f", endorsing_organizations=["Org2MSP"])
    assert list(peer.requests["Evaluate"][0].target_organizations) == ["Org2MSP"]
