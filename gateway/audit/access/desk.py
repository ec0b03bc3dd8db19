"""The one place where the trail is read: it asks the policies, logs, and only then answers."""

from __future__ import annotations

import asyncio
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING, Any, Final

from gateway.audit.access.anchors import anchors_of
from gateway.audit.access.permission import decide
from gateway.audit.trail.detail import transaction
from gateway.audit.trail.filter import Cursor, EventFilter
from gateway.audit.trail.observations import News, beside
from gateway.audit.trail.pages import MOST_ROWS, page
from gateway.audit.trail.questions.registry import NOTHING, Memory, ask, question_named
from quorate.errors import DeniedError, IntegrityError, StateError
from quorate.policy import AUDIT_EXPORT, AUDIT_READ

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping

    from gateway.audit.access.entry import Entry, Via
    from gateway.audit.access.log import AccessLog
    from gateway.audit.access.permission import Rules
    from gateway.audit.access.reader import Reader
    from gateway.audit.trail.detail import TransactionDetail
    from gateway.audit.trail.fill import Filler
    from gateway.audit.trail.pages import EventPage
    from gateway.audit.trail.questions.answer import Answer
    from gateway.audit.trail.store import Trail
    from quorate.blocks.config import ChannelConfig
    from quorate.policy import Decision

_SETTLING_SECONDS: Final = 10.0

EVENTS: Final = "events"
EXPORT: Final = "export"
TRANSACTION: Final = "transaction"
CHECKED: Final = "checked"
ACCESS_LOG: Final = "access-log"
LIVE: Final = "events/live"


