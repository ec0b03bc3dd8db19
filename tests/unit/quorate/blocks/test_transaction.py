"""An entry of a block taken apart."""

import pytest

from gateway.fabric.proposal_builder import Invocation
from quorate.blocks import protos
from quorate.blocks.errors import RejectedError
from quorate.blocks.transaction import decode_transaction, transaction_id
from tests.unit.gateway.fabric.preparing import Opened, prepare

CREATOR = protos.SerializedIdentity(mspid="Org1MSP", id_bytes=b"certificate").SerializeToString()


@pytest.fixture
def envelope():
    invocation = Invocation(
        channel="quorate",
        chaincode="trial",
        arguments=("move", b"a", b"\xff"),
        transient={},
        endorsing_organizations=(),
    )
    proposal = invocation.propose(CREATOR).proposal
    prepared = prepare(proposal.proposal_bytes, b"moved", ["Org1MSP", "Org2MSP"], with_event=True)
    prepared.signature = b"signature"
    return prepared


def test_what_a_transaction_says(envelope):
    transaction = decode_transaction(envelope.SerializeToString())
    assert (transaction.channel, transaction.creator, transaction.signature) == ("quorate", CREATOR, b"signature")
    assert transaction.tx_id == transaction_id(transaction.nonce, CREATOR)
    action = transaction.action
    assert (action.chaincode, action.arguments, action.result) == ("trial", (b"move", b"a", b"\xff"), b"moved")
    assert (action.status, action.event_name, action.event_payload) == (200, "done", b"{}")
    endorsers = [protos.SerializedIdentity.FromString(each.endorser).mspid for each in action.endorsements]
    assert endorsers == ["Org1MSP", "Org2MSP"]
    writes = {each.namespace: [(write.key, write.value) for write in each.writes] for each in action.sets}
    assert writes == {"trial": [("k", b"v")], "_lifecycle": []}


def test_an_id_that_does_not_follow_from_its_creator(envelope):
    opened = Opened(envelope)
    opened.channel.tx_id = "0" * 64
    opened.close()
    with pytest.raises(RejectedError, match="id"):
        decode_transaction(envelope.SerializeToString())
