"""Claimed times: who is off is named, whatever anybody claims, and nobody else is."""

import pytest

from gateway.audit.trail import Trail
from gateway.audit.trail.questions import ask
from gateway.audit.trail.questions.clocks import MOST
from tests.unit.quorate.ledger.consortium import Consortium, Ledger

SKEW = 1000
FAR = 10**9


class Watched:
    """A ledger on which members record reviews at times they choose, and when its blocks were seen."""

    def __init__(self):
        self.made = Consortium(Ledger(("Alder", "Birch", "Cedar"), per_block=1))
        self.ledger = self.made.ledger
        self.seen = {}
        self._see(0)

    def claim(self, who, offset=0, *, seen=True):
        """Put a transaction of a member that claims another time than it is; return its block."""
        ledger = self.ledger
        ledger.time += 5
        now, ledger.time = ledger.time, ledger.time + offset
        member = next(found for found in ledger.members if found.name == who)
        number = len(ledger.chain.blocks)
        ledger.call(
            member, "officer", "audit:RecordReview",
            review=f"r{number}", subject="ledger", state="OPEN", findings={},
        )  # fmt: skip
        ledger.time = now
        if seen:
            self._see(number)
        return number

    def _see(self, since):
        self.seen |= dict.fromkeys(range(since, len(self.ledger.chain.blocks)), self.ledger.time + 10)

    def times(self, blocks):
        return {number: self.seen[number] for number in blocks if number in self.seen}

    def odd(self):
        trail = Trail.open(None, observer=self)
        trail.append(block.SerializeToString() for block in self.ledger.chain.blocks)
        found = [row for row in ask(trail, "agreement", {}).rows if row.kind == "clock"]
        trail.close()
        return [(row.block, row.organisations) for row in found]


@pytest.fixture
def watched():
    return Watched()


def test_clocks_within_the_skew_are_no_finding(watched):
    for offset in (0, SKEW, -SKEW, 0):
        watched.claim("Alder", offset)
    assert watched.odd() == []


@pytest.mark.parametrize("offset", [FAR, 3 * SKEW])
def test_a_time_to_come_flags_only_who_claims_it(watched, offset):
    number = watched.claim("Birch", offset)
    for who in ("Alder", "Cedar", "Birch", "Alder"):
        watched.claim(who)
    assert watched.odd() == [(number, ("BirchMSP",))]


def test_it_does_not_hide_whose_clock_is_late(watched):
    ahead = watched.claim("Birch", FAR)
    watched.claim("Alder")
    late = watched.claim("Cedar", -4 * SKEW)
    watched.claim("Alder")
    assert watched.odd() == [(ahead, ("BirchMSP",)), (late, ("CedarMSP",))]


def test_a_time_long_past_flags_only_who_claims_it(watched):
    number = watched.claim("Birch", -FAR)
    watched.claim("Alder")
    assert watched.odd() == [(number, ("BirchMSP",))]


def test_a_block_was_there_when_one_after_it_was_seen(watched):
    number = watched.claim("Birch", FAR, seen=False)
    watched.claim("Alder", seen=False)
    watched.claim("Cedar")
    assert watched.odd() == [(number, ("BirchMSP",))]


def test_one_members_findings_do_not_hide_anothers(watched):
    for _ in range(MOST + 5):
        watched.claim("Birch", FAR)
    last = watched.claim("Cedar", FAR)
    found = watched.odd()
    assert len(found) == MOST + 1
    assert found[-1] == (last, ("CedarMSP",))


def test_of_times_that_nobody_saw_come_both_are_named(watched):
    watched.claim("Birch", FAR, seen=False)
    number = watched.claim("Alder", seen=False)
    assert watched.odd() == [(number, ("AlderMSP", "BirchMSP"))]
