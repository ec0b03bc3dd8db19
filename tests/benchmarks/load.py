"""Callers who each make one call after the other, many at a time, and what they had to wait."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import Counter
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import TYPE_CHECKING, Protocol

import psutil

from gateway.fabric import CommitError, GatewayError
from quorate.digest import digest_of
from quorate.records import functions
from quorate.records.common import make
from quorate.records.dataset import Register

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from gateway.fabric import Contract


class Workload(Protocol):
    """What is called: a write that conflicts with no other, and a read."""

    def write(self, number: int) -> tuple[str, tuple[str, ...]]:
        """Return function and arguments of a write, different for every number."""
        ...

    def read(self) -> tuple[str, tuple[str, ...]]:
        """Return function and arguments of a read."""
        ...

    async def written(self, contract: Contract, numbers: Sequence[int]) -> int:
        """Return how many of these writes the ledger has."""
        ...


class Ours:
    """Quorate: a member registers a data set; reads the members."""

    def __init__(self, run: str) -> None:
        self._run = run

    def write(self, number: int) -> tuple[str, tuple[str, ...]]:
        request = make(
            Register,
            dataset=self._name(number),
            title="bench",
            unit="record",
            adjacency="add-or-remove-one",
            purposes=["research"],
            protection="unprotected",
            fingerprint=digest_of(f"{self._run}/{number}".encode()),
        )
        return functions.DATASET_REGISTER.name, (request.encode().decode(),)

    def read(self) -> tuple[str, tuple[str, ...]]:
        function = functions.CONSORTIUM_MEMBERS
        return function.name, (make(function.request).encode().decode(),)

    async def written(self, contract: Contract, numbers: Sequence[int]) -> int:
        function = functions.DATASET_LIST
        proposal = contract.new_proposal(function.name, make(function.request).encode())
        answer = function.answer.parse(await proposal.evaluate(timeout=30), limit=64 * 1024 * 1024)
        there = {found.dataset for found in answer.datasets}
        return sum(self._name(number) in there for number in numbers)

    def _name(self, number: int) -> str:
        return f"{self._run}-{number}"


class Raw:
    """The smallest chaincode: a key of its own for every write, with a value as long as Quorate's document."""

    def __init__(self, run: str) -> None:
        self._run = run
        self._value = Ours(run).write(0)[1][0]

    def write(self, number: int) -> tuple[str, tuple[str, ...]]:
        return "Put", (self._name(number), self._value)

    def read(self) -> tuple[str, tuple[str, ...]]:
        return "Get", ("nothing",)

    async def written(self, contract: Contract, numbers: Sequence[int]) -> int:
        turns = asyncio.Semaphore(16)

        async def is_there(number: int) -> bool:
            async with turns:
                return await contract.evaluate("Get", self._name(number)) != b""

        return sum(await asyncio.gather(*(is_there(number) for number in numbers)))

    def _name(self, number: int) -> str:
        return f"{self._run}-{number}"


@dataclass
class Measured:
    """What one load found; times in milliseconds."""

    seconds: float
    waits: list[float]
    cpu_seconds: float = 0.0
    failures: Counter[str] = field(default_factory=Counter)

    @property
    def per_second(self) -> float:
        return len(self.waits) / self.seconds

    @property
    def cpu_ms(self) -> float:
        """What one call cost all processes of the network and its callers together."""
        return self.cpu_seconds * 1000 / len(self.waits)

    @property
    def p50(self) -> float:
        return median(self.waits)

    @property
    def p95(self) -> float:
        return quantiles(self.waits, n=20)[-1]


async def submit(
    contracts: Sequence[Contract], workload: Workload, numbers: Sequence[int], *, at_once: int
) -> Measured:
    """Have so many callers, spread over the organisations, write until all numbers are written."""
    waiting = iter(numbers)
    everyone = itertools.cycle(contracts)

    async def write(contract: Contract, number: int) -> None:
        function, arguments = workload.write(number)
        await contract.submit(function, *arguments)

    return await _at_once([next(everyone) for _ in range(at_once)], waiting, write)


async def evaluate(contracts: Sequence[Contract], workload: Workload, count: int, *, at_once: int) -> Measured:
    """Have so many callers read until `count` reads are done."""
    everyone = itertools.cycle(contracts)
    function, arguments = workload.read()

    async def read(contract: Contract, _number: int) -> None:
        await contract.evaluate(function, *arguments)

    return await _at_once([next(everyone) for _ in range(at_once)], iter(range(count)), read)


async def _at_once(
    callers: Sequence[Contract], waiting: itertools.count[int], call: Callable[[Contract, int], Awaitable[None]]
) -> Measured:
    found = Measured(0.0, [])

    async def one(contract: Contract) -> None:
        for number in waiting:
            began = time.perf_counter()
            try:
                await call(contract, number)
            except (GatewayError, CommitError) as error:
                found.failures[f"{type(error).__name__}: {error}"[:200]] += 1
            else:
                found.waits.append((time.perf_counter() - began) * 1000)

    cpu, began = _cpu_seconds(), time.perf_counter()
    await asyncio.gather(*(one(caller) for caller in callers))
    found.seconds = time.perf_counter() - began
    found.cpu_seconds = _cpu_seconds() - cpu
    return found


def _cpu_seconds() -> float:
    """Return the time that this process and those that it started have had so far."""
    here = psutil.Process()
    times = [process.cpu_times() for process in (here, *here.children(recursive=True))]
    return sum(each.user + each.system for each in times)
