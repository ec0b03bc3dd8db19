"""A contract whose calls block until they are done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.fabric.sync.transaction import Commit, Proposal, submitting

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gateway.fabric import contract
    from gateway.fabric.sync.background import Background


class Contract:
    """Calls functions of one chaincode on one channel; see `gateway.fabric.Contract`."""

    def __init__(self, background: Background, inner: contract.Contract) -> None:
        self._background = background
        self._inner = inner

    @property
    def chaincode_name(self) -> str:
        """The chaincode that contains this contract."""
        return self._inner.chaincode_name

    @property
    def contract_name(self) -> str:
        """The contract within the chaincode; empty for its default contract."""
        return self._inner.contract_name

    def new_proposal(
        self,
        transaction_name: str,
        *arguments: str | bytes,
        transient: Mapping[str, str | bytes] | None = None,
        endorsing_organizations: Sequence[str] = (),
    ) -> Proposal:
        """Return a proposal to call this function, with an id of its own."""
        proposal = self._inner.new_proposal(
            transaction_name, *arguments, transient=transient, endorsing_organizations=endorsing_organizations
        )
        return Proposal(self._background, proposal)

    def evaluate(
        self,
        transaction_name: str,
        *arguments: str | bytes,
        transient: Mapping[str, str | bytes] | None = None,
        endorsing_organizations: Sequence[str] = (),
    ) -> bytes:
        """Return what the function answers, and change nothing."""
        return self._background.run(
            self._inner.evaluate(
                transaction_name, *arguments, transient=transient, endorsing_organizations=endorsing_organizations
            )
        )

    def evaluate_transaction(self, name: str, *arguments: str | bytes) -> bytes:
        """Do what `evaluate` does, with nothing but arguments."""
        return self.evaluate(name, *arguments)

    def submit_transaction(self, name: str, *arguments: str | bytes) -> bytes:
        """Do what `submit` does, with nothing but arguments."""
        return self.submit(name, *arguments)

    def submit(
        self,
        transaction_name: str,
        *arguments: str | bytes,
        transient: Mapping[str, str | bytes] | None = None,
        endorsing_organizations: Sequence[str] = (),
    ) -> bytes:
        """Call the function, wait until its transaction has committed, and return what it answered."""
        return submitting(
            self._background,
            self._inner.submit(
                transaction_name, *arguments, transient=transient, endorsing_organizations=endorsing_organizations
            ),
        )

    def submit_async(
        self,
        transaction_name: str,
        *arguments: str | bytes,
        transient: Mapping[str, str | bytes] | None = None,
        endorsing_organizations: Sequence[str] = (),
    ) -> tuple[bytes, Commit]:
        """Call the function and return its answer and the handle for its commit, as soon as the orderer has it."""
        result, commit = submitting(
            self._background,
            self._inner.submit_async(
                transaction_name, *arguments, transient=transient, endorsing_organizations=endorsing_organizations
            ),
        )
        return result, Commit(self._background, commit)
