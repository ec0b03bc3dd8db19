"""A contract: the named functions of a chaincode, or of one of its parts."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from gateway.fabric.errors import CommitError, EndorseError, GatewayError
from gateway.fabric.fate import Fate
from gateway.fabric.proposal import Proposal
from gateway.fabric.proposal_builder import Invocation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gateway.fabric.client import GatewayClient
    from gateway.fabric.commit import Commit
    from gateway.fabric.signing_identity import SigningIdentity
    from gateway.fabric.transaction import Transaction


class Contract:
    """Calls functions of one chaincode on one channel. Made by `Network.contract`."""

    def __init__(
        self, client: GatewayClient, signing: SigningIdentity, *, channel: str, chaincode: str, name: str = ""
    ) -> None:
        self._client = client
        self._signing = signing
        self._channel = channel
        self._chaincode = chaincode
        self._name = name

    @property
    def chaincode_name(self) -> str:
        """The chaincode that contains this contract."""
        return self._chaincode

    @property
    def contract_name(self) -> str:
        """The contract within the chaincode; empty for its default contract."""
        return self._name

    def new_proposal(
        self,
        transaction_name: str,
        *arguments: str | bytes,
        transient: Mapping[str, str | bytes] | None = None,
        endorsing_organizations: Sequence[str] = (),
    ) -> Proposal:
        """Return a proposal to call this function, with an id of its own.

        Parameters
        ----------
        transaction_name
            The function's name; the contract's name is put before it.
        arguments
            Text is sent as UTF-8.
        transient
            Data that peers see and the ledger does not keep.
        endorsing_organizations
            MSP ids that must endorse; the gateway chooses when empty.
        """
        invocation = Invocation(
            channel=self._channel,
            chaincode=self._chaincode,
            arguments=(f"{self._name}:{transaction_name}" if self._name else transaction_name, *arguments),
            transient=transient or {},
            endorsing_organizations=endorsing_organizations,
        )
        proposed = invocation.propose(self._signing.creator)
        return Proposal(self._client, self._signing, self._channel, proposed)

    async def evaluate(
        self,
        transaction_name: str,
        *arguments: str | bytes,
        transient: Mapping[str, str | bytes] | None = None,
        endorsing_organizations: Sequence[str] = (),
    ) -> bytes:
        """Return what the function answers, and change nothing; see `Proposal.evaluate`."""
        async with self._client.evaluate.turn():
            proposal = self.new_proposal(
                transaction_name, *arguments, transient=transient, endorsing_organizations=endorsing_organizations
            )
            return await proposal.evaluate()

    async def evaluate_transaction(self, name: str, *arguments: str | bytes) -> bytes:
        """Do what `evaluate` does, with nothing but arguments."""
        return await self.evaluate(name, *arguments)

    async def submit_transaction(self, name: str, *arguments: str | bytes) -> bytes:
        """Do what `submit` does, with nothing but arguments."""
        return await self.submit(name, *arguments)

    async def submit(
        self,
        transaction_name: str,
        *arguments: str | bytes,
        transient: Mapping[str, str | bytes] | None = None,
        endorsing_organizations: Sequence[str] = (),
    ) -> bytes:
        """Call the function, wait until its transaction has committed, and return what it answered.

        An orderer that does not answer, or that ends with the transaction in its hands, is not the end: the peer is
        asked what became of it, and meanwhile the same envelope is sent again. No second proposal is ever made here.

        Raises
        ------
        EndorseError
            Nothing was sent for ordering.
        SubmitError
            It was refused; or nobody confirmed to have taken it, and no block had it by the deadline of the commit
            status. `SubmitError.commit` can still be asked.
        CommitStatusError
            It was taken, and no block had it by the deadline. It may commit yet.
        CommitError
            It is in a block and not valid.
        """
        transaction = await self._endorsed(transaction_name, arguments, transient, endorsing_organizations)
        status = await Fate(self._client, transaction).known()
        if not status.successful:
            raise CommitError(
                transaction_id=status.transaction_id, validation_code=status.code, block_number=status.block_number
            )
        return transaction.result

    async def submit_async(
        self,
        transaction_name: str,
        *arguments: str | bytes,
        transient: Mapping[str, str | bytes] | None = None,
        endorsing_organizations: Sequence[str] = (),
    ) -> tuple[bytes, Commit]:
        """Call the function and return its answer and the handle for its commit, as soon as the orderer has it.

        Raises
        ------
        EndorseError
            Nothing was sent for ordering.
        SubmitError
            Nobody confirmed to have taken it; its `commit` can be asked.
        """
        transaction = await self._endorsed(transaction_name, arguments, transient, endorsing_organizations)
        return transaction.result, await transaction.submit()

    async def _endorsed(
        self,
        transaction_name: str,
        arguments: Sequence[str | bytes],
        transient: Mapping[str, str | bytes] | None,
        endorsing_organizations: Sequence[str],
    ) -> Transaction:
        def propose() -> Proposal:
            return self.new_proposal(
                transaction_name, *arguments, transient=transient, endorsing_organizations=endorsing_organizations
            )

        async with AsyncExitStack() as stack:
            try:
                # A proposal carries the time at which it was made, and a chaincode may refuse what waited in a queue.
                await stack.enter_async_context(self._client.endorse.turn())
            except GatewayError as error:
                raise EndorseError.at(error, propose().transaction_id) from error.__cause__
            return await propose().endorse()
