"""Every read is decided by the policies in force and logged before it is answered."""

import asyncio
import json
from dataclasses import dataclass, field, replace

import pytest

from gateway.audit.access import Desk
from gateway.audit.access.anchor import Anchorer
from gateway.audit.trail import Cursor, EventFilter, Trail
from gateway.audit.trail.fill import Filler
from quorate.digest import digest_of
from quorate.errors import DeniedError, NotFoundError, StorageError, UnreachableError, UsageError
from quorate.records.common import make
from quorate.records.policy import Policy

TEXT = """
@id("officers") permit (principal in Role::"officer", action, resource);
@id("not-two") forbid (principal, action, resource == AuditTrail::"two");
"""
STAMP = {"tx": "0" * 64, "claimed_time": 1, "msp": "AlderMSP", "role": "operator", "certificate": digest_of(b"x")}


@dataclass
class Rules:
    """What the desk knows of the consortium."""

    text: str | None = TEXT
    members: dict = field(default_factory=lambda: dict.fromkeys(("AlderMSP", "BirchMSP")))

    @property
    def policy(self):
        if self.text is None:
            return None
        return make(Policy, version=3, digest=digest_of(self.text.encode()), text=self.text, in_force=STAMP)


@pytest.fixture
def desk(trail, log):
    return Desk(trail, log, Rules(), clock=lambda: 1_790_000_000_000)


def last(desk):
    return list(desk.log.entries())[-1]


async def test_a_read_is_logged_with_its_filter_and_its_decision(desk, officer):
    found = await desk.page(officer, EventFilter(severity=1), via="portal", at=Cursor(sequence=9), limit=2)
    assert len(found.events) == 2
    entry = last(desk)
    assert (entry.what, entry.via, entry.height) == ("events", "portal", found.height)
    assert json.loads(entry.asked) == {"severity": 1, "limit": 2, "at": "before-9"}
    assert (entry.allowed, entry.policies, entry.policy_version) == (True, ["officers"], 3)
    answer = await desk.ask(officer, "members", {"study": None}, via="command")
    assert answer.members == ("AlderMSP", "BirchMSP", "CedarMSP")
    assert (last(desk).what, last(desk).asked) == ("question/members", "{}")
    assert desk.added.is_set()


async def test_a_refused_read_is_logged_too(desk, officer):
    with pytest.raises(DeniedError, match="may not read the audit trail as agent: denied by default"):
        await desk.ask(replace(officer, role="agent"), "members", {}, via="command")
    assert (last(desk).allowed, last(desk).role, last(desk).policies) == (False, "agent", [])
    with pytest.raises(DeniedError, match="not-two"):
        await desk.ask(officer, "spending", {"study": "two"}, via="command")
    with pytest.raises(DeniedError, match="may not export"):
        await desk.permit_export(replace(officer, role="operator"), {}, via="command")
    assert desk.log.count == 3


@pytest.mark.parametrize(
    "text",
    [
        None,
        "permit (principal, action, resource",
        '@id("x") permit (principal, action, resource) when { principal.no }; ',
    ],
)
async def test_what_cannot_be_decided_is_denied(trail, log, officer, text):
    desk = Desk(trail, log, Rules(text), clock=lambda: 5)
    with pytest.raises(DeniedError):
        await desk.page(officer, EventFilter(), via="command")
    assert not last(desk).allowed


async def test_a_log_that_cannot_be_written_lets_nobody_read(desk, officer):
    desk.log.close()
    with pytest.raises(StorageError):
        await desk.page(officer, EventFilter(), via="command")


async def test_questions_that_are_none(desk, officer):
    with pytest.raises(NotFoundError, match="no question 'weather'"):
        await desk.ask(officer, "weather", {}, via="command")
    for name, asked in (
        ("members", {"model": "x"}),
        ("lineage", {}),
        ("members", {"round": 1}),
        ("spending", {"study": "A B"}),
    ):
        with pytest.raises(UsageError):
            await desk.ask(officer, name, asked, via="command")


async def test_the_access_log_is_checked_against_the_ledgers_anchors(desk, officer):
    stand = await desk.access_log(officer, via="check")
    assert (stand["entries"], stand["anchored"], stand["problem"]) == (1, 0, "")
    assert stand["unanchored_since"] == 1_790_000_000_000
    entry = await desk.checked(officer, {"failed": ["a check"]})
    assert (entry.number, entry.via, entry.what) == (2, "check", "checked")


