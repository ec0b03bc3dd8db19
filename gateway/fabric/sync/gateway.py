"""One identity's connection to a gateway, whose calls block until they are done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.fabric.sync.network import Network
from gateway.fabric.sync.requests import (
    BlockAndPrivateDataEventsRequest,
    BlockEventsRequest,
    ChaincodeEventsRequest,
    FilteredBlockEventsRequest,
)
from gateway.fabric.sync.transaction import Commit, Proposal, Transaction

if TYPE_CHECKING:
    from gateway.fabric import gateway
    from gateway.fabric.identity import Identity
    from gateway.fabric.sync.background import Background


class Gateway:
    """Where networks are reached from, and where objects that were signed elsewhere come back. Made by `connect`."""

    def __init__(self, background: Background, inner: gateway.Gateway) -> None:
        self._background = background
        self._inner = inner

    @property
    def identity(self) -> Identity:
        """Who this connection speaks for."""
        return self._inner.identity

    def network(self, name: str) -> Network:
        """Return the network of this channel name."""
        return Network(self._background, self._inner.network(name))

    def close(self) -> None:
        """End all event streams; nothing more can be sent. Leaving ``with connect(…)`` does it too."""

        async def close() -> None:
            self._inner.close()

        self._background.run(close())

    def new_proposal(self, data: bytes) -> Proposal:
        """Return the proposal of these bytes (`Proposal.bytes`)."""
        return Proposal(self._background, self._inner.new_proposal(data))

    def new_signed_proposal(self, data: bytes, signature: bytes) -> Proposal:
        """Return the proposal of these bytes with a signature made elsewhere."""
        return Proposal(self._background, self._inner.new_signed_proposal(data, signature))

    def new_transaction(self, data: bytes) -> Transaction:
        """Return the transaction of these bytes (`Transaction.bytes`)."""
        return Transaction(self._background, self._inner.new_transaction(data))

    def new_signed_transaction(self, data: bytes, signature: bytes) -> Transaction:
        """Return the transaction of these bytes with a signature made elsewhere."""
        return Transaction(self._background, self._inner.new_signed_transaction(data, signature))

    def new_commit(self, data: bytes) -> Commit:
        """Return the commit of these bytes (`Commit.bytes`)."""
        return Commit(self._background, self._inner.new_commit(data))

    def new_signed_commit(self, data: bytes, signature: bytes) -> Commit:
        """Return the commit of these bytes with a signature made elsewhere."""
        return Commit(self._background, self._inner.new_signed_commit(data, signature))

    def new_chaincode_events_request(self, data: bytes) -> ChaincodeEventsRequest:
        """Return the chaincode events request of these bytes (`ChaincodeEventsRequest.bytes`)."""
        return ChaincodeEventsRequest(self._background, self._inner.new_chaincode_events_request(data))

    def new_signed_chaincode_events_request(self, data: bytes, signature: bytes) -> ChaincodeEventsRequest:
        """Return the chaincode events request of these bytes with a signature made elsewhere."""
        request = self._inner.new_signed_chaincode_events_request(data, signature)
        return ChaincodeEventsRequest(self._background, request)

    def new_block_events_request(self, data: bytes) -> BlockEventsRequest:
        """Return the block events request of these bytes (`BlockEventsRequest.bytes`)."""
        return BlockEventsRequest(self._background, self._inner.new_block_events_request(data))

    def new_signed_block_events_request(self, data: bytes, signature: bytes) -> BlockEventsRequest:
        """Return the block events request of these bytes with a signature made elsewhere."""
        return BlockEventsRequest(self._background, self._inner.new_signed_block_events_request(data, signature))

    def new_filtered_block_events_request(self, data: bytes) -> FilteredBlockEventsRequest:
        """Return the filtered block events request of these bytes (`FilteredBlockEventsRequest.bytes`)."""
        return FilteredBlockEventsRequest(self._background, self._inner.new_filtered_block_events_request(data))

    def new_signed_filtered_block_events_request(self, data: bytes, signature: bytes) -> FilteredBlockEventsRequest:
        """Return the filtered block events request of these bytes with a signature made elsewhere."""
        request = self._inner.new_signed_filtered_block_events_request(data, signature)
        return FilteredBlockEventsRequest(self._background, request)

    def new_block_and_private_data_events_request(self, data: bytes) -> BlockAndPrivateDataEventsRequest:
        """Return the request for blocks with private data of these bytes (`BlockAndPrivateDataEventsRequest.bytes`)."""
        request = self._inner.new_block_and_private_data_events_request(data)
        return BlockAndPrivateDataEventsRequest(self._background, request)

    def new_signed_block_and_private_data_events_request(
        self, data: bytes, signature: bytes
    ) -> BlockAndPrivateDataEventsRequest:
        """Return the request for blocks with private data of these bytes with a signature made elsewhere."""
        request = self._inner.new_signed_block_and_private_data_events_request(data, signature)
        return BlockAndPrivateDataEventsRequest(self._background, request)