class Desk:
    """Answers readers.

    Parameters
    ----------
    trail
        What is read.
    log
        Where every read goes first.
    rules
        The policies in force, and the members.
    filler
        Tells when there are new blocks; None where nothing ever comes.
    memory
        What the gateway knows besides the ledger.
    clock
        Unix milliseconds.

    Notes
    -----
    A read that is refused is logged too. A log that cannot be written to lets nobody read.
    """

    def __init__(
        self,
        trail: Trail,
        log: AccessLog,
        rules: Rules,
        *,
        clock: Callable[[], int],
        filler: Filler | None = None,
        memory: Memory = NOTHING,
    ) -> None:
        self.trail = trail
        self.log = log
        self.added = asyncio.Event()
        """Set whenever an entry was added to the log; whoever waits for it clears it."""
        self.ready = asyncio.Event()
        """Set once the policies in force are known; until then readers wait a little."""
        self._rules = rules
        self._clock = clock
        self._filler = filler
        self.memory = memory

    async def configuration(self) -> ChannelConfig:
        """Return the channel's configuration, by which readers are known; waits for it after a first start.

        Raises
        ------
        StateError
            When it is not known in time.
        """
        await self._settled()
        found = await asyncio.to_thread(self.trail.configuration)
        if found is None:
            raise StateError("the channel's configuration is not known yet", hint="Is the peer reachable? Try again.")
        return found

    async def page(
        self, reader: Reader, wanted: EventFilter, *, via: Via, at: Cursor | None = None, limit: int = 50
    ) -> EventPage:
        """Return a page of events, as `gateway.audit.trail.page` does.

        Raises
        ------
        DeniedError
            When the policies in force do not let the reader read.
        StorageError
            When the read cannot be logged.
        """
        asked = _without_defaults(wanted) | {"limit": limit} | ({} if at is None else {"at": at.encode()})
        await self.admit(reader, AUDIT_READ, via=via, what=EVENTS, asked=asked, study=wanted.study)
        return await asyncio.to_thread(page, self.trail, wanted, at=at, limit=limit, observing=self.memory.observing)

    async def transaction(self, reader: Reader, transaction_id: str, *, via: Via) -> TransactionDetail:
        """Return one transaction; errors as `page`, and `NotFoundError` when there is none."""
        asked = {"transaction": transaction_id[:64]}
        await self.admit(reader, AUDIT_READ, via=via, what=TRANSACTION, asked=asked)
        return await asyncio.to_thread(transaction, self.trail, transaction_id)

    async def ask(self, reader: Reader, name: str, asked: Mapping[str, object], *, via: Via) -> Answer[Any]:
        """Return the answer to a question of `QUESTIONS`; errors as `page`, and as `questions.ask`."""
        question_named(name)
        given = {key: value for key, value in asked.items() if value is not None}
        study = given.get("study")
        await self.admit(
            reader,
            AUDIT_READ,
            via=via,
            what=f"question/{name}",
            asked=given,
            study=study if isinstance(study, str) else None,
        )
        return await asyncio.to_thread(ask, self.trail, name, given, self.memory)

    async def permit_export(self, reader: Reader, extent: Mapping[str, object], *, via: Via) -> Decision:
        """Return the decision by which the reader may export a bundle, or a page as a file; errors as `page`."""
        study = extent.get("study")
        return await self.admit(
            reader,
            AUDIT_EXPORT,
            via=via,
            what=EXPORT,
            asked=extent,
            study=study if isinstance(study, str) else None,
        )

    async def changes(
        self, reader: Reader, wanted: EventFilter, *, via: Via, after: Cursor | None = None
    ) -> AsyncGenerator[EventPage, None]:
        """Return pages of events newer than a place, then every further one as its block comes; errors as `page`.

        It is logged once, and nothing is refused any more once this has returned.

        Parameters
        ----------
        after
            Where to go on; at the end when None.
        """
        asked = _without_defaults(wanted) | ({} if after is None else {"after": after.encode()})
        await self.admit(reader, AUDIT_READ, via=via, what=LIVE, asked=asked, study=wanted.study)
        place = await asyncio.to_thread(self._end) if after is None else after
        news = News(self.memory.observing)
        await asyncio.to_thread(news.take)  # what was observed before stands on pages, and is no news
        return self._follow(wanted, place.sequence, news)

    async def _follow(self, wanted: EventFilter, last: int, news: News) -> AsyncGenerator[EventPage, None]:
        if self._filler is None:
            return
        async with aclosing(self._filler.heights()) as heights:
            async for _ in heights:
                while True:
                    found = await asyncio.to_thread(self._since, wanted, last, news)
                    if found.events:
                        last = found.events[0].sequence
                    elif not found.observations:
                        break
                    yield found

    def _since(self, wanted: EventFilter, last: int, news: News) -> EventPage:
        at = Cursor(sequence=last, newer=True)
        found = page(self.trail, wanted, at=at, limit=MOST_ROWS)
        with self.trail.engine.connect() as connection:
            between = beside(connection, wanted, news.take(), low=0, high=None)
        return found.model_copy(update={"observations": between})

    async def admit(
        self,
        reader: Reader,
        action: str,
        *,
        via: Via,
        what: str,
        asked: Mapping[str, object],
        study: str | None = None,
    ) -> Decision:
        """Log what a reader wants and return the decision that allows it; for pages that are no question.

        Raises
        ------
        DeniedError
            When no policy in force permits it, or one forbids it.
        StorageError
            When it cannot be logged.
        """
        await self._settled()
        decision = decide(self._rules, reader, action, study=study, now=self._clock())
        await self._add(reader, via=via, what=what, asked=asked, decision=decision)
        if not decision.allowed:
            raise DeniedError(
                f"{reader.msp} may not {'export' if action == AUDIT_EXPORT else 'read'} the audit trail as "
                f"{reader.role or 'nobody in particular'}: {decision}",
                hint="Use the profile of your organisation's officer.",
            )
        return decision

    def reads_all(self, reader: Reader) -> bool:
        """Tell whether the policies in force let a reader read of everything, and not of some studies only."""
        return decide(self._rules, reader, AUDIT_READ, study=None, now=self._clock()).allowed

    async def access_log(self, reader: Reader, *, via: Via) -> dict[str, object]:
        """Check the whole access log against the ledger's anchors, and return where it stands; errors as `page`.

        Returns
        -------
        dict
            ``entries``, ``head``, ``anchored``, ``unanchored_since`` (Unix milliseconds, or None), ``problem``, which
            is empty when the log is whole, and ``trouble``: why the trail does not follow the ledger just now.
        """
        await self.admit(reader, AUDIT_READ, via=via, what=ACCESS_LOG, asked={})
        trouble = "" if self._filler is None else self._filler.trouble or ""
        return {**await asyncio.to_thread(self._stand), "trouble": trouble, "height": self.trail.height}

    def _stand(self) -> dict[str, object]:
        anchors = anchors_of(self.trail, self.log)
        try:
            head = self.log.check(anchors)
        except IntegrityError as error:
            return {"entries": 0, "head": "", "anchored": 0, "unanchored_since": None, "problem": error.message}
        first = next(iter(self.log.entries(head.anchored + 1)), None)
        return {
            "entries": head.entries,
            "head": head.head,
            "anchored": head.anchored,
            "unanchored_since": None if first is None else first.time,
            "problem": "",
        }

    async def checked(self, reader: Reader, outcome: Mapping[str, object]) -> Entry:
        """Log that a reader ran the scheduled audit, and what it found; errors as `page`."""
        await self.admit(reader, AUDIT_READ, via="check", what=CHECKED, asked=outcome)
        return await asyncio.to_thread(self.log.last)

    async def note(self, reader: Reader, *, via: Via, what: str, asked: Mapping[str, object]) -> Entry:
        """Log what the gateway did by its own configuration, such as a deletion."""
        return await self._add(reader, via=via, what=what, asked=asked, decision=None)

    async def _settled(self) -> None:
        """Wait, for a while after the gateway starts, for policies and configuration."""
        if self._filler is None:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(_SETTLING_SECONDS):
                await self.ready.wait()
                await self._filler.wait_for(1)

    async def _add(
        self, reader: Reader, *, via: Via, what: str, asked: Mapping[str, object], decision: Decision | None
    ) -> Entry:
        def write() -> Entry:
            height = self.trail.height
            return self.log.add(
                reader, via=via, what=what, asked=asked, height=height, decision=decision, time=self._clock()
            )

        entry = await asyncio.to_thread(write)
        self.added.set()
        return entry

    def _end(self) -> Cursor:
        found = page(self.trail, EventFilter(), limit=1).events
        return Cursor(sequence=found[0].sequence if found else 0, newer=True)


def _without_defaults(wanted: EventFilter) -> dict[str, object]:
    return wanted.model_dump(mode="json", exclude_defaults=True)
