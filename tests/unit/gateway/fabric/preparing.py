"""Transactions as peers prepare them from endorsed proposals, and ways to falsify them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from quorate.blocks import protos


def prepare(proposal_bytes: bytes, result: bytes, orgs: list[str], *, with_event: bool) -> protos.Envelope:
    """Return the transaction that peers prepare from an endorsed proposal."""
    proposal = protos.Proposal.FromString(proposal_bytes)
    header = protos.Header.FromString(proposal.header)
    channel = protos.ChannelHeader.FromString(header.channel_header)
    chaincode = protos.ChaincodeHeaderExtension.FromString(channel.extension).chaincode_id.name
    given = protos.ChaincodeProposalPayload.FromString(proposal.payload)
    public = protos.ChaincodeProposalPayload(input=given.input).SerializeToString()
    event = protos.ChaincodeEvent(chaincode_id=chaincode, tx_id=channel.tx_id, event_name="done", payload=b"{}")
    action = protos.ChaincodeAction(
        results=write_set({chaincode: True, "_lifecycle": False}),
        events=event.SerializeToString() if with_event else b"",
        response=protos.Response(status=200, payload=result),
        chaincode_id=protos.ChaincodeID(name=chaincode, version="1"),
    )
    response = protos.ProposalResponsePayload(
        proposal_hash=hashlib.sha256(header.channel_header + header.signature_header + public).digest(),
        extension=action.SerializeToString(),
    )
    endorsements = [
        protos.Endorsement(
            endorser=protos.SerializedIdentity(mspid=org, id_bytes=b"certificate").SerializeToString(), signature=b"yes"
        )
        for org in orgs
    ]
    endorsed = protos.ChaincodeEndorsedAction(
        proposal_response_payload=response.SerializeToString(), endorsements=endorsements
    )
    payload = protos.ChaincodeActionPayload(chaincode_proposal_payload=public, action=endorsed)
    transaction = protos.Transaction(
        actions=[protos.TransactionAction(header=header.signature_header, payload=payload.SerializeToString())]
    )
    return protos.Envelope(
        payload=protos.Payload(header=header, data=transaction.SerializeToString()).SerializeToString()
    )


def write_set(namespaces: dict[str, bool]) -> bytes:
    """Return a read and write set that reads a key in each namespace and writes one where the value is true."""
    entries = [
        {
            "namespace": name,
            "rwset": protos.KVRWSet(
                reads=[{"key": "k"}], writes=[{"key": "k", "value": b"v"}] if writes else []
            ).SerializeToString(),
        }
        for name, writes in namespaces.items()
    ]
    serialized: bytes = protos.TxReadWriteSet(ns_rwset=entries).SerializeToString()
    return serialized


@dataclass
class Opened:
    """A prepared transaction taken apart, to be changed and closed again so that everything else still fits."""

    envelope: protos.Envelope
    payload: protos.Payload = field(init=False)
    channel: protos.ChannelHeader = field(init=False)
    transaction: protos.Transaction = field(init=False)
    action: protos.ChaincodeActionPayload = field(init=False)
    response: protos.ProposalResponsePayload = field(init=False)
    executed: protos.ChaincodeAction = field(init=False)

    def __post_init__(self) -> None:
        self.payload = protos.Payload.FromString(self.envelope.payload)
        self.channel = protos.ChannelHeader.FromString(self.payload.header.channel_header)
        self.transaction = protos.Transaction.FromString(self.payload.data)
        self.action = protos.ChaincodeActionPayload.FromString(self.transaction.actions[0].payload)
        self.response = protos.ProposalResponsePayload.FromString(self.action.action.proposal_response_payload)
        self.executed = protos.ChaincodeAction.FromString(self.response.extension)

    def close(self, *, rehash: bool = True) -> None:
        header = self.payload.header
        header.channel_header = self.channel.SerializeToString()
        if rehash:
            hashed = header.channel_header + header.signature_header + self.action.chaincode_proposal_payload
            self.response.proposal_hash = hashlib.sha256(hashed).digest()
        self.response.extension = self.executed.SerializeToString()
        self.action.action.proposal_response_payload = self.response.SerializeToString()
        for each in self.transaction.actions:
            each.payload = self.action.SerializeToString()
        self.payload.data = self.transaction.SerializeToString()
        self.envelope.payload = self.payload.SerializeToString()
