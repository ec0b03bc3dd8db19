"""What a witness saw stands on the timeline at its block, once, whatever the pages; and is told from events."""

import pytest

from gateway.audit.trail import Cursor, EventFilter, EventRow, page
from gateway.audit.trail.observations import News, Observation


class Witness:
    """Saw Birch's ledger differ early and Cedar's late, and one that is ahead of all that is known here."""

    def __init__(self, *observed):
        self.observed = list(observed)

    def observations(self):
        return iter(self.observed)


EARLY = Observation(msp="BirchMSP", block=3, what="the ledger of BirchMSP has another block 3: a fork", observed_time=7)
LATE = Observation(msp="CedarMSP", block=9, what="the peer of CedarMSP decided otherwise", observed_time=9)
AHEAD = Observation(msp="BirchMSP", block=9_000, what="the ledger of BirchMSP has another block 9000: a fork")


@pytest.fixture
def witness():
    return Witness(EARLY, LATE, AHEAD)


def walk(trail, witness, wanted, limit):
    """Return all lines, page by page, each as its block and whether a witness saw it."""
    lines, at = [], None
    while True:
        found = page(trail, wanted, at=at, limit=limit, observing=witness)
        lines += found.lines
        if found.older is None:
            return lines
        at = found.older


def back(trail, witness, wanted, limit):
    """Return the same, read from the oldest page back to the newest."""
    lines, at = [], Cursor(sequence=0, newer=True)
    while at is not None:
        found = page(trail, wanted, at=at, limit=limit, observing=witness)
        lines = [*found.lines, *lines]
        at = found.newer if found.events else None
        if at is not None and not page(trail, wanted, at=at, limit=1).events:
            at = None
    return lines


def blocks_of(lines, source):
    return [line.block for line in lines if line.source == source]


@pytest.mark.parametrize("limit", [1, 3, 7, 1000])
@pytest.mark.parametrize("wanted", [{}, {"organisation": "BirchMSP"}, {"severity": 1}], ids=str)
def test_whatever_the_pages_each_stands_once_above_the_events_of_its_block(limit, wanted, trail, witness):
    wanted = EventFilter(**wanted)
    lines = walk(trail, witness, wanted, limit)
    seen = [AHEAD.block, EARLY.block] if wanted.organisation else [AHEAD.block, LATE.block, EARLY.block]
    assert blocks_of(lines, "witness") == seen
    events = list(page(trail, wanted, limit=1000).events)
    assert [line for line in lines if line.source == "ledger"] == events
    for place, line in enumerate(lines):
        if line.source == "witness":
            assert all(above.block > line.block for above in lines[:place] if above.source == "ledger")
            assert all(below.block <= line.block for below in lines[place:] if below.source == "ledger")


@pytest.mark.parametrize("limit", [1, 3, 7, 1000])
def test_on_the_way_back_they_stand_where_they_stood(limit, trail, witness):
    assert [line.block for line in back(trail, witness, EventFilter(), limit)] == [
        line.block for line in walk(trail, witness, EventFilter(), limit)
    ]


def test_a_filter_that_no_event_passes_still_shows_what_was_seen(trail, witness):
    found = page(trail, EventFilter(kinds=("witness",)), limit=5, observing=witness)
    assert (found.events, blocks_of(found.lines, "witness")) == ((), [9_000, 9, 3])
    assert (found.older, found.newer) == (None, None)


@pytest.mark.parametrize(
    ("wanted", "seen"),
    [
        ({"severity": 2}, [9_000, 9, 3]),
        ({"kinds": ("witness.diverged",)}, [9_000, 9, 3]),
        ({"kinds": ("round",)}, []),
        ({"organisation": "CedarMSP"}, [9]),
        ({"organisation": "AlderMSP"}, []),
        ({"study": "one"}, []),
        ({"study": "one", "round": 1}, []),
        ({"dataset": "records"}, []),
        ({"transaction": "ab"}, []),
        ({"first_block": 4}, [9_000, 9]),
        ({"last_block": 9}, [9, 3]),
        ({"since": 8}, [9]),
        ({"until": 9}, [3]),
        ({"text": "A FORK"}, [9_000, 3]),
        ({"text": "nowhere"}, []),
    ],
    ids=str,
)
def test_filters_hold_for_what_was_seen_too(wanted, seen, trail, witness):
    assert blocks_of(page(trail, EventFilter(**wanted), limit=1000, observing=witness).lines, "witness") == seen


def test_as_rows_they_have_an_events_fields_and_say_what_they_are(trail, witness):
    rows = page(trail, EventFilter(), limit=1000, observing=witness).as_rows()
    assert {tuple(sorted(row)) for row in rows} == {tuple(sorted([*EventRow.model_fields, "words"]))}
    [row] = [row for row in rows if row["source"] == "witness" and row["block"] == 3]
    assert {name: value for name, value in row.items() if value is not None} == {
        "source": "witness",
        "type": "witness.diverged",
        "severity": 2,
        "block": 3,
        "msp": "BirchMSP",
        "reason": EARLY.what,
        "observed_time": 7,
        "words": "A member's ledger differs from this one",
    }


def test_without_a_witness_there_are_events_only(trail):
    assert page(trail, EventFilter(), limit=1000).observations == ()


def test_news_is_told_once():
    witness = Witness(EARLY)
    news = News(witness)
    assert news.take() == [EARLY]
    witness.observed.append(LATE)
    assert news.take() == [LATE]
    assert news.take() == []
    assert News(None).take() == []
