import pytest
from pydantic import ValidationError

from gateway.audit.trail import Cursor, EventFilter, page


def everything(trail, wanted, limit):
    """Walk to the end page by page and return the sequences."""
    found, at = [], None
    while True:
        got = page(trail, wanted, at=at, limit=limit)
        found += [event.sequence for event in got.events]
        if got.older is None:
            return found
        at = got.older


@pytest.mark.parametrize("limit", [1, 3, 1000])
def test_pages_are_the_whole_newest_first(trail, limit):
    found = everything(trail, EventFilter(), limit)
    assert found == sorted(found, reverse=True)
    assert found == list(range(len(found), 0, -1))


def test_a_page_back_is_the_page_before(trail):
    first = page(trail, EventFilter(), limit=4)
    second = page(trail, EventFilter(), at=first.older, limit=4)
    back = page(trail, EventFilter(), at=second.newer, limit=4)
    assert back.events == first.events
    assert back.newer is None
    assert back.older == first.older
    assert first.newer is None


def test_new_events_come_after_the_newest_that_was_seen(trail):
    newest = page(trail, EventFilter(), limit=1).events[0].sequence
    since = page(trail, EventFilter(), at=Cursor(sequence=newest - 3, newer=True))
    assert [event.sequence for event in since.events] == [newest, newest - 1, newest - 2]


@pytest.mark.parametrize(
    ("wanted", "holds"),
    [
        ({"organisation": "BirchMSP"}, lambda e: "BirchMSP" in {e.actor, e.msp}),
        ({"kinds": ("channel.configured",)}, lambda e: e.type == "channel.configured"),
        ({"kinds": ("channel", "chaincode")}, lambda e: e.type.split(".")[0] in {"channel", "chaincode"}),
        ({"severity": 1}, lambda e: e.severity >= 1),
        ({"first_block": 3, "last_block": 5}, lambda e: 3 <= e.block <= 5),
    ],
    ids=str,
)
def test_a_filter_lets_through_what_it_says_and_all_of_it(trail, wanted, holds):
    every = page(trail, EventFilter(), limit=1000).events
    found = page(trail, EventFilter(**wanted), limit=1000).events
    assert found
    assert list(found) == [event for event in every if holds(event)]


def test_times_and_transactions(trail):
    every = page(trail, EventFilter(), limit=1000).events
    middle = every[len(every) // 2]
    since = page(trail, EventFilter(since=middle.claimed_time), limit=1000).events
    until = page(trail, EventFilter(until=middle.claimed_time), limit=1000).events
    dated = [event for event in every if event.claimed_time is not None]
    assert len(since) + len(until) == len(dated)
    own = page(trail, EventFilter(transaction=middle.transaction[:12])).events
    assert {event.transaction for event in own} == {middle.transaction}
    assert page(trail, EventFilter(text=middle.transaction[20:40])).events == own


def test_a_search_takes_no_wildcards(trail):
    assert page(trail, EventFilter(text="%")).events == ()


@pytest.mark.parametrize(
    "wanted",
    [
        {"first_block": 5, "last_block": 4},
        {"since": 5, "until": 4},
        {"round": 1},
        {"organisation": "a b"},
        {"transaction": "xyz"},
        {"colour": "red"},
    ],
    ids=str,
)
def test_what_no_filter_can_be(wanted):
    with pytest.raises(ValidationError):
        EventFilter(**wanted)


@pytest.mark.parametrize("limit", [0, 1001])
def test_pages_have_bounds(trail, limit):
    with pytest.raises(ValueError, match="from 1 to 1000"):
        page(trail, EventFilter(), limit=limit)


def test_a_place_is_a_word_and_back():
    for cursor in (Cursor(sequence=17), Cursor(sequence=0, newer=True)):
        assert Cursor.decode(cursor.encode()) == cursor
    for text in ("", "17", "before-", "after-x", "before--1", "before-²"):
        with pytest.raises(ValueError, match="no place"):
            Cursor.decode(text)
