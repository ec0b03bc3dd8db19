"""What a proposal that nobody has voted for may make other gateways fetch: anybody may propose anything."""

import asyncio
from types import SimpleNamespace

import pytest

from gateway.aggregator.hold import _for_evaluation, _for_rounds, _hold, hold_what_is_needed, is_welcome
from gateway.artifacts.label import Kind
from quorate.digest import digest_of
from quorate.errors import NotFoundError
from quorate.records.study import Evaluation
from tests.unit.gateway.service.ledger_double import study_record

MEBIBYTE = 1 << 20


class FakeExchange:
    def __init__(self):
        self.fetched = []

    async def fetch(self, description, *, within):
        assert within > 0
        self.fetched.append(description.label.kind)

    async def fetch_named(self, _digest, label, *, within):
        assert within > 0
        self.fetched.append(label.kind)


def context_of(*studies, exchange):
    return SimpleNamespace(
        msp="BirchMSP",
        exchange=exchange,
        clock=lambda: 0,
        state=SimpleNamespace(studies={study.study.study: study for study in studies}),
        store=SimpleNamespace(labels=lambda _digest: frozenset()),
    )


async def fetched(*studies, of, fetch=_for_rounds):
    exchange = FakeExchange()
    context = context_of(*studies, exchange=exchange)
    return await _hold(context, of, fetch), exchange.fetched


def evaluated(study):
    terms = study.study.terms.model_copy(
        update={"evaluation": Evaluation(digest=digest_of(b"e"), metrics=["accuracy"])}
    )
    return study.model_copy(update={"study": study.study.model_copy(update={"terms": terms})})


@pytest.mark.parametrize(
    ("state", "elements", "kinds"),
    [
        ("PROPOSED", MEBIBYTE, [Kind.PLAN, Kind.INITIAL_MODEL]),
        ("PROPOSED", 8 * MEBIBYTE, [Kind.PLAN]),
        ("APPROVED", 8 * MEBIBYTE, [Kind.PLAN, Kind.INITIAL_MODEL]),
    ],
)
async def test_a_large_model_is_fetched_once_it_is_voted_for(state, elements, kinds):
    study = study_record(state=state, elements=elements)
    assert await fetched(study, of="heart") == (True, kinds)


@pytest.mark.parametrize(
    ("state", "kinds"),
    [
        ("PROPOSED", []),
        ("APPROVED", [Kind.EVALUATION]),
        ("RUNNING", [Kind.EVALUATION]),
        ("COMPLETED", []),
    ],
)
async def test_the_public_evaluation_set_is_fetched_once_the_study_is_voted_for(state, kinds):
    assert await fetched(evaluated(study_record(state=state)), of="heart", fetch=_for_evaluation) == (True, kinds)


async def test_no_model_waits_for_an_evaluation_set_that_nobody_has():
    exchange, models = FakeExchange(), asyncio.Semaphore(0)

    async def fetch(_description, **_within):
        models.release()

    async def fetch_named(_digest, label, **_within):
        if label.kind is Kind.EVALUATION:
            await asyncio.Event().wait()

    exchange.fetch, exchange.fetch_named = fetch, fetch_named
    context = context_of(evaluated(study_record(state="RUNNING")), exchange=exchange)
    changes: asyncio.Queue = asyncio.Queue()

    async def changed(_after):
        while True:
            yield SimpleNamespace(study=await changes.get())

    context.state.sequence, context.state.changes = 0, changed
    holding = asyncio.create_task(hold_what_is_needed(context))
    for _ in range(3):
        async with asyncio.timeout(60):
            await models.acquire()
        changes.put_nowait("heart")
    holding.cancel()
    await asyncio.wait([holding])


@pytest.mark.parametrize(("state", "dropped"), [("PROPOSED", 1), ("APPROVED", 0)])
async def test_no_part_of_a_model_is_kept_before_anybody_has_voted_for_it(state, dropped):
    study, discarded = study_record(state=state), []
    exchange = FakeExchange()

    async def fetch(_description, *, within):
        raise NotFoundError(f"nobody served it within {within} s")

    async def discard(digest, size):
        discarded.append((digest, size))

    exchange.fetch = fetch
    context = context_of(study, exchange=exchange)
    context.store.discard = discard
    assert await _hold(context, "heart", _for_rounds) is False
    assert [digest for digest, _ in discarded] == [study.study.terms.model.initial] * dropped


async def test_one_organisation_cannot_fill_the_others_disks_with_proposals():
    proposals = [study_record(f"s{number}", state="PROPOSED") for number in range(6)]
    assert [is_welcome(study, proposals, now=0) for study in proposals] == [True] * 4 + [False] * 2
    assert await fetched(*proposals, of="s5") == (False, [])
    assert is_welcome(study_record("s9", state="RUNNING"), proposals, now=0)
    rest = [study_record("s0", state="APPROVED"), study_record("s1", state="REJECTED"), *proposals[2:]]
    assert all(is_welcome(study, rest, now=0) for study in rest)


def test_proposals_that_nobody_closed_do_not_keep_new_ones_out():
    expired = [study_record(f"s{number}", state="PROPOSED") for number in range(4)]
    end = expired[0].study.expires_time
    late = study_record("s9", state="PROPOSED")
    late = late.model_copy(update={"study": late.study.model_copy(update={"expires_time": end + 1})})
    assert not is_welcome(late, [*expired, late], now=end - 1)
    assert is_welcome(late, [*expired, late], now=end)
    assert not is_welcome(expired[0], [*expired, late], now=end)
