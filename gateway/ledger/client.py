"""The ledger of one caller: a Contract of `gateway.fabric` behind typed functions."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol, Self, TypeVar

from gateway.fabric.errors import GatewayError
from gateway.fabric.refusal import chaincode_refusal
from gateway.ledger.calls import (
    AuditCalls,
    ConsortiumCalls,
    DatasetCalls,
    ModelCalls,
    PolicyCalls,
    PrivacyCalls,
    RoundCalls,
    StudyCalls,
)
from gateway.ledger.retry import Cause, Retry
from quorate.errors import LEDGER_CODES, QuorateError, from_ledger_code
from quorate.records.common import Document, make

if TYPE_CHECKING:
    from collections.abc import Iterator

    from quorate.records.functions import Function

Q = TypeVar("Q", bound=Document)
A = TypeVar("A", bound=Document)

_ANSWER_LIMIT = 64 * 1024 * 1024


class ContractLike(Protocol):
    """What this module needs of `gateway.fabric.Contract`."""

    async def evaluate(self, transaction_name: str, *arguments: bytes | str) -> bytes:
        """Run a function on one peer and return its result."""
        ...

    async def submit(self, transaction_name: str, *arguments: bytes | str) -> bytes:
        """Endorse, order and commit a transaction and return its result."""
        ...


class Ledger:
    """Typed calls of the chaincode, signed by one identity.

    Parameters
    ----------
    contract
        The chaincode on the channel, as one identity.
    retry
        Bounds of new proposals; see `settling`.

    Notes
    -----
    Every call raises the error of the chaincode's own code where it refused (`quorate.errors`), and the
    `gateway.fabric` error otherwise. A result that is not the record promised raises `UsageError`.
    """

    def __init__(self, contract: ContractLike, *, retry: Retry | None = None) -> None:
        self._contract = contract
        self._retry = retry or Retry()
        self.consortium = ConsortiumCalls(self)
        self.policy = PolicyCalls(self)
        self.dataset = DatasetCalls(self)
        self.study = StudyCalls(self)
        self.privacy = PrivacyCalls(self)
        self.round = RoundCalls(self)
        self.model = ModelCalls(self)
        self.audit = AuditCalls(self)

    def settling(self) -> Self:
        """Return the same ledger for calls about something just seen: endorsers still behind are asked again."""
        return type(self)(self._contract, retry=replace(self._retry, settling=True))

    async def call(self, function: Function[Q, A], /, **fields: object) -> A:
        """Send a request made of `fields` and return the answer; absent optional fields may be passed as None."""
        given = {name: value for name, value in fields.items() if value is not None}
        return await self.send(function, make(function.request, **given))

    async def send(self, function: Function[Q, A], request: Q) -> A:
        """Send a request and return the answer."""
        answer = await self._until_settled(function.name, request.encode(), submits=function.submits)
        return function.answer.parse(answer, limit=_ANSWER_LIMIT)

    async def _until_settled(self, name: str, document: bytes, *, submits: bool) -> bytes:
        operation = self._contract.submit if submits else self._contract.evaluate
        ends = time.monotonic() + self._retry.seconds
        pauses: dict[Cause, Iterator[float]] = {}
        while True:
            try:
                return await operation(name, document)
            except GatewayError as error:
                cause = self._retry.cause_of(error, submits=submits)
                pause = None if cause is None else next(pauses.setdefault(cause, self._retry.pauses(cause)), None)
                if pause is None or time.monotonic() + pause > ends:
                    raise _spoken(error) from error
                await asyncio.sleep(pause)


def _spoken(error: GatewayError) -> QuorateError:
    refused = chaincode_refusal(error)
    if refused is None or refused.code not in LEDGER_CODES:
        return error
    return from_ledger_code(refused.code, refused.message)
