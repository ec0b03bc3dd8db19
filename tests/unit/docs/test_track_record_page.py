"""The track record names tests that exist, and leaves out no test of faults."""

import re

import pytest

from tests.unit.docs.pages import DOCS, ROOT, read, section, tables

PAGE = read(DOCS / "reference" / "track-record.md")
TRIED = tables(section(PAGE, "Faults tried"))[0][1:]
FOUND = [row for table in tables(section(PAGE, "What was found")) for row in table[1:]]
NAMED = re.compile(r"`([\w/.-]+)::(\w+)`")


@pytest.mark.parametrize("row", TRIED + FOUND, ids=[row[0][:60] for row in TRIED + FOUND])
def test_every_row_is_kept_by_tests_that_exist(row):
    named = NAMED.findall(row[-1])
    assert named
    for path, name in named:
        defined = rf"^func {name}\(" if path.endswith(".go") else rf"^(?:    )?(?:async )?def {name}\("
        assert re.search(defined, read(ROOT / path), re.MULTILINE), (path, name)


def test_every_test_of_a_fault_has_a_row():
    named = {name for row in TRIED for name in NAMED.findall(row[-1])}
    room = ROOT / "tests" / "e2e" / "faults"
    exist = {
        (str(file.relative_to(ROOT)), name)
        for file in room.glob("test_*.py")
        for name in re.findall(r"^async def (test_\w+)\(", read(file), re.MULTILINE)
    }
    assert exist
    assert exist <= named


def test_no_row_is_there_twice():
    for rows in (TRIED, FOUND):
        assert len({tuple(row[:2]) for row in rows}) == len(rows)
