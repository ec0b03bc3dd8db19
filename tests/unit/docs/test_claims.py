"""Every claim names a test that exists, or says that it is not proven."""

import re

import pytest

from tests.unit.docs.pages import DOCS, ROOT, read, tables

PAGE = read(DOCS / "reference" / "claims.md")
ROWS = [row for table in tables(PAGE) for row in table[1:]]
NAMED = re.compile(r"`([\w/.-]+)::(\w+)`")


@pytest.mark.parametrize(("claim", "held_by"), ROWS, ids=[claim for claim, _ in ROWS])
def test_a_claim_is_held_by_a_test_that_exists_or_called_not_proven(claim, held_by):
    if held_by.startswith("**not proven**"):
        assert "::" not in held_by
        return
    path, name = NAMED.fullmatch(held_by).groups()
    defined = rf"^func {name}\(" if path.endswith(".go") else rf"^(?:    )?(?:async )?def {name}\("
    assert re.search(defined, read(ROOT / path), re.MULTILINE), claim


def test_there_are_claims_of_both_kinds():
    unproven = sum("not proven" in held_by for _, held_by in ROWS)
    assert unproven > 3
    assert len(ROWS) - unproven > 30


@pytest.mark.parametrize(("page", "topic"), [("architecture.md", "production Fabric network")])
def test_what_another_page_calls_not_proven_is_called_so_here(page, topic):
    assert "not proven" in read(DOCS / page)
    (said,) = [held_by for claim, held_by in ROWS if topic in claim]
    assert said.startswith("**not proven**")