class Commits:
    """A ledger that takes anchors, or refuses."""

    def __init__(self):
        self.anchors, self.refuses = [], False
        self.came = asyncio.Event()

    async def anchor_access_log(self, *, entries, head):
        if self.refuses:
            raise UnreachableError("no peer")
        self.anchors.append((entries, head))
        self.came.set()


async def test_the_head_is_anchored_after_so_many_entries_and_at_the_end(desk, officer):
    commits = Commits()
    anchorer = Anchorer(desk, commits, entries=2, seconds=3600)
    task = asyncio.create_task(anchorer.run())
    for _ in range(2):
        await desk.page(officer, EventFilter(), via="command")
    async with asyncio.timeout(60):
        await commits.came.wait()
    assert commits.anchors == [(2, desk.log.head().head)]
    await desk.page(officer, EventFilter(), via="command")
    task.cancel()
    await anchorer.finish()
    await anchorer.finish()
    assert [entries for entries, _ in commits.anchors] == [2, 3]


async def test_the_head_is_anchored_some_time_after_an_entry(desk, officer):
    commits = Commits()
    task = asyncio.create_task(Anchorer(desk, commits, entries=100, seconds=0.05).run())
    await desk.page(officer, EventFilter(), via="command")
    async with asyncio.timeout(60):
        await commits.came.wait()
    task.cancel()
    assert [entries for entries, _ in commits.anchors] == [1]


async def test_a_ledger_out_of_reach_keeps_no_gateway_from_ending(desk, officer):
    commits = Commits()
    commits.refuses = True
    await desk.page(officer, EventFilter(), via="command")
    await Anchorer(desk, commits, entries=1, seconds=1).finish()
    assert commits.anchors == []


class Stream:
    """Blocks from a number on; breaks where it is told to, else waits for more."""

    def __init__(self, blocks, start, breaks_at):
        self._blocks, self._at, self._breaks_at = blocks, start, breaks_at

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        return None

    def __aiter__(self):
        return self

    async def __anext__(self):
        if self._at == self._breaks_at:
            raise UnreachableError("the peer has gone")
        if self._at >= len(self._blocks):
            await asyncio.Event().wait()
        self._at += 1
        return self._blocks[self._at - 1]


async def test_the_trail_is_filled_through_broken_streams_and_wakes_who_waits(consortium, log, officer, tmp_path):
    blocks = consortium.ledger.chain.blocks
    starts = []

    def source(start):
        starts.append(start)
        return Stream(blocks, start, 5 if len(starts) == 1 else None)

    trail = Trail.open(tmp_path / "trail.db")  # in memory, who reads and who writes would share a connection
    filler = Filler(trail, source)
    desk = Desk(trail, log, Rules(), clock=lambda: 5, filler=filler)
    desk.ready.set()
    task = asyncio.create_task(filler.run())
    async with asyncio.timeout(60):
        pages = await desk.changes(officer, EventFilter(), via="portal", after=Cursor(sequence=0))
    first = asyncio.create_task(anext(pages))
    async with asyncio.timeout(60):
        await first
        await filler.wait_for(len(blocks))
    assert trail.height == len(blocks)
    assert starts in ([0, 5], [0, 0])  # what was on its way when the stream broke is read again
    assert filler.trouble is None
    seen = [event.sequence for event in (await first).events]
    assert min(seen) == 1
    task.cancel()
    await pages.aclose()
    assert last(desk).what == "events/live"
    trail.close()


async def test_blocks_of_another_ledger_are_trouble(consortium):
    blocks = consortium.ledger.chain.blocks
    trail = Trail.open(None)
    trail.append([blocks[0].SerializeToString()])
    filler = Filler(trail, lambda start: Stream([blocks[0], blocks[2]], start, None))
    task = asyncio.create_task(filler.run())
    async with asyncio.timeout(60):
        while filler.trouble is None:  # noqa: ASYNC110 - nothing wakes who waits for trouble
            await asyncio.sleep(0.01)
    assert "block 2 came where block 1 was due" in filler.trouble
    task.cancel()
    trail.close()
