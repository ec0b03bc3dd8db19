"""What becomes of a transaction: it is sent, and the same envelope again, until a block has it."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

from grpc import StatusCode

from gateway.fabric.errors import CommitStatusError, SubmitError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.fabric.client import GatewayClient
    from gateway.fabric.patience import Place
    from gateway.fabric.status import Status
    from gateway.fabric.transaction import Transaction

_log = logging.getLogger(__name__)

_OPEN: Final = frozenset({StatusCode.DEADLINE_EXCEEDED, StatusCode.UNAVAILABLE})
"""What leaves open whether an orderer has taken the transaction."""


class Fate:
    """Follows one transaction to the block that has it.

    An orderer that has taken a transaction may end before another has it, and nobody says so; and one that waits for a
    leader that is gone does not answer. A second proposal would be a second transaction, and the first can never be
    proven lost: whoever still holds it may bring it yet. Its own envelope can be sent as often as one likes. Of several
    copies peers judge the first in the chain's order, mark every other as `DUPLICATE_TXID`, and answer for the first
    when they are asked for the status.

    Parameters
    ----------
    client
        Where it is sent; its `patience` says when a copy follows, and learns from this one.
    transaction
        Endorsed, and not yet sent.
    """

    def __init__(self, client: GatewayClient, transaction: Transaction) -> None:
        self._client = client
        self._patience = client.patience
        self._transaction = transaction
        self._copies = 0
        self._commit = transaction.commit()
        self._unconfirmed: SubmitError | None = None
        self._not_before = 0.0

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
        now = asyncio.get_running_loop().time
        pauses = self._patience.pauses()
        wait = await self._submit(next(pauses))
        place = self._patience.enter(now())
        sending = asyncio.create_task(self._send_again(place, wait, pauses))
        try:
            status = await self._commit.status()
        except CommitStatusError as error:
            if self._unconfirmed is not None:
                raise self._unconfirmed from error
            raise
        finally:
            self._patience.leave(place)
            sending.cancel()
            await asyncio.wait([sending])
        self._patience.committed(place, now(), copies=self._copies)
        return status

    async def _submit(self, pause: float) -> float:
        """Send a copy, and return how long to wait for a block before the next: not at all if nobody took it."""
        self._copies += 1
        timeout = min(pause, self._client.submit.timeout)
        ends = asyncio.get_running_loop().time() + timeout
        try:
            self._commit = await self._transaction.submit(timeout=timeout)
        except SubmitError as error:
            if error.status not in _OPEN or error.commit is None:
                raise
            self._commit = error.commit
            if self._copies == 1:
                self._unconfirmed = error
            self._not_before = ends  # whoever gives up at once would otherwise be asked again at once
            return 0.0
        self._unconfirmed = None
        return pause

    async def _send_again(self, place: Place, wait: float, pauses: Iterator[float]) -> None:
        for pause in pauses:
            await self._stands_still(place, wait)
            try:
                wait = await self._submit(pause)
            except SubmitError as error:
                # The orderer's no to a copy says nothing about the copies before it.
                _log.debug("%s", error)
                wait = pause

    async def _stands_still(self, place: Place, seconds: float) -> None:
        """Return once the queue has not moved for so long, and it is this transaction's turn to be sent again."""
        now = asyncio.get_running_loop().time
        began = max(now(), self._not_before)
        while True:
            left = max(began, self._patience.moved(place)) + seconds - now()
            if left > 0:
                await asyncio.sleep(left)
            elif seconds and not self._patience.may_send(place):
                began = now()
            else:
                return
