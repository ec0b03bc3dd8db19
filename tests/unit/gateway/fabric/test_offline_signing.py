"""A key that is elsewhere: bytes and digest go out, a signature comes back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.fabric import PreparedTransactionError, connect
from quorate.blocks import protos
from quorate.errors import UsageError
from tests.unit.gateway.fabric.preparing import Opened, write_set

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from gateway.fabric import Gateway
    from tests.unit.gateway.fabric.conftest import Served
    from tests.unit.gateway.fabric.fake_peer import FakePeer


@pytest.fixture
async def offline(served: Served) -> AsyncIterator[Gateway]:
    async with connect(served.endpoint, served.identity) as gateway:
        yield gateway


async def test_a_whole_transaction_can_be_signed_elsewhere(offline: Gateway, served: Served, peer: FakePeer) -> None:
    sign = served.signer.sign
    unsigned = offline.network("quorate").contract("quorate").new_proposal("f", "argument")
    proposal = offline.new_signed_proposal(unsigned.bytes, sign(unsigned.digest))
    assert proposal.transaction_id == unsigned.transaction_id
    assert await proposal.evaluate() == b"f|argument"

    endorsed = await proposal.endorse()
    transaction = offline.new_signed_transaction(endorsed.bytes, sign(endorsed.digest))
    assert (transaction.result, transaction.transaction_id) == (b"f|argument", proposal.transaction_id)

    submitted = await transaction.submit()
    with pytest.raises(UsageError, match="no signer"):
        await submitted.status()
    assert "CommitStatus" not in peer.calls
    commit = offline.new_signed_commit(submitted.bytes, sign(submitted.digest))
    assert (await commit.status()).successful


async def test_nothing_is_sent_unsigned(offline: Gateway, peer: FakePeer) -> None:
    proposal = offline.network("quorate").contract("quorate").new_proposal("f")
    with pytest.raises(UsageError, match="no signer"):
        await proposal.evaluate()
    with pytest.raises(UsageError, match="no signer"):
        await proposal.endorse()
    with pytest.raises(UsageError, match="no signer"):
        await anext(offline.network("quorate").block_events())
    assert peer.calls == []


async def test_objects_come_back_from_their_bytes(gateway: Gateway) -> None:
    proposal = gateway.network("quorate").contract("quorate").new_proposal("f")
    again = gateway.new_proposal(proposal.bytes)
    assert (again.bytes, again.digest) == (proposal.bytes, proposal.digest)
    transaction = gateway.new_transaction((await again.endorse()).bytes)
    commit = gateway.new_commit((await transaction.submit()).bytes)
    # signed once, signed for good
    assert gateway.new_transaction(transaction.bytes).bytes == transaction.bytes
    status = await commit.status()
    assert (status.successful, status.transaction_id) == (True, proposal.transaction_id)


def another_id(tx: Opened) -> None:
    tx.channel.tx_id = "0" * 64


def another_type(tx: Opened) -> None:
    tx.channel.type = protos.HeaderType.CONFIG


def another_nonce(tx: Opened) -> None:
    header = protos.SignatureHeader.FromString(tx.payload.header.signature_header)
    header.nonce = b"n" * 24
    tx.payload.header.signature_header = tx.transaction.actions[0].header = header.SerializeToString()


def another_invoked_chaincode(tx: Opened) -> None:
    spec = protos.ChaincodeInvocationSpec(chaincode_spec={"chaincode_id": {"name": "other"}})
    payload = protos.ChaincodeProposalPayload(input=spec.SerializeToString())
    tx.action.chaincode_proposal_payload = payload.SerializeToString()


def transient_data(tx: Opened) -> None:
    payload = protos.ChaincodeProposalPayload.FromString(tx.action.chaincode_proposal_payload)
    payload.TransientMap["secret"] = b"value"
    tx.action.chaincode_proposal_payload = payload.SerializeToString()


def foreign_write(tx: Opened) -> None:
    tx.executed.results = write_set({"other": True})


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (another_id, "transaction id is '0000"),
        (another_nonce, "transaction id is"),
        (another_type, "is of type 1"),
        (another_invoked_chaincode, "invoked chaincode is 'other'"),
        (transient_data, "transient data"),
        (foreign_write, "foreign namespaces"),
    ],
)
async def test_a_transaction_from_bytes_must_hold_together(
    gateway: Gateway, peer: FakePeer, edit: Callable[[Opened], None], words: str
) -> None:
    peer.events = False
    transaction = await gateway.network("quorate").contract("quorate").new_proposal("f").endorse()
    message = protos.PreparedTransaction.FromString(transaction.bytes)
    opened = Opened(message.envelope)
    edit(opened)
    opened.close()
    with pytest.raises(PreparedTransactionError, match=words):
        gateway.new_transaction(message.SerializeToString())


async def test_a_transaction_must_have_the_id_it_came_under(gateway: Gateway, peer: FakePeer) -> None:
    peer.events = False
    transaction = await gateway.network("quorate").contract("quorate").new_proposal("f").endorse()
    message = protos.PreparedTransaction.FromString(transaction.bytes)
    message.transaction_id = "0" * 64
    with pytest.raises(PreparedTransactionError, match="not '0000"):
        gateway.new_transaction(message.SerializeToString())


async def test_a_transaction_id_must_follow_from_nonce_and_creator(gateway: Gateway, peer: FakePeer) -> None:
    peer.events = False
    transaction = await gateway.network("quorate").contract("quorate").new_proposal("f").endorse()
    message = protos.PreparedTransaction.FromString(transaction.bytes)
    opened = Opened(message.envelope)
    opened.channel.tx_id = message.transaction_id = "0" * 64
    opened.close()
    with pytest.raises(PreparedTransactionError, match="transaction id is '0000"):
        gateway.new_transaction(message.SerializeToString())


@pytest.mark.parametrize("make", ["new_proposal", "new_transaction", "new_commit"])
async def test_bytes_of_something_else_are_refused(gateway: Gateway, make: str) -> None:
    with pytest.raises(UsageError, match="3 bytes are no"):
        getattr(gateway, make)(b"\xff\xff\xff")


async def test_ids_are_unique_and_shown(gateway: Gateway, served: Served) -> None:
    contract = gateway.network("quorate").contract("quorate")
    ids = {contract.new_proposal("f").transaction_id for _ in range(50)}
    assert len(ids) == 50
    assert all(len(each) == 64 for each in ids)
    assert gateway.identity == served.identity
    assert gateway.network("quorate").name == "quorate"


async def test_arguments_that_cannot_travel_are_refused(gateway: Gateway) -> None:
    with pytest.raises(UsageError, match="50 MiB"):
        gateway.network("quorate").contract("quorate").new_proposal("f", bytes(50 * 1024 * 1024))
