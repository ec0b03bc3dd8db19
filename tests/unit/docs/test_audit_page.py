"""docs/reference/audit.md names every kind of event under its severity; shown commands ask for kinds that exist."""

import re

import pytest

from gateway.audit.access.query import TOLERANCE_MS
from gateway.audit.trail.kinds import KINDS, Severity, require_kind
from tests.unit.docs.pages import DOCS, PAGES, read, section, tables

LISTED = {
    severity: re.findall(r"`([a-z_.]+)`", kinds)
    for severity, kinds in tables(section(read(DOCS / "reference" / "audit.md"), "Events"))[0][1:]
}


@pytest.mark.parametrize("severity", Severity, ids=lambda severity: severity.name.lower())
def test_every_kind_stands_under_its_severity(severity):
    assert LISTED[severity.name.lower()] == sorted(kind for kind, (_, found) in KINDS.items() if found is severity)


def test_a_kind_that_a_shown_command_asks_for_exists():
    asked = {kind for page in PAGES for kind in re.findall(r"quorate audit log .*--kind ([a-z_.]+)", read(page))}
    assert {require_kind(kind) for kind in asked} == {"round", "round.committed"}


def test_how_old_a_query_may_be_is_said():
    text = " ".join(read(DOCS / "reference" / "audit.md").split())
    assert f"the time is at most {TOLERANCE_MS // 1000} s from the gateway's" in text
