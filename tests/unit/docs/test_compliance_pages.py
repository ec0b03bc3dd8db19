"""The pages on compliance are made from the mapping, or name commands and tests that exist."""

import json
import re

import pytest

from gateway.audit.compliance.facts.fact import Fact
from gateway.audit.compliance.frameworks import FRAMEWORKS
from gateway.audit.compliance.report import ComplianceReport, Filled, Occurrence
from gateway.service.config import AuditSection, PortalSection, RetentionSection
from quorate.verify import Report
from scripts.docs_compliance import FOLDER, known_defaults, pages
from tests.unit.docs.pages import ROOT, fenced, read, section, tables

NAMED = re.compile(r"`([\w/.-]+)::(\w+)`")
THREATS = [row for table in tables(read(FOLDER / "threat-model.md")) if table[0][-1] == "held by" for row in table[1:]]


@pytest.mark.parametrize("path", pages(), ids=lambda path: path.name)
def test_a_page_says_what_the_mapping_says_now(path):
    assert read(path) == pages()[path], "run `make docs`"


def test_every_framework_is_on_the_first_page():
    text = read(FOLDER / "README.md")
    assert all(f"]({name}.md)" in text for name in FRAMEWORKS)
    assert "not legal advice" in text


@pytest.mark.parametrize("row", THREATS, ids=[f"{row[0]}: {row[1]}"[:80] for row in THREATS])
def test_a_mitigation_is_held_by_a_test_that_exists_or_called_not_proven(row):
    if row[-1].startswith("**not proven**"):
        assert "::" not in row[-1]
        return
    path, name = NAMED.fullmatch(row[-1]).groups()
    defined = rf"^func {name}\(" if path.endswith(".go") else rf"^(?:    )?(?:async )?def {name}\("
    assert re.search(defined, read(ROOT / path), re.MULTILINE)


def test_the_threat_model_has_both_kinds_and_a_residual_risk_everywhere():
    unproven = sum(row[-1].startswith("**not proven**") for row in THREATS)
    assert unproven > 3
    assert len(THREATS) - unproven > 15
    assert all(len(row) == 5 and all(row) for row in THREATS)


def test_every_setting_of_retention_is_on_its_page_with_its_default():
    rows = {row[0].strip("`"): row[1] for table in tables(read(FOLDER / "retention.md")) for row in table}
    names = {f"retention.{name}" for name in RetentionSection.model_fields}
    names |= {f"audit.{name}" for name in AuditSection.model_fields}
    assert "session_minutes" in PortalSection.model_fields
    for name in {*names, "portal.session_minutes", "timeouts.unfinished_upload"}:
        assert rows[name] == known_defaults()[name]


@pytest.mark.parametrize(
    "incident",
    [
        "A member's key is stolen",
        "A poisoned update is found",
        "A ledger diverges",
        "An account is over its budget",
        "A gateway's disk is lost",
    ],
)
def test_an_incident_has_its_commands_in_order(incident):
    text = section(read(FOLDER / "incidents.md"), incident)
    assert len([line for body in fenced(text, "console") for line in body.splitlines() if line.startswith("$ ")]) >= 3
    assert re.search(r"^1\. ", text, re.MULTILINE)


def test_json_has_the_shape_that_is_shown():
    (shown,) = (json.loads(body) for body in fenced(read(FOLDER / "README.md"), "json"))
    framework = FRAMEWORKS[shown["framework"]]
    control = next(each for each in framework.controls if each.article == shown["controls"][0]["article"])
    filled = Filled(
        control=control,
        events=(Occurrence("study.approved", "…", 2),),
        facts=(Fact("…", "…"),),
        absent=("…",),
        commands=("…",),
    )
    verified = Report(verified=(), failed=(), not_checked=())
    made = ComplianceReport(framework=framework, about=(), verified=verified, controls=(filled,)).as_json()
    assert made["schema"] == shown["schema"]
    assert list(made) == list(shown)
    assert list(made["controls"][0]) == list(shown["controls"][0])
    assert made["controls"][0]["events"][0].keys() == shown["controls"][0]["events"][0].keys()
    assert shown["verification"].items() <= made["verification"].items()
