"""What becomes of a transaction: it is sent, and the same envelope again, until a block has it."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

from grpc import StatusCode

from gateway.fabric.errors import CommitStatusError, SubmitError

if TYPE_CHECKING:
    from gateway.fabric.commit import Commit
    from gateway.fabric.patience import Patience
    from gateway.fabric.status import Status
    from gateway.fabric.transaction import Transaction

_log = logging.getLogger(__name__)

_OPEN: Final = frozenset({StatusCode.DEADLINE_EXCEEDED, StatusCode.UNAVAILABLE})
"""What leaves open whether an orderer has taken the transaction."""


class Fate:
    """Follows one transaction to the block that has it.

    An orderer that has taken a transaction may end before another has it, and nobody says so. A second proposal would
    be a second transaction, and the first can never be proven lost: whoever still holds it may bring it yet. Its own
    envelope can be sent as often as one likes. Of several copies peers judge the first in the chain's order, mark every
    other as `DUPLICATE_TXID`, and answer for the first when they are asked for the status.

    Parameters
    ----------
    transaction
        Endorsed, and not yet sent.
    patience
        How long a copy may be under way before the next; it learns from this one.
    """

    def __init__(self, transaction: Transaction, patience: Patience) -> None:
        self._transaction = transaction
        self._patience = patience
        self._copies = 0
        self._unconfirmed: SubmitError | None = None

    async def known(self) -> Status:
        """Send the transaction and return what a peer decided about it.

        Raises
        ------
        SubmitError
            It was refused; or nobody confirmed to have taken it, and no block had it by the deadline of the commit
            status.
        CommitStatusError
            It was taken, and the peer did not say before the deadline what became of it.
        """
        commit = await self._submit()
        now = asyncio.get_running_loop().time
        began = now()
        sending = asyncio.create_task(self._send_again())
        try:
            status = await commit.status()
        except CommitStatusError as error:
            if self._unconfirmed is not None:
                raise self._unconfirmed from error
            raise
        finally:
            sending.cancel()
            await asyncio.wait([sending])
        self._patience.took(now() - began, copies=self._copies)
        return status

    async def _submit(self) -> Commit:
        self._copies += 1
        try:
            commit = await self._transaction.submit()
        except SubmitError as error:
            if error.status not in _OPEN or error.commit is None:
                raise
            if self._copies == 1:
                self._unconfirmed = error
            return error.commit
        self._unconfirmed = None
        return commit

    async def _send_again(self) -> None:
        for pause in self._patience.pauses():
            await asyncio.sleep(pause)
            try:
                await self._submit()
            except SubmitError as error:
                # The orderer's no to a copy says nothing about the copies before it.
                _log.debug("%s", error)
