"""One identity's connection to a gateway."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.fabric import offline
from gateway.fabric.commit import Commit
from gateway.fabric.network import Network
from gateway.fabric.prepared import check_consistent
from gateway.fabric.proposal import Proposal
from gateway.fabric.requests import (
    BlockAndPrivateDataEventsRequest,
    BlockEventsRequest,
    ChaincodeEventsRequest,
    FilteredBlockEventsRequest,
)
from gateway.fabric.transaction import Transaction
from quorate.blocks import protos

if TYPE_CHECKING:
    from gateway.fabric.client import GatewayClient
    from gateway.fabric.identity import Identity
    from gateway.fabric.signing_identity import SigningIdentity


class Gateway:
    """Where networks are reached from, and where objects that were signed elsewhere come back. Made by `connect`.

    ``new_…`` makes an object again from its bytes, ``new_signed_…`` does so with a signature made elsewhere.
    Bytes that are something else raise `UsageError`.
    """

    def __init__(self, client: GatewayClient, signing: SigningIdentity, tls_client_certificate_hash: bytes) -> None:
        self._client: Final = client
        self._signing: Final = signing
        self._tls_certificate_hash: Final = tls_client_certificate_hash

    @property
    def identity(self) -> Identity:
        """Who this connection speaks for."""
        return self._signing.identity

    def network(self, name: str) -> Network:
        """Return the network of this channel name."""
        return Network(self._client, self._signing, name=name, tls_client_certificate_hash=self._tls_certificate_hash)

    def close(self) -> None:
        """End all event streams; nothing more can be sent. Leaving ``async with connect(…)`` does it too."""
        self._client.close()

    def new_proposal(self, data: bytes) -> Proposal:
        """Return the proposal of these bytes (`Proposal.bytes`)."""
        return self._proposal(data, b"")

    def new_signed_proposal(self, data: bytes, signature: bytes) -> Proposal:
        """Return the proposal of these bytes with a signature made elsewhere."""
        return self._proposal(data, signature)

    def _proposal(self, data: bytes, signature: bytes) -> Proposal:
        proposed = offline.parse(protos.ProposedTransaction, data, "proposal")
        channel = offline.channel_of_proposal(proposed)
        proposed.proposal.signature = signature or proposed.proposal.signature
        return Proposal(self._client, self._signing, channel, proposed)

    def new_transaction(self, data: bytes) -> Transaction:
        """Return the transaction of these bytes (`Transaction.bytes`).

        The proposal is no longer at hand, so it is checked only in itself; `Proposal.endorse` has compared the two.
        """
        return self._transaction(data, b"")

    def new_signed_transaction(self, data: bytes, signature: bytes) -> Transaction:
        """Return the transaction of these bytes with a signature made elsewhere."""
        return self._transaction(data, signature)

    def _transaction(self, data: bytes, signature: bytes) -> Transaction:
        prepared = offline.parse(protos.PreparedTransaction, data, "transaction")
        signature = signature or prepared.envelope.signature
        prepared.envelope.signature = b""
        checked = check_consistent(prepared.envelope, prepared.transaction_id, self._client.calls)
        prepared.envelope.signature = signature
        return Transaction(self._client, self._signing, checked, prepared.envelope)

    def new_commit(self, data: bytes) -> Commit:
        """Return the commit of these bytes (`Commit.bytes`)."""
        return self._commit(data, b"")

    def new_signed_commit(self, data: bytes, signature: bytes) -> Commit:
        """Return the commit of these bytes with a signature made elsewhere."""
        return self._commit(data, signature)

    def _commit(self, data: bytes, signature: bytes) -> Commit:
        signed = offline.parse(protos.SignedCommitStatusRequest, data, "commit status request")
        request = offline.parse(protos.CommitStatusRequest, signed.request, "commit status request")
        signed.signature = signature or signed.signature
        return Commit(self._client, self._signing, request.transaction_id, signed)

    def new_chaincode_events_request(self, data: bytes) -> ChaincodeEventsRequest:
        """Return the chaincode events request of these bytes (`ChaincodeEventsRequest.bytes`)."""
        return ChaincodeEventsRequest(self._client, self._signing, offline.chaincode_events_request(data))

    def new_signed_chaincode_events_request(self, data: bytes, signature: bytes) -> ChaincodeEventsRequest:
        """Return the chaincode events request of these bytes with a signature made elsewhere."""
        request = offline.chaincode_events_request(data)
        request.signature = signature
        return ChaincodeEventsRequest(self._client, self._signing, request)

    def new_block_events_request(self, data: bytes) -> BlockEventsRequest:
        """Return the block events request of these bytes (`BlockEventsRequest.bytes`)."""
        return BlockEventsRequest(self._client, self._signing, offline.block_events_request(data))

    def new_signed_block_events_request(self, data: bytes, signature: bytes) -> BlockEventsRequest:
        """Return the block events request of these bytes with a signature made elsewhere."""
        return BlockEventsRequest(self._client, self._signing, offline.signed_block_events_request(data, signature))

    def new_filtered_block_events_request(self, data: bytes) -> FilteredBlockEventsRequest:
        """Return the filtered block events request of these bytes (`FilteredBlockEventsRequest.bytes`)."""
        return FilteredBlockEventsRequest(self._client, self._signing, offline.block_events_request(data))

    def new_signed_filtered_block_events_request(self, data: bytes, signature: bytes) -> FilteredBlockEventsRequest:
        """Return the filtered block events request of these bytes with a signature made elsewhere."""
        envelope = offline.signed_block_events_request(data, signature)
        return FilteredBlockEventsRequest(self._client, self._signing, envelope)

    def new_block_and_private_data_events_request(self, data: bytes) -> BlockAndPrivateDataEventsRequest:
        """Return the request for blocks with private data of these bytes (`BlockAndPrivateDataEventsRequest.bytes`)."""
        return BlockAndPrivateDataEventsRequest(self._client, self._signing, offline.block_events_request(data))

    def new_signed_block_and_private_data_events_request(
        self, data: bytes, signature: bytes
    ) -> BlockAndPrivateDataEventsRequest:
        """Return the request for blocks with private data of these bytes with a signature made elsewhere."""
        envelope = offline.signed_block_events_request(data, signature)
        return BlockAndPrivateDataEventsRequest(self._client, self._signing, envelope)
