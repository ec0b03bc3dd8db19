"""Every failure on the page names a test that exists, and a code with the exit status that it has."""

import re

import pytest

from quorate.errors import ERRORS
from tests.unit.docs.pages import DOCS, ROOT, read, tables

PAGE = read(DOCS / "reference" / "failures.md")
ROWS = [row for table in tables(PAGE) for row in table[1:]]
IDS = [row[0] for row in ROWS]


@pytest.mark.parametrize("row", ROWS, ids=IDS)
def test_a_failure_is_shown_by_a_test_that_exists(row):
    path, name = re.fullmatch(r"`([\w/.-]+)::(\w+)`", row[3]).groups()
    defined = rf"^func {name}\(" if path.endswith(".go") else rf"^(?:    )?(?:async )?def {name}\("
    assert re.search(defined, read(ROOT / path), re.MULTILINE)


@pytest.mark.parametrize("row", [row for row in ROWS if row[2]], ids=[row[0] for row in ROWS if row[2]])
def test_a_code_ends_with_the_status_shown(row):
    code, status = re.fullmatch(r"`(\w+)` (\d+)", row[2]).groups()
    assert int(ERRORS[code].exit_code) == int(status)


def test_no_failure_is_listed_twice():
    assert len(set(IDS)) == len(IDS)
    assert len(IDS) > 40


def test_every_code_that_a_peer_or_a_machine_can_cause_is_on_the_page():
    shown = {re.match(r"`(\w+)`", row[2]).group(1) for row in ROWS if row[2]}
    assert {"DENIED", "NOT_FOUND", "INVALID_STATE", "INVALID_ARGUMENT", "EXPIRED", "UNREACHABLE", "NO_SPACE"} <= shown
    assert {"BUDGET_EXCEEDED", "INTEGRITY", "CHECK_FAILED", "UNSUPPORTED_VERSION"} <= shown
