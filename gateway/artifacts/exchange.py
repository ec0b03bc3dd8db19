"""Artefacts from other members' gateways: any source will do, for the digest alone decides which bytes are right."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol
from weakref import WeakValueDictionary

from gateway.artifacts.kinship import require_alike
from gateway.artifacts.label import Description, Kind, Label
from quorate.errors import (
    ConflictError,
    DeniedError,
    IntegrityError,
    NotFoundError,
    QuorateError,
    TimedOutError,
    UnreachableError,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gateway.artifacts.bounds import SizeLimits
    from gateway.artifacts.store import ArtifactStore
    from gateway.artifacts.transfer import ArtifactClient
    from quorate.digest import Digest
    from quorate.identifiers import MspId

_log = logging.getLogger(__name__)

_PAUSE: Final = 0.05
_LONGEST_PAUSE: Final = 1.0
_ATTEMPT: Final = (
    2.0  # seconds for a source's first answer; one that is there and silent must not cost the others' turn
)
_TURN: Final = 10.0
# What may be otherwise a moment later, or at another source.
_PASSING: Final = (UnreachableError, TimedOutError, NotFoundError, DeniedError, ConflictError)


class Peers(Protocol):
    """The other members' gateways that are known at the moment."""

    def others(self) -> Sequence[MspId]:
        """Return the members that have announced a gateway, without the own organisation."""
        ...

    def artifacts(self, msp: MspId) -> ArtifactClient | None:
        """Return a client of a member's gateway; None when it has announced none."""
        ...


class Exchange:
    """Fetches into the own store.

    Parameters
    ----------
    store
        Where the bytes go. They are not forced to disk: they can be fetched again.
    peers
        Where they come from.
    limits
        Sizes of what no terms fix.
    parallel
        How many artefacts are fetched at once.
    turn
        Seconds after which a transfer makes way for another; what came is kept, and its next turn goes on from there.
    """

    def __init__(
        self, store: ArtifactStore, peers: Peers, *, limits: SizeLimits, parallel: int = 4, turn: float = _TURN
    ) -> None:
        self._store = store
        self._peers = peers
        self._limits = limits
        self._turns = _Turns(asyncio.Semaphore(parallel), turn)
        self._parts: dict[Digest, set[int]] = {}  # of what was not fetched whole: its sizes as sources said last
        self._locks: WeakValueDictionary[tuple[Digest, int], asyncio.Lock] = WeakValueDictionary()

    async def fetch(
        self, description: Description, sources: Sequence[MspId] | None = None, *, within: float
    ) -> MspId | None:
        """Bring an artefact into the store; return who served it, or None when it was here already.

        Every source is asked in turn, again and again until the time is up: one that refuses now may not have seen the
        seal yet. One that is silent gets a little longer with every turn. One that alone served wrong bytes is not
        asked again.

        Parameters
        ----------
        sources
            Whose gateways to ask, in this order; by default the writer's, then everyone else's.
        within
            Seconds from now until it counts as unavailable.

        Raises
        ------
        NotFoundError
            When nobody served it in time; says what each source answered.
        IntegrityError
            When every source serves wrong bytes, or what is here under this digest is something else.
        NoSpaceError, StorageError
            When the own disk does not take it.
        """
        if self._store.has(description.digest):
            await _take_as(self._store, description)
            return None
        order = list(sources) if sources is not None else self._order(description.label)
        hunt = _Hunt(description, self._store, self._peers, order, self._turns)
        try:
            # One hunt for one unfinished file: two would take it from each other for ever.
            lock = self._locks.setdefault((description.digest, description.size), asyncio.Lock())
            async with asyncio.timeout(within), lock:
                return await hunt.run()
        except TimeoutError as error:
            raise hunt.unavailable(within) from error

    async def fetch_all(
        self, descriptions: Iterable[Description], *, within: float
    ) -> dict[Digest, QuorateError | None]:
        """Fetch several at once; return for each digest what went wrong, or None.

        One digest may be described with several lengths: whoever commits to another one's update gives it a length of
        its own, and all but one of them are wrong. They are fetched beside each other, and the first that comes is it.
        What goes wrong with the own disk is raised, for it concerns them all.
        """
        hunts: dict[Digest, dict[Description, asyncio.Task[QuorateError | None]]] = {}

        async def one(description: Description) -> QuorateError | None:
            try:
                await self.fetch(description, within=within)
            except (NotFoundError, IntegrityError) as error:
                return error
            for other, hunt in hunts[description.digest].items():
                if other.size != description.size:
                    hunt.cancel()
            return None

        try:
            async with asyncio.TaskGroup() as group:
                for description in descriptions:
                    hunts.setdefault(description.digest, {})[description] = group.create_task(one(description))
        except BaseExceptionGroup as failed:
            raise failed.exceptions[0] from failed  # the first has ended the others
        return {digest: _outcome(claimed.values()) for digest, claimed in hunts.items()}

    async def fetch_named(self, digest: Digest, label: Label, *, within: float) -> Description:
        """Bring an artefact of unknown size into the store, such as a plan; errors as `fetch`.

        The sources are asked for its size; one that says more than its kind may have is not believed. Where they differ
        each is tried, for one of them may lie. Parts are kept of the sizes that were said last, and of plans none.
        """
        if (here := self._store.size(digest)) is not None:
            await _attach(self._store, digest, label)
            return Description(digest=digest, size=here, label=label)
        loop = asyncio.get_running_loop()
        end = loop.time() + within
        try:
            async with asyncio.timeout(within):
                sizes = await self._claimed(digest, label)
        except TimeoutError as error:
            raise NotFoundError(f"no member's gateway has had {label} ({digest}) for {within:g} s") from error
        claims = [Description(digest=digest, size=size, label=label) for size in sorted(sizes)]
        await self._discard(digest, self._parts.pop(digest, set()) - sizes)
        self._parts[digest] = sizes
        failed = (await self.fetch_all(claims, within=max(end - loop.time(), 0.001)))[digest]
        if failed is None or label.kind is Kind.PLAN:
            await self._discard(digest, self._parts.pop(digest, set()))
        found = next((claim for claim in claims if claim.size == self._store.size(digest)), None)
        if failed is not None or found is None:
            raise failed or NotFoundError(f"{label} ({digest}) is gone again")
        return found

    async def _discard(self, digest: Digest, sizes: Iterable[int]) -> None:
        for size in sizes:
            await self._store.discard(digest, size)

    async def _claimed(self, digest: Digest, label: Label) -> set[int]:
        """Return the sizes that sources give an artefact, as soon as one has it."""
        pause = _PAUSE
        while True:
            said = await asyncio.gather(*(self._size(msp, digest, label) for msp in self._order(label)))
            if sizes := set(said) - {0}:
                return sizes
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    async def _size(self, msp: MspId, digest: Digest, label: Label) -> int:
        """Return the size that one source gives an artefact; 0 when it has none to give."""
        client = self._peers.artifacts(msp)
        try:
            held = await client.stat(digest, within=_ATTEMPT) if client else None
        except QuorateError as error:  # whatever it says, it is a matter of this source alone
            _log.info("%s cannot say how large %s is: %s", msp, digest, error)
            return 0
        fits = held is not None and held.complete and held.size <= self._limits.of(label.kind)
        return held.size if held is not None and fits else 0

    def _order(self, label: Label) -> list[MspId]:
        others = list(self._peers.others())
        return sorted(others, key=lambda msp: msp != label.msp)


