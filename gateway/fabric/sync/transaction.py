"""Proposal, transaction and commit, each blocking until it is done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.fabric import commit, proposal, transaction
from gateway.fabric.errors import SubmitError
from gateway.fabric.sync.signable import Signable

if TYPE_CHECKING:
    import builtins
    from collections.abc import Coroutine
    from typing import Any, TypeVar

    from gateway.fabric.call_options import CallOptions
    from gateway.fabric.status import Status
    from gateway.fabric.sync.background import Background

    T = TypeVar("T")


class Commit(Signable[commit.Commit]):
    """A transaction that was sent for ordering; see `gateway.fabric.Commit`."""

    @property
    def transaction_id(self) -> str:
        """The transaction's id."""
        return self._inner.transaction_id

    def sign(self) -> None:
        """Sign the request, unless it is signed."""
        self._background.run(self._inner.sign())

    def status(self, *, timeout: float | None = None, options: CallOptions | None = None) -> Status:
        """Wait until the transaction is in a block and return what the peer decided about it."""
        return self._background.run(self._inner.status(timeout=timeout, options=options))


class Transaction(Signable[transaction.Transaction]):
    """An endorsed transaction; see `gateway.fabric.Transaction`."""

    @property
    def transaction_id(self) -> str:
        """The transaction's id."""
        return self._inner.transaction_id

    @property
    def result(self) -> builtins.bytes:
        """What the function answered to the endorsers; it holds only once the transaction has committed."""
        return self._inner.result

    def submit(self, *, timeout: float | None = None, options: CallOptions | None = None) -> Commit:
        """Send the transaction for ordering and return the handle that tells whether it commits."""
        sent = submitting(self._background, self._inner.submit(timeout=timeout, options=options))
        return Commit(self._background, sent)

    def commit(self) -> Commit:
        """Return the handle that tells whether this transaction commits, not yet signed."""
        return Commit(self._background, self._inner.commit())


class Proposal(Signable[proposal.Proposal]):
    """A function call that peers can run; see `gateway.fabric.Proposal`."""

    @property
    def transaction_id(self) -> str:
        """The id that the transaction will have on the ledger."""
        return self._inner.transaction_id

    def evaluate(self, *, timeout: float | None = None, options: CallOptions | None = None) -> builtins.bytes:
        """Return what the function answers, and change nothing."""
        return self._background.run(self._inner.evaluate(timeout=timeout, options=options))

    def endorse(self, *, timeout: float | None = None, options: CallOptions | None = None) -> Transaction:
        """Return the endorsed transaction, checked against this proposal and not yet signed."""
        endorsed = self._background.run(self._inner.endorse(timeout=timeout, options=options))
        return Transaction(self._background, endorsed)


def submitting(background: Background, coroutine: Coroutine[Any, Any, T]) -> T:
    """Return what the coroutine returns; a `SubmitError` that it raises has a commit that blocks."""
    try:
        return background.run(coroutine)
    except SubmitError as error:
        if error.commit is not None:
            # The declared type is the one that waits; whoever uses this package has the other.
            vars(error).update(commit=Commit(background, error.commit))
        raise
