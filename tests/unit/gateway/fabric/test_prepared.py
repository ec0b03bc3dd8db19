"""Every field of a prepared transaction that a gateway could falsify; each is refused before anything is signed."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from gateway.fabric import EndorseError, PreparedTransactionError, connect
from quorate.blocks import protos
from tests.unit.gateway.fabric.preparing import Opened, write_set

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.fabric import Gateway
    from tests.unit.gateway.fabric.conftest import Served
    from tests.unit.gateway.fabric.fake_peer import FakePeer


def edited(edit: Callable[[Opened], None], *, rehash: bool = True) -> Callable[[protos.Envelope], None]:
    def tamper(envelope: protos.Envelope) -> None:
        opened = Opened(envelope)
        edit(opened)
        opened.close(rehash=rehash)

    return tamper


def other_transaction_id(tx: Opened) -> None:
    tx.channel.tx_id = "0" * 64


def other_channel(tx: Opened) -> None:
    tx.channel.channel_id = "elsewhere"


def other_time(tx: Opened) -> None:
    tx.channel.timestamp.seconds += 1


def other_type(tx: Opened) -> None:
    tx.channel.type = protos.HeaderType.CONFIG_UPDATE


def other_chaincode(tx: Opened) -> None:
    extension = protos.ChaincodeHeaderExtension(chaincode_id=protos.ChaincodeID(name="other"))
    tx.channel.extension = extension.SerializeToString()


def other_creator(tx: Opened) -> None:
    header = protos.SignatureHeader.FromString(tx.payload.header.signature_header)
    header.creator = protos.SerializedIdentity(mspid="Org9MSP", id_bytes=b"certificate").SerializeToString()
    tx.payload.header.signature_header = header.SerializeToString()
    tx.transaction.actions[0].header = header.SerializeToString()


def other_nonce(tx: Opened) -> None:
    header = protos.SignatureHeader.FromString(tx.payload.header.signature_header)
    header.nonce = b"n" * 24
    tx.payload.header.signature_header = header.SerializeToString()
    tx.transaction.actions[0].header = header.SerializeToString()


def other_action_header(tx: Opened) -> None:
    tx.transaction.actions[0].header = b"another"


def other_arguments(tx: Opened) -> None:
    spec = protos.ChaincodeInvocationSpec(
        chaincode_spec=protos.ChaincodeSpec(
            type=1,
            chaincode_id=protos.ChaincodeID(name="quorate"),
            input=protos.ChaincodeInput(args=[b"round:Abort", b"document"]),
        )
    )
    payload = protos.ChaincodeProposalPayload(input=spec.SerializeToString())
    tx.action.chaincode_proposal_payload = payload.SerializeToString()


def transient_on_the_ledger(tx: Opened) -> None:
    payload = protos.ChaincodeProposalPayload.FromString(tx.action.chaincode_proposal_payload)
    payload.TransientMap["secret"] = b"value"
    tx.action.chaincode_proposal_payload = payload.SerializeToString()


def two_actions(tx: Opened) -> None:
    tx.transaction.actions.append(tx.transaction.actions[0])


def no_action(tx: Opened) -> None:
    del tx.transaction.actions[:]


def foreign_write(tx: Opened) -> None:
    tx.executed.results = write_set({"quorate": True, "other": True})


def lifecycle_write(tx: Opened) -> None:
    tx.executed.results = write_set({"quorate": True, "_lifecycle": True})


def foreign_private_write(tx: Opened) -> None:
    private = protos.HashedRWSet(hashed_writes=[{"key_hash": b"h", "value_hash": b"v"}]).SerializeToString()
    entry = {"namespace": "other", "collection_hashed_rwset": [{"collection_name": "c", "hashed_rwset": private}]}
    tx.executed.results = protos.TxReadWriteSet(ns_rwset=[entry]).SerializeToString()


def foreign_key_policy(tx: Opened) -> None:
    rwset = protos.KVRWSet(metadata_writes=[{"key": "k"}]).SerializeToString()
    tx.executed.results = protos.TxReadWriteSet(ns_rwset=[{"namespace": "other", "rwset": rwset}]).SerializeToString()


def unreadable_write_set(tx: Opened) -> None:
    tx.executed.results = b"\xff\xff"


def failed_result(tx: Opened) -> None:
    tx.executed.response.status = 500


def no_result(tx: Opened) -> None:
    tx.executed.ClearField("response")


def executed_elsewhere(tx: Opened) -> None:
    tx.executed.chaincode_id.name = "other"


def event_of_another_transaction(tx: Opened) -> None:
    event = protos.ChaincodeEvent(chaincode_id="quorate", tx_id="0" * 64, event_name="done")
    tx.executed.events = event.SerializeToString()


def event_of_another_chaincode(tx: Opened) -> None:
    event = protos.ChaincodeEvent.FromString(tx.executed.events)
    event.chaincode_id = "other"
    tx.executed.events = event.SerializeToString()


def no_endorsements(tx: Opened) -> None:
    del tx.action.action.endorsements[:]


def unsigned_endorsement(tx: Opened) -> None:
    tx.action.action.endorsements[0].signature = b""


CASES = [
    (other_transaction_id, "transaction id"),
    (other_channel, "channel is 'elsewhere'"),
    (other_time, "channel header"),
    (other_type, "channel header"),
    (other_chaincode, "channel header"),
    (other_creator, "creator or nonce"),
    (other_nonce, "creator or nonce"),
    (other_action_header, "action has another creator"),
    (other_arguments, "not the proposal's arguments"),
    (transient_on_the_ledger, "not the proposal's arguments"),
    (two_actions, "2 actions"),
    (no_action, "0 actions"),
    (foreign_write, "foreign namespaces.*: other"),
    (lifecycle_write, "foreign namespaces.*: _lifecycle"),
    (foreign_private_write, "foreign namespaces.*: other"),
    (foreign_key_policy, "foreign namespaces.*: other"),
    (unreadable_write_set, "read and write set cannot be read"),
    (failed_result, "status 500"),
    (no_result, "status 0"),
    (executed_elsewhere, "executed chaincode is 'other'"),
    (event_of_another_transaction, "event's transaction id"),
    (event_of_another_chaincode, "event's chaincode"),
    (no_endorsements, "no endorsements"),
    (unsigned_endorsement, "no signature"),
]


@pytest.mark.parametrize(("edit", "words"), CASES, ids=[edit.__name__ for edit, _ in CASES])
async def test_a_falsified_transaction_is_refused_and_never_submitted(
    gateway: Gateway, peer: FakePeer, edit: Callable[[Opened], None], words: str
) -> None:
    peer.tamper = edited(edit)
    proposal = gateway.network("quorate").contract("quorate").new_proposal("round:Commit", "document")
    with pytest.raises(PreparedTransactionError, match=words) as caught:
        await proposal.endorse()
    assert caught.value.transaction_id == proposal.transaction_id
    assert (caught.value.code, int(caught.value.exit_code)) == ("INTEGRITY", 1)
    assert isinstance(caught.value, EndorseError)
    assert peer.calls == ["Endorse"]


async def test_an_endorsed_hash_of_another_proposal_is_refused(gateway: Gateway, peer: FakePeer) -> None:
    def other_hash(tx: Opened) -> None:
        tx.response.proposal_hash = hashlib.sha256(b"another").digest()

    peer.tamper = edited(other_hash, rehash=False)
    with pytest.raises(PreparedTransactionError, match="hash of another proposal"):
        await gateway.network("quorate").contract("quorate").submit("f")
    assert peer.calls == ["Endorse"]


@pytest.mark.parametrize("data", [b"\xff", b""], ids=["garbage", "empty"])
async def test_an_unreadable_envelope_is_refused(gateway: Gateway, peer: FakePeer, data: bytes) -> None:
    def tamper(envelope: protos.Envelope) -> None:
        envelope.payload = data

    peer.tamper = tamper
    with pytest.raises(PreparedTransactionError):
        await gateway.network("quorate").contract("quorate").submit("f")


async def test_an_envelope_that_is_signed_already_is_refused(gateway: Gateway, peer: FakePeer) -> None:
    def tamper(envelope: protos.Envelope) -> None:
        envelope.signature = b"somebody's"

    peer.tamper = tamper
    with pytest.raises(PreparedTransactionError, match="carries a signature"):
        await gateway.network("quorate").contract("quorate").submit("f")


async def test_a_missing_endorsement_of_a_named_organisation_is_refused(gateway: Gateway, peer: FakePeer) -> None:
    def only_the_first(tx: Opened) -> None:
        del tx.action.action.endorsements[1:]

    peer.tamper = edited(only_the_first)
    with pytest.raises(PreparedTransactionError, match="lacks the endorsements of Org3MSP"):
        await gateway.network("quorate").contract("quorate").submit("f", endorsing_organizations=["Org2MSP", "Org3MSP"])


async def test_a_transaction_that_only_reads_and_emits_nothing_is_fine(gateway: Gateway, peer: FakePeer) -> None:
    def reads_only(tx: Opened) -> None:
        tx.executed.results = write_set({"quorate": False, "_lifecycle": False, "other": False})

    peer.events = False
    peer.tamper = edited(reads_only)
    assert await gateway.network("quorate").contract("quorate").submit("f") == b"f"


@pytest.mark.parametrize("edit", [foreign_write, foreign_private_write, foreign_key_policy])
async def test_a_chaincode_that_is_called_may_write_where_that_was_said(
    served: Served, edit: Callable[[Opened], None]
) -> None:
    served.peer.tamper = edited(edit)
    for calls, fits in (({"quorate": ["other"]}, True), ({"other": ["quorate"]}, False), ({"quorate": []}, False)):
        async with connect(served.endpoint, served.identity, served.signer, chaincode_calls=calls) as gateway:
            proposal = gateway.network("quorate").contract("quorate").new_proposal("f")
            if not fits:
                with pytest.raises(PreparedTransactionError, match="chaincode_calls name: other"):
                    await proposal.endorse()
                continue
            transaction = await proposal.endorse()
            assert gateway.new_transaction(transaction.bytes).transaction_id == transaction.transaction_id