def _outcome(hunts: Iterable[asyncio.Task[QuorateError | None]]) -> QuorateError | None:
    """Return what went wrong with the first of one digest's hunts, or None when one of them has brought it."""
    errors = [hunt.result() for hunt in hunts if not hunt.cancelled()]
    return None if None in errors else errors[0]


async def _take_as(store: ArtifactStore, description: Description) -> None:
    """Let what is here be what is described; `IntegrityError` when it cannot be."""
    size = store.size(description.digest)
    if size != description.size:
        raise IntegrityError(f"{description.digest} has {size} bytes, so it cannot be {description.label}")
    await _attach(store, description.digest, description.label)


async def _attach(store: ArtifactStore, digest: Digest, label: Label) -> None:
    require_alike(digest, store.labels(digest), label)
    await store.attach(digest, label)


@dataclass(frozen=True, slots=True)
class _Turns:
    """Who may transfer now. A turn is for one attempt: what nobody serves must not keep the rest from being fetched."""

    free: asyncio.Semaphore
    seconds: float


class _Hunt:
    """One artefact's way through its sources."""

    def __init__(
        self, description: Description, store: ArtifactStore, peers: Peers, order: Sequence[MspId], turns: _Turns
    ) -> None:
        self._turns = turns
        self._description = description
        self._store = store
        self._peers = peers
        self._order = order
        self._answers: dict[MspId, QuorateError] = {}
        self._liars: set[MspId] = set()
        # Who sent the bytes that are kept; what an earlier process left came from nobody in particular.
        self._senders: set[MspId | None] = {None} if self._kept() else set()

    async def run(self) -> MspId | None:
        if self._store.has(self._description.digest):  # another hunt has ended just now
            await _take_as(self._store, self._description)
            return None
        pause, patience = _PAUSE, _ATTEMPT
        while True:
            for msp in self._order:
                if msp not in self._liars and await self._try(msp, patience):
                    return msp
            if self._order and self._liars.issuperset(self._order):
                raise IntegrityError(f"every source serves other bytes than {self._description.digest}: {self._said()}")
            await asyncio.sleep(pause)
            pause, patience = min(pause * 2, _LONGEST_PAUSE), patience * 2

    def unavailable(self, within: float) -> NotFoundError:
        return NotFoundError(
            f"no source served {self._description.label} within {within:g} s: {self._said() or 'none is known'}",
            hint="Its writer can store it again until the round ends.",
        )

    async def _try(self, msp: MspId, patience: float) -> bool:
        client = self._peers.artifacts(msp)
        if client is None:
            self._answers[msp] = UnreachableError("has announced no gateway")
            return False
        while True:
            try:
                await self._take_turn(msp, client, patience)
            except IntegrityError as error:
                await self._store.discard(self._description.digest, self._description.size)
                if self._senders == {msp}:
                    _log.warning("%s serves wrong bytes: %s", msp, error)
                    self._answers[msp] = error
                    self._liars.add(msp)
                    return False
                # Bytes of several senders: whose were wrong shows when this one sends them all.
            except _PASSING as error:
                self._answers[msp] = error
                return False
            else:
                return True

    async def _take_turn(self, msp: MspId, client: ArtifactClient, patience: float) -> None:
        async with self._turns.free:
            self._senders = self._senders | {msp} if self._kept() else {msp}
            try:
                async with asyncio.timeout(self._turns.seconds):
                    await client.get_once(self._description, self._store, durable=False, patience=patience)
            except TimeoutError as error:
                raise TimedOutError(f"was not done within {self._turns.seconds:g} s", cause=error) from error

    def _kept(self) -> int:
        return self._store.partial(self._description.digest, self._description.size)

    def _said(self) -> str:
        return "; ".join(f"{msp}: {error.message}" for msp, error in self._answers.items())
