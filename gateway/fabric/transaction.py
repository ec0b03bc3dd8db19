"""An endorsed transaction, ready for ordering."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.fabric.call_options import chosen
from gateway.fabric.commit import Commit
from gateway.fabric.errors import GatewayError, SubmitError
from quorate.blocks import protos

if TYPE_CHECKING:
    import builtins

    from gateway.fabric.call_options import CallOptions
    from gateway.fabric.client import GatewayClient
    from gateway.fabric.prepared import Prepared
    from gateway.fabric.signing_identity import SigningIdentity


class Transaction:
    """What peers endorsed and this client has checked. Made by `Proposal.endorse` or `Gateway.new_transaction`."""

    def __init__(
        self,
        client: GatewayClient,
        signing: SigningIdentity,
        checked: Prepared,
        envelope: protos.AnyMessage,
    ) -> None:
        self._client = client
        self._signing = signing
        self._checked = checked
        self._envelope = envelope

    @property
    def transaction_id(self) -> str:
        """The transaction's id."""
        return self._checked.transaction_id

    @property
    def result(self) -> builtins.bytes:
        """What the function answered to the endorsers; it holds only once the transaction has committed."""
        return self._checked.result

    @property
    def bytes(self) -> builtins.bytes:
        """The transaction as bytes, for `Gateway.new_transaction` or `Gateway.new_signed_transaction`."""
        message = protos.PreparedTransaction(transaction_id=self.transaction_id, envelope=self._envelope)
        serialized: builtins.bytes = message.SerializeToString()
        return serialized

    @property
    def digest(self) -> builtins.bytes:
        """What is to be signed."""
        return self._signing.digest(self._envelope.payload)

    async def submit(
        self,
        *,
        timeout: float | None = None,  # noqa: ASYNC109  # gRPC's own deadline
        options: CallOptions | None = None,
    ) -> Commit:
        """Send the transaction for ordering and return the handle that tells whether it commits.

        The same envelope is sent again while the gateway or orderer is unreachable, until the deadline; a second copy
        changes nothing. This may also be called again. The commit comes back signed, unless signing is done elsewhere.

        Raises
        ------
        SubmitError
            Nobody confirmed to have taken it. Its `commit` can still be asked, since the request was signed before.
        """
        # Signed first: after the transaction is sent, nothing that can fail stands before the question of its fate.
        commit = self.commit()
        if self._signing.holds_key:
            await commit.sign()
        if not self._envelope.signature:
            self._envelope.signature = await self._signing.sign(self._envelope.payload)
        request = protos.SubmitRequest(
            transaction_id=self.transaction_id,
            channel_id=self._checked.channel,
            prepared_transaction=self._envelope,
        )
        try:
            await self._client.submit(request, chosen(timeout, options))
        except GatewayError as error:
            failed = SubmitError.at(error, self.transaction_id)
            failed.commit = commit
            raise failed from error.__cause__
        return commit

    def commit(self) -> Commit:
        """Return the handle that tells whether this transaction commits, not yet signed."""
        request = protos.CommitStatusRequest(
            transaction_id=self.transaction_id, channel_id=self._checked.channel, identity=self._signing.creator
        ).SerializeToString()
        return Commit(
            self._client,
            self._signing,
            self.transaction_id,
            protos.SignedCommitStatusRequest(request=request),
        )
