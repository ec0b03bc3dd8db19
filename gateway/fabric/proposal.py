"""A transaction proposal: to be evaluated as a query, or endorsed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.fabric.call_options import chosen
from gateway.fabric.errors import EndorseError, GatewayError
from gateway.fabric.prepared import Expected, check_as_proposed
from gateway.fabric.transaction import Transaction
from quorate.blocks import protos

if TYPE_CHECKING:
    import builtins

    from gateway.fabric.call_options import CallOptions
    from gateway.fabric.client import GatewayClient
    from gateway.fabric.signing_identity import SigningIdentity


class Proposal:
    """A function call that peers can run. Made by `Contract.new_proposal` or `Gateway.new_proposal`."""

    def __init__(
        self, client: GatewayClient, signing: SigningIdentity, channel: str, proposed: protos.AnyMessage
    ) -> None:
        self._client = client
        self._signing = signing
        self._channel = channel
        self._proposed = proposed

    @property
    def transaction_id(self) -> str:
        """The id that the transaction will have on the ledger."""
        found: str = self._proposed.transaction_id
        return found

    @property
    def bytes(self) -> builtins.bytes:
        """The proposal as bytes, for `Gateway.new_proposal` or `Gateway.new_signed_proposal`."""
        serialized: builtins.bytes = self._proposed.SerializeToString()
        return serialized

    @property
    def digest(self) -> builtins.bytes:
        """What is to be signed."""
        return self._signing.digest(self._proposed.proposal.proposal_bytes)

    async def evaluate(
        self,
        *,
        timeout: float | None = None,  # noqa: ASYNC109  # gRPC's own deadline
        options: CallOptions | None = None,
    ) -> builtins.bytes:
        """Return what the function answers, and change nothing.

        Repeated while the gateway is unreachable, until the deadline.

        Raises
        ------
        GatewayError
            It did not answer, or the chaincode refused (see `chaincode_refusal`).
        """
        request = protos.EvaluateRequest(
            transaction_id=self.transaction_id,
            channel_id=self._channel,
            proposed_transaction=await self._signed(),
            target_organizations=self._proposed.endorsing_organizations,
        )
        response = await self._client.evaluate(request, chosen(timeout, options))
        result: builtins.bytes = response.result.payload
        return result

    async def endorse(
        self,
        *,
        timeout: float | None = None,  # noqa: ASYNC109  # gRPC's own deadline
        options: CallOptions | None = None,
    ) -> Transaction:
        """Return the endorsed transaction, checked against this proposal and not yet signed.

        Raises
        ------
        EndorseError
            Peers did not endorse it, or the chaincode refused (see `chaincode_refusal`).
        PreparedTransactionError
            What came back is not what was proposed.
        """
        request = protos.EndorseRequest(
            transaction_id=self.transaction_id,
            channel_id=self._channel,
            proposed_transaction=await self._signed(),
            endorsing_organizations=self._proposed.endorsing_organizations,
        )
        try:
            response = await self._client.endorse(request, chosen(timeout, options))
        except GatewayError as error:
            raise EndorseError.at(error, self.transaction_id) from error.__cause__
        checked = check_as_proposed(response.prepared_transaction, Expected.of(self._proposed), self._client.calls)
        return Transaction(self._client, self._signing, checked, response.prepared_transaction)

    async def _signed(self) -> protos.AnyMessage:
        proposal = self._proposed.proposal
        if not proposal.signature:
            proposal.signature = await self._signing.sign(proposal.proposal_bytes)
        return proposal
