"""docs/reference/audit.md names every kind of event under its severity."""

import re

import pytest

from gateway.audit.trail.kinds import KINDS, Severity
from tests.unit.docs.pages import DOCS, read, section, tables

LISTED = {
    severity: re.findall(r"`([a-z_.]+)`", kinds)
    for severity, kinds in tables(section(read(DOCS / "reference" / "audit.md"), "Events"))[0][1:]
}


@pytest.mark.parametrize("severity", Severity, ids=lambda severity: severity.name.lower())
def test_every_kind_stands_under_its_severity(severity):
    assert LISTED[severity.name.lower()] == sorted(kind for kind, (_, found) in KINDS.items() if found is severity)
