"""The mapping names what exists, and everything that it was asked for."""

import shlex

import pytest

from gateway.audit.compliance.absent import ABSENT
from gateway.audit.compliance.facts.registry import FACTS, WHOLE_ONLY
from gateway.audit.compliance.frameworks import FRAMEWORKS
from gateway.audit.trail.kinds import KINDS
from gateway.audit.trail.questions.registry import QUESTIONS
from gateway.portal.routes import ROUTES
from quorate.cli.audit_compliance import FRAMEWORKS as OFFERED
from scripts.docs_compliance import known_defaults
from tests.unit.docs.pages import DOCS, read, tables
from tests.unit.docs.test_commands import check

CONTROLS = [
    pytest.param(control, id=f"{name} {control.article}")
    for name, framework in FRAMEWORKS.items()
    for control in framework.controls
]
EVERY = [param.values[0] for param in CONTROLS]
SETTINGS = {
    row[0].strip("`"): row[1]
    for page in ("configuration.md", "portal.md")
    for table in tables(read(DOCS / "reference" / page))
    for row in table
}


@pytest.mark.parametrize("control", CONTROLS)
def test_what_a_control_names_exists(control):
    assert set(control.events) <= KINDS.keys()
    assert set(control.questions) <= QUESTIONS.keys()
    assert set(control.facts) <= FACTS.keys()
    assert set(control.absent) <= ABSENT.keys()
    assert {path for path, _ in control.pages} <= {route.path for route in ROUTES if route.method == "GET"}


@pytest.mark.parametrize("control", CONTROLS)
def test_the_commands_of_a_control_are_taken(control, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert len(control.commands()) >= len(control.questions) > 0
    for command in control.commands():
        check(command)
        assert shlex.split(command)[0] == "quorate"


@pytest.mark.parametrize("control", CONTROLS)
def test_a_control_says_what_serves_it_what_is_found_and_what_remains(control):
    assert all(len(words) > 10 for words in (control.asks, control.served_by, control.remains))
    assert control.facts
    assert not control.asks.endswith(".")
    assert control.served_by.endswith(".")
    assert control.remains.endswith(".")


@pytest.mark.parametrize("key", sorted({key for control in EVERY for key in control.settings}))
def test_a_setting_is_on_the_page_of_settings_with_its_default(key):
    assert SETTINGS[key] == known_defaults().get(key, SETTINGS[key].strip("`"))  # what stands for no value is in words


def test_the_frameworks_are_those_that_the_command_offers():
    assert tuple(FRAMEWORKS) == OFFERED


@pytest.mark.parametrize(
    ("framework", "articles"),
    [
        ("ai-act", ["Art. 12", "Art. 19", "Art. 26(6)"]),
        ("hipaa", ["164.312(b)", "164.316(b)(2)"]),
        ("gdpr", ["Art. 5(2)", "Art. 17", "Art. 25", "Art. 30"]),
        ("part-11", [*(f"({letter})" for letter in "abcdefghijk"), "11.10", "11.50"]),
    ],
)
def test_every_article_that_was_asked_for_is_there(framework, articles):
    there = " ".join(control.article for control in FRAMEWORKS[framework].controls)
    assert [article for article in articles if article not in there] == []


def test_nothing_is_kept_that_no_control_names():
    assert {name for control in EVERY for name in control.facts} == FACTS.keys() >= WHOLE_ONLY
    assert {name for control in EVERY for name in control.absent} == ABSENT.keys()


def test_no_article_is_there_twice():
    for framework in FRAMEWORKS.values():
        names = [control.article for control in framework.controls]
        assert len(set(names)) == len(names)
