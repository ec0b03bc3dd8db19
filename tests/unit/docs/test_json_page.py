"""docs/reference/json.md lists what commands print for programs, with every field."""

import ast
import json
import re
from types import SimpleNamespace

import pytest

from participants.demo.result import Audit, Comparison, Result, Spent
from quorate.privacy.parameters import Mechanism
from quorate.privacy.quote import quote
from tests.unit.docs.pages import DOCS, ROOT, fenced, read, section, tables

PAGE = read(DOCS / "reference" / "json.md")
LISTED = {
    schema.strip("`"): re.findall(r"`([a-z_]+)`", fields)
    for schema, _, fields in tables(section(PAGE, "Documents of commands"))[0][1:]
}
ELSEWHERE = {
    "quorate.access_log/1",
    "quorate.answer/1",
    "quorate.audit_event/1",
    "quorate.embedded/1",
    "quorate.leaf/1",
    "quorate.proofs/1",
}
"""Answers and what is in bundles have their own pages; the rest no command prints."""
JOINED = {"quorate.balance/1"}
"""What the code puts together from several pieces, of which one has the name."""


def _literals():
    """Yield the schema and the further keys of every literal document in the code."""
    for room in ("quorate", "gateway", "participants", "network"):
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(read(path))):
                if isinstance(node, ast.Dict):
                    pairs = zip(node.keys, node.values, strict=True)
                    given = {key.value: value for key, value in pairs if isinstance(key, ast.Constant)}
                    schema = given.pop("schema", None)
                    if isinstance(schema, ast.Constant) and re.fullmatch(r"quorate\.[a-z._]+/\d+", schema.value):
                        yield schema.value, set(given)


def test_every_document_of_a_command_is_listed_with_its_fields():
    found = {schema: fields for schema, fields in _literals() if schema not in ELSEWHERE}
    assert found.keys() == LISTED.keys()
    for schema, fields in found.items():
        listed = set(LISTED[schema])
        assert fields <= listed if schema in JOINED else fields == listed, schema


def _shape(value):
    """Return a document's keys; lists and what stands for people's names and orders are left as they are."""
    return {name: _shape(each) for name, each in value.items()} if isinstance(value, dict) else None


def test_a_quote_has_the_shape_shown():
    made = quote(Mechanism(noise_multiplier="4", sample_rate="1/4", steps=48), delta="1e-5")
    shown = json.loads(fenced(section(PAGE, "A quote"), "json")[0])
    assert list(shown) == list(made)
    assert shown["rdp_nano"].items() <= made["rdp_nano"].items()
    assert (shown["epsilon_nano"], shown["order"]) == (made["epsilon_nano"], made["order"])
    assert shown["epsilon_pld"] == pytest.approx(made["epsilon_pld"])


def test_the_demos_summary_has_the_shape_shown(tmp_path):
    privacy = SimpleNamespace(delta="1e-5", noise_multiplier="4", sample_rate="1/4", steps_per_round=6)
    scenario = SimpleNamespace(
        name="breast-cancer", rows=569, source="…", members=("Alder",), privacy=privacy, is_private=True
    )
    account = SimpleNamespace(epsilon_nano="1", cap_nano="2")
    made = Result(
        engine="embedded",
        seed=0,
        scenario=scenario,
        comparison=Comparison(rounds=[0.9], centralised_no_dp=1, centralised_same_epsilon=1, local={"Alder": 1.0}),
        spent={"Alder": Spent(account=account, pld=1.0, pld_note="")},
        digest="sha256:…",
        m=3,
        attesters=4,
        height=1,
        genesis="sha256:…",
        notice="",
        bytes_per_member_round=1,
        audit=Audit(bundle=tmp_path, verified=True, seconds=1.0, checked=(), not_checked=(), bytes=1),
        memory_pss_bytes=1,
        times=[SimpleNamespace(total=1.0, ledger=1.0, training=1.0)],
        network_up=1.0,
        first_training=1.0,
        total=1.0,
    ).summary()
    shown = json.loads(fenced(section(PAGE, "The demo's summary"), "json")[0])
    assert _shape(made) == _shape(shown)
