"""A transaction that was sent for ordering."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.fabric.call_options import chosen
from gateway.fabric.errors import CommitStatusError, GatewayError
from gateway.fabric.status import Status
from quorate.blocks.codes import TxValidationCode

if TYPE_CHECKING:
    import builtins

    from gateway.fabric.call_options import CallOptions
    from gateway.fabric.client import GatewayClient
    from gateway.fabric.signing_identity import SigningIdentity
    from quorate.blocks.protos import AnyMessage


class Commit:
    """Knows how to ask what became of a transaction. Made by `Transaction.submit` or `Gateway.new_commit`."""

    def __init__(
        self,
        client: GatewayClient,
        signing: SigningIdentity,
        transaction_id: str,
        request: AnyMessage,
    ) -> None:
        self._client = client
        self._signing = signing
        self._transaction_id = transaction_id
        self._request = request

    @property
    def transaction_id(self) -> str:
        """The transaction's id."""
        return self._transaction_id

    @property
    def bytes(self) -> builtins.bytes:
        """The signed or unsigned request as bytes, for `Gateway.new_commit` or `Gateway.new_signed_commit`."""
        serialized: builtins.bytes = self._request.SerializeToString()
        return serialized

    @property
    def digest(self) -> builtins.bytes:
        """What is to be signed."""
        return self._signing.digest(self._request.request)

    async def sign(self) -> None:
        """Sign the request, unless it is signed."""
        if not self._request.signature:
            self._request.signature = await self._signing.sign(self._request.request)

    async def status(
        self,
        *,
        timeout: float | None = None,  # noqa: ASYNC109  # gRPC's own deadline
        options: CallOptions | None = None,
    ) -> Status:
        """Wait until the transaction is in a block and return what the peer decided about it.

        May be called again. Repeated while the gateway is unreachable, until the deadline.

        Raises
        ------
        CommitStatusError
            The peer did not say. The transaction may have committed, or may yet.
        """
        await self.sign()
        try:
            response = await self._client.commit_status(self._request, chosen(timeout, options))
        except GatewayError as error:
            raise CommitStatusError.at(error, self._transaction_id) from error.__cause__
        return Status(
            code=TxValidationCode.of(response.result),
            block_number=response.block_number,
            transaction_id=self._transaction_id,
        )
