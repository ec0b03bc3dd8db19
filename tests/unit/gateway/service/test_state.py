from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Self, cast

import pytest

from gateway.artifacts.label import Kind, Label
from gateway.fabric import ChaincodeEvent, FileCheckpointer
from gateway.service.drain import Drain
from gateway.service.follow import Follower
from gateway.service.limiter import Slots
from gateway.service.proposals import KEPT_PROPOSALS
from gateway.service.protos.quorate.v1.studies_pb2 import WatchRequest
from gateway.service.state import KEPT_ROUNDS, Change, Projection
from gateway.service.studies import StudiesService
from quorate import canonical
from quorate.errors import TimedOutError, UnreachableError, UnsupportedVersionError
from quorate.identifiers import DatasetId, MspId, RoundNumber, StudyId
from quorate.records.consortium import MemberView
from tests.unit.gateway.service.ledger_double import LedgerDouble, round_record, study_record

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from gateway.fabric import Checkpointer
    from gateway.service.methods import Call
    from quorate.records.study import StudyView

ALDER, HEART = MspId("AlderMSP"), StudyId("heart")
CALL = cast("Call", SimpleNamespace(caller=SimpleNamespace(certificate="the agent's")))


@pytest.fixture
def state(ledger: LedgerDouble) -> Projection:
    return Projection(ALDER, ledger)


