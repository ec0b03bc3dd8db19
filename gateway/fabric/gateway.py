"""One identity's connection to a gateway."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from google.protobuf.message import DecodeError

from gateway.fabric.commit import Commit
from gateway.fabric.network import Network
from gateway.fabric.prepared import check_consistent
from gateway.fabric.proposal import Proposal
from gateway.fabric.transaction import Transaction
from quorate.blocks import protos
from quorate.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.fabric.client import GatewayClient
    from gateway.fabric.identity import Identity
    from gateway.fabric.signing_identity import SigningIdentity

T = TypeVar("T")


class Gateway:
    """Where networks are reached from, and where objects that were signed elsewhere come back. Made by `connect`."""

    def __init__(self, client: GatewayClient, signing: SigningIdentity, tls_certificate_hash: bytes) -> None:
        self._client: Final = client
        self._signing: Final = signing
        self._tls_certificate_hash: Final = tls_certificate_hash

    @property
    def identity(self) -> Identity:
        """Who this connection speaks for."""
        return self._signing.identity

    def network(self, name: str) -> Network:
        """Return the network of this channel name."""
        return Network(self._client, self._signing, name=name, tls_certificate_hash=self._tls_certificate_hash)

    def new_proposal(self, data: bytes) -> Proposal:
        """Return the proposal of these bytes (`Proposal.bytes`)."""
        proposed = _parse(protos.ProposedTransaction, data, "proposal")
        proposal = _parse(protos.Proposal, proposed.proposal.proposal_bytes, "proposal")
        header = _parse(protos.Header, proposal.header, "proposal's header")
        channel = _parse(protos.ChannelHeader, header.channel_header, "proposal's channel header").channel_id
        return Proposal(self._client, self._signing, channel, proposed)

    def new_signed_proposal(self, data: bytes, signature: bytes) -> Proposal:
        """Return the proposal of these bytes with a signature made elsewhere."""
        proposed = _parse(protos.ProposedTransaction, data, "proposal")
        proposed.proposal.signature = signature
        return self.new_proposal(proposed.SerializeToString())

    def new_transaction(self, data: bytes) -> Transaction:
        """Return the transaction of these bytes (`Transaction.bytes`).

        The proposal is no longer at hand, so it is checked only in itself; `Proposal.endorse` has compared the two.
        """
        return self._transaction(data, b"")

    def new_signed_transaction(self, data: bytes, signature: bytes) -> Transaction:
        """Return the transaction of these bytes with a signature made elsewhere."""
        return self._transaction(data, signature)

    def _transaction(self, data: bytes, signature: bytes) -> Transaction:
        prepared = _parse(protos.PreparedTransaction, data, "transaction")
        signature = signature or prepared.envelope.signature
        prepared.envelope.signature = b""
        checked = check_consistent(prepared.envelope, prepared.transaction_id)
        prepared.envelope.signature = signature
        return Transaction(self._client, self._signing, checked, prepared.envelope)

    def new_commit(self, data: bytes) -> Commit:
        """Return the commit of these bytes (`Commit.bytes`)."""
        signed = _parse(protos.SignedCommitStatusRequest, data, "commit status request")
        request = _parse(protos.CommitStatusRequest, signed.request, "commit status request")
        return Commit(self._client, self._signing, request.transaction_id, signed)

    def new_signed_commit(self, data: bytes, signature: bytes) -> Commit:
        """Return the commit of these bytes with a signature made elsewhere."""
        signed = _parse(protos.SignedCommitStatusRequest, data, "commit status request")
        signed.signature = signature
        return self.new_commit(signed.SerializeToString())


def _parse(message: Callable[[], T], data: bytes, what: str) -> protos.AnyMessage:
    parsed: protos.AnyMessage = message()
    try:
        parsed.ParseFromString(data)
    except DecodeError as error:
        raise UsageError(f"these {len(data)} bytes are no {what}", cause=error) from error
    return parsed
