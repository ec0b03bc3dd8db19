"""The access log is read a page at a time, each line with the block that anchored it, wherever in the log it is."""

import pytest

from gateway.audit.trail import Cursor, Trail
from gateway.audit.trail.questions import Memory, ask
from quorate.digest import digest_of
from quorate.errors import IntegrityError, UsageError
from tests.unit.quorate.ledger.consortium import Consortium, Ledger

ANCHORED = (2, 5, 6)


@pytest.fixture(scope="module")
def anchored():
    """A trail with three anchors of Alder's log and one of Birch's."""
    made = Consortium(Ledger(("Alder", "Birch"), per_block=1))
    alder, birch = made.members
    for member, entries in ((alder, 2), (birch, 900), (alder, 5), (alder, 6)):
        made.ledger.call(
            member, "aggregator", "audit:AnchorAccessLog", entries=entries, head=digest_of(b"%d" % entries)
        )
    made.ledger.cut()
    trail = Trail.open(None)
    trail.append(block.SerializeToString() for block in made.ledger.chain.blocks)
    yield trail
    trail.close()


@pytest.fixture
def blocks(anchored):
    """The blocks of Alder's anchors."""
    height = anchored.height
    return {2: height - 4, 5: height - 2, 6: height - 1}


@pytest.fixture
def reads(anchored, log, add):
    """Ask for reads of a log of nine entries."""
    add(*["members"] * 9)

    def asked(**how):
        return ask(anchored, "reads", how, Memory(reads=log))

    return asked


def numbers(answer):
    return [row.number for row in answer.rows if row.number is not None]


def test_all_pages_are_the_log_newest_first(reads):
    found, at = [], None
    for size in (4, 4, 1):
        answer = reads(limit=4, at=at)
        assert len(numbers(answer)) == size
        found += numbers(answer)
        at = answer.older
    assert found == list(range(9, 0, -1))
    assert at is None


def test_the_way_back_shows_the_same_pages(reads):
    older = reads(limit=4, at=reads(limit=4).older)
    assert numbers(older) == [5, 4, 3, 2]
    newer = reads(limit=4, at=older.newer)
    assert (numbers(newer), newer.newer) == ([9, 8, 7, 6], None)
    assert reads(limit=4).newer is None


def test_each_line_has_the_first_block_that_covers_it(reads, blocks):
    shown = {row.number: row.anchored for row in reads().rows}
    covered = {number: blocks[min(one for one in ANCHORED if one >= number)] for number in range(1, 7)}
    assert {number: shown[number] for number in range(1, 10)} == covered | dict.fromkeys((7, 8, 9))
    for number in range(1, 10):  # and so it does alone on its page
        [row] = [row for row in reads(limit=1, at=f"before-{number + 1}").rows if row.number]
        assert row.anchored == shown[number]


def test_the_whole_is_counted_on_every_page(reads):
    for answer in (reads(limit=1), reads(limit=1, at="before-3")):
        assert (answer.entries, answer.unanchored, answer.anchors) == (9, 3, 4)


def test_the_newest_anchor_of_each_organisation_follows(reads):
    found = [(row.msp, row.what) for row in reads(limit=1).rows if row.number is None]
    assert found == [("AlderMSP", "6 entries"), ("BirchMSP", "900 entries")]


def test_another_organisations_reads_are_its_anchor_here(reads):
    answer = reads(organisation="BirchMSP")
    assert [(row.number, row.msp) for row in answer.rows] == [(None, "BirchMSP")]
    assert (answer.entries, answer.older) == (0, None)


@pytest.mark.parametrize("how", [{"at": "17"}, {"at": "before-x"}, {"limit": 0}, {"limit": 1001}, {"limit": "5"}])
def test_a_malformed_place_is_refused(how, reads):
    with pytest.raises(UsageError):
        reads(**how)


def test_without_a_log_there_are_the_anchors(anchored):
    answer = ask(anchored, "reads", {})
    assert [row.msp for row in answer.rows] == ["AlderMSP", "BirchMSP"]
    assert any("kept by the organisation's gateway" in note for note in answer.notes)


def test_beyond_its_ends_the_log_is_empty(log, add):
    assert log.page(limit=3).rows == ()
    add("members")
    assert log.page(Cursor(sequence=1), limit=3).rows == ()
    assert log.page(Cursor(sequence=1, newer=True), limit=3).rows == ()


def test_a_page_reads_no_more_than_itself(log, add):
    """A line that cannot be read spoils its own page only: the others never touch it."""
    add(*["members"] * 9)
    log._connection.execute("DROP TRIGGER entries_are_fixed")
    log._connection.execute("UPDATE entries SET entry = x'00' WHERE number = 4")
    assert [row.number for row in log.page(limit=5).rows] == [9, 8, 7, 6, 5]  # the fourth is looked for, not read
    assert [row.number for row in log.page(Cursor(sequence=4), limit=5).rows] == [3, 2, 1]
    with pytest.raises(IntegrityError):
        log.page(Cursor(sequence=6), limit=5)


def test_deletions_are_found_among_reads(log, add, officer):
    add(*["members"] * 3)
    said = {"kind": "update", "digest": "d", "study": "one", "basis": 'says "what":"deletion"'}
    log.add(officer, via="portal", what="events", asked={"text": '"what":"deletion"'}, height=3, decision=None, time=9)
    log.add(officer, via="gateway", what="deletion", asked=said, height=3, decision=None, time=17)
    assert [(row.time, row.basis) for row in log.deletions()] == [(17, said["basis"])]