class Events:
    """The chaincode's events, as a stream that tests write to and can break."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[ChaincodeEvent | Exception] = asyncio.Queue()
        self.opened_at: list[int] = []

    def __call__(self, checkpointer: Checkpointer) -> _Stream:
        self.opened_at.append(checkpointer.block_number)
        return _Stream(self.queue)

    def emit(self, block: int, *facts: dict[str, object], payload: bytes | None = None) -> None:
        document = {"schema": "quorate.events/1", "events": list(facts)}
        self.queue.put_nowait(
            ChaincodeEvent(
                block_number=block,
                transaction_id=f"{block:064x}",
                chaincode_name="quorate",
                event_name="quorate",
                payload=canonical.dumps(document) if payload is None else payload,
            )
        )


class _Stream:
    def __init__(self, queue: asyncio.Queue[ChaincodeEvent | Exception]) -> None:
        self._queue = queue

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        return None

    def __aiter__(self) -> _Stream:
        return self

    async def __anext__(self) -> ChaincodeEvent:
        item = await self._queue.get()
        if isinstance(item, Exception):
            raise item
        return item


@asynccontextmanager
async def following(state: Projection, events: Events, path: Path) -> AsyncIterator[Follower]:
    follower = Follower(state, events, FileCheckpointer(path / "events.json"))
    task = asyncio.create_task(follower.run())
    try:
        yield follower
    finally:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_loading_reads_members_policies_studies_and_newest_rounds(
    state: Projection, ledger: LedgerDouble, birch_member: MemberView
) -> None:
    ledger.members_["BirchMSP"] = birch_member
    ledger.put(study_record(), round_record(1, state="ABORTED"), round_record(2))
    await state.load()
    assert list(state.members) == ["BirchMSP"]
    assert state.charter is not None
    assert state.policy is not None
    assert state.studies[HEART].study.state == "RUNNING"
    assert list(state.rounds) == [(HEART, 2)]
    assert state.latest(HEART) is state.rounds[HEART, RoundNumber(2)]


def proposals(count: int, *, proposer: str = ALDER, state: str = "PROPOSED") -> list[StudyView]:
    """Return studies that an organisation has proposed, the oldest first."""
    found = []
    for number in range(count):
        view = study_record(f"{proposer[:5].lower()}-{number:03}", state=state)
        proposed = view.study.proposed.model_copy(update={"claimed_time": number})
        study = view.study.model_copy(update={"proposer": proposer, "proposed": proposed})
        found.append(view.model_copy(update={"study": study}))
    return found


def changed(view: StudyView, **fields: object) -> StudyView:
    return view.model_copy(update={"study": view.study.model_copy(update=fields)})


async def seen(state: Projection, ledger: LedgerDouble, *views: StudyView) -> None:
    for view in views:
        ledger.put(view)
        await state.refresh(StudyId(view.study.study))


@pytest.mark.parametrize("schema", ["quorate.study_view/2", "quorate.study/1"])
async def test_a_study_that_is_not_understood_keeps_no_other_from_being_read(
    state: Projection, ledger: LedgerDouble, schema: str, caplog: pytest.LogCaptureFixture
) -> None:
    odd = study_record("a-first-one").study
    view = SimpleNamespace(study=odd, as_json=lambda: {"schema": schema})
    ledger.studies_["a-first-one"] = cast("StudyView", view)
    ledger.put(study_record())
    await state.load()
    assert list(state.studies) == [HEART]
    assert "study a-first-one is not understood" in caplog.text


async def test_of_what_a_member_proposes_only_so_many_are_read(state: Projection, ledger: LedgerDouble) -> None:
    """Anybody may propose any number of studies, of 64 KiB each; that must not keep a gateway from starting."""
    ledger.put(study_record(), *proposals(KEPT_PROPOSALS + 6))
    await state.load()
    assert ledger.reads == 1 + 1 + 1 + KEPT_PROPOSALS  # members, the list, the study that runs
    assert len(state.studies) == 1 + KEPT_PROPOSALS
    assert HEART in state.studies


async def test_of_what_a_member_proposes_the_first_are_kept(state: Projection, ledger: LedgerDouble) -> None:
    others = proposals(2, proposer="BirchMSP")
    rejected = proposals(3, proposer="CedarMSP", state="REJECTED")
    flood = proposals(KEPT_PROPOSALS + 3)
    await seen(state, ledger, study_record(), *others, *rejected, *flood)
    names = {view.study.study for view in (*others, *rejected, *flood[:KEPT_PROPOSALS])}
    assert set(state.studies) == {HEART, *names}

    await seen(state, ledger, changed(flood[-1], state="APPROVED"))
    assert set(state.studies) == {HEART, flood[-1].study.study, *names}


@pytest.mark.parametrize("ended", [{"state": "REJECTED"}, {"expires_time": 10}], ids=["voted down", "never voted on"])
async def test_what_nobody_can_vote_on_is_forgotten_first(
    state: Projection, ledger: LedgerDouble, ended: dict[str, object]
) -> None:
    old = [changed(view, **ended) for view in proposals(KEPT_PROPOSALS)]
    later = [
        changed(view, proposed=view.study.proposed.model_copy(update={"claimed_time": 1000 + number}))
        for number, view in enumerate(proposals(2, proposer="ElderMSP"))
    ]
    waiting = [changed(view, proposer=ALDER) for view in later]
    await seen(state, ledger, *old, *waiting)
    assert set(state.studies) == {view.study.study for view in (*old[2:], *waiting)}


async def test_what_was_forgotten_meanwhile_is_not_told(state: Projection, ledger: LedgerDouble) -> None:
    first, *others = proposals(KEPT_PROPOSALS + 1)
    await seen(state, ledger, study_record(), changed(first, state="REJECTED"))
    watching = StudiesService(state, Slots(4, limit="limits.streams_at_once"), Drain()).watch(WatchRequest(), CALL)
    assert (await anext(watching)).study.study == HEART
    await seen(state, ledger, *others)  # the next was due, and is not here any more
    told = [await anext(watching) for _ in range(1 + KEPT_PROPOSALS)]
    assert [answer.WhichOneof("event") for answer in told] == ["caught_up", *["study"] * KEPT_PROPOSALS]
    assert [answer.study.study for answer in told[1:]] == [view.study.study for view in others]
    await watching.aclose()


async def test_before_a_charter_there_are_no_members_and_no_policies(state: Projection) -> None:
    await state.load()
    assert (dict(state.members), state.charter, state.policy) == ({}, None, None)


async def test_waiting_ends_with_the_change_that_it_waits_for(state: Projection, ledger: LedgerDouble) -> None:
    ledger.put(study_record(state="READY"))
    await state.load()
    waiting = asyncio.create_task(
        state.wait_for(lambda s: s.studies[HEART].study.state == "RUNNING" or None, timeout=60)
    )
    await state.refresh(HEART)
    ledger.put(study_record())
    assert not waiting.done()
    await state.refresh(HEART)
    assert await waiting is True


async def test_waiting_has_an_end(state: Projection) -> None:
    with pytest.raises(TimedOutError):
        await state.wait_for(lambda _: None, timeout=0.05)


async def test_a_refresh_wakes_whoever_waits_even_when_nothing_differs(state: Projection, ledger: LedgerDouble) -> None:
    ledger.put(study_record())
    await state.load()
    before = state.studies[HEART]
    waiting = asyncio.create_task(state.wait_for(lambda s: s.studies[HEART] is not before or None, timeout=60))
    await asyncio.sleep(0)
    await state.refresh(HEART)
    assert await waiting is True


async def test_changes_come_in_order_and_several_of_one_kind_come_once(state: Projection, ledger: LedgerDouble) -> None:
    ledger.put(study_record(), round_record())
    await state.load()
    for _ in range(3):
        await state.refresh(HEART)
    changes = state.changes()
    assert [await anext(changes) for _ in range(2)] == [Change(7, HEART, RoundNumber(1)), Change(8, HEART, None)]
    waiting = asyncio.ensure_future(anext(changes))
    await asyncio.sleep(0)
    assert not waiting.done()
    await state.refresh_round(HEART, RoundNumber(1))
    assert await waiting == Change(9, HEART, RoundNumber(1))
    await changes.aclose()


async def test_memory_holds_only_the_newest_rounds_and_older_ones_are_read_when_asked_for(
    state: Projection, ledger: LedgerDouble
) -> None:
    count = KEPT_ROUNDS + 4
    ledger.put(study_record(), *(round_record(number) for number in range(1, count + 1)))
    for number in range(1, count + 1):
        await state.refresh(HEART, RoundNumber(number))
    assert sorted(number for _, number in state.rounds) == list(range(5, count + 1))
    label = Label(kind=Kind.UPDATE, study=HEART, round=1, msp=ALDER, dataset=DatasetId("ward"))
    facts = await state.facts(label)
    assert facts.round is not None
    assert facts.round.round.round == 1


async def test_facts_about_what_the_ledger_does_not_know_are_empty(state: Projection) -> None:
    facts = await state.facts(Label(kind=Kind.FINAL_MODEL, study=StudyId("unheard-of"), round=1))
    assert (facts.study, facts.round) == (None, None)


async def test_events_say_what_is_read_anew(state: Projection, ledger: LedgerDouble, tmp_path: Path) -> None:
    ledger.put(study_record(state="READY"))
    events = Events()
    async with following(state, events, tmp_path) as follower:
        await follower.loaded.wait()
        ledger.put(study_record(), round_record())
        events.emit(
            7, {"type": "study.started", "study": "heart"}, {"type": "round.opened", "study": "heart", "round": 1}
        )
        view = await state.wait_for(lambda s: s.rounds.get((HEART, RoundNumber(1))), timeout=60)
        assert view.round.state == "OPEN"
        await state.wait_for(lambda s: s.height == 7 or None, timeout=60)
        assert state.studies[HEART].study.state == "RUNNING"


async def test_a_commit_is_read_with_one_call(state: Projection, ledger: LedgerDouble, tmp_path: Path) -> None:
    ledger.put(study_record(), round_record())
    events = Events()
    async with following(state, events, tmp_path) as follower:
        await follower.loaded.wait()
        ledger.reads = 0
        ledger.put(round_record(committed={"AlderMSP": "sha256:" + "1" * 64}))
        events.emit(8, {"type": "round.committed", "study": "heart", "round": 1, "msp": "AlderMSP"})
        await state.wait_for(lambda s: s.rounds[HEART, RoundNumber(1)].commits or None, timeout=60)
        assert ledger.reads == 1


async def test_members_are_read_when_the_consortium_changes(
    state: Projection, ledger: LedgerDouble, tmp_path: Path, birch_member: MemberView
) -> None:
    events = Events()
    async with following(state, events, tmp_path) as follower:
        await follower.loaded.wait()
        ledger.members_["BirchMSP"] = birch_member
        events.emit(2, {"type": "consortium.announced", "msp": "BirchMSP"})
        await state.wait_for(lambda s: s.members.get(MspId("BirchMSP")), timeout=60)


async def test_an_event_that_is_not_understood_has_everything_read(
    state: Projection, ledger: LedgerDouble, tmp_path: Path
) -> None:
    events = Events()
    async with following(state, events, tmp_path) as follower:
        await follower.loaded.wait()
        ledger.put(study_record())
        events.emit(3, payload=b'{"schema":"quorate.events/9"}')
        await state.wait_for(lambda s: s.studies.get(HEART), timeout=60)


async def test_a_restart_goes_on_after_what_was_reflected(
    state: Projection, ledger: LedgerDouble, tmp_path: Path
) -> None:
    ledger.put(study_record())
    events = Events()
    async with following(state, events, tmp_path) as follower:
        await follower.loaded.wait()
        events.emit(7, {"type": "study.started", "study": "heart"})
        await _until_checkpoint(tmp_path, 7)
    again = Events()
    async with following(Projection(ALDER, ledger), again, tmp_path) as follower:
        await follower.loaded.wait()
        await asyncio.sleep(0)
        assert again.opened_at == [7]
    assert events.opened_at == [0]


async def test_a_ledger_that_is_away_is_waited_for(state: Projection, ledger: LedgerDouble, tmp_path: Path) -> None:
    ledger.put(study_record(), round_record())
    ledger.failing = UnreachableError("the peer is away")
    events = Events()
    async with following(state, events, tmp_path) as follower:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(follower.loaded.wait(), 0.15)
        ledger.failing = None
        await asyncio.wait_for(follower.loaded.wait(), 60)
        events.queue.put_nowait(UnreachableError("the stream broke"))
        ledger.put(round_record(2))
        ledger.failing = UnreachableError("and the reads too")
        events.emit(9, {"type": "round.opened", "study": "heart", "round": 2})
        await asyncio.sleep(0.15)
        ledger.failing = None
        await state.wait_for(lambda s: s.rounds.get((HEART, RoundNumber(2))), timeout=60)
        assert len(events.opened_at) == 2


async def test_an_older_chaincode_is_waited_for(state: Projection, ledger: LedgerDouble, tmp_path: Path) -> None:
    ledger.members_["AlderMSP"] = MemberView(msp="AlderMSP")
    ledger.is_older = True
    with pytest.raises(UnsupportedVersionError):
        await state.load()
    async with following(state, Events(), tmp_path) as follower:
        ledger.is_older = False
        await asyncio.wait_for(follower.loaded.wait(), 60)
    assert state.charter is not None


async def _until_checkpoint(path: Path, block: int) -> None:
    async with asyncio.timeout(60):
        while FileCheckpointer(path / "events.json").block_number != block:  # noqa: ASYNC110 - another thread writes it
            await asyncio.sleep(0.01)
