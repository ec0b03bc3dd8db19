"""docs/reference/configuration.md names every key of every file, with its default, and no other."""

import json
import os
import re
import tomllib
from types import UnionType
from typing import Union, get_args, get_origin

import pytest
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from gateway.ledger.session import Profile
from gateway.service.config import GatewayConfig
from participants.agent.config import AgentConfig
from participants.data.bindings import DataBinding
from tests.unit.docs.pages import DOCS, ROOT, fenced, read, section, tables

PAGE = read(DOCS / "reference" / "configuration.md")
IN_WORDS = {
    "gateway.toml": {
        "announce": "what is listened on",
        "limits.functions": "every function of the contract",
        "portal": "no portal",
    },
    "agent.toml": {},
    "profile.toml": {"relay_certificate": "none", "portal": "ask each time"},
}


def leaves(model, above=""):
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from leaves(field.annotation, f"{above}{name}.")
        else:
            yield f"{above}{name}", field.default


def spelled(default):
    if default is PydanticUndefined:
        return "required"
    return f"`{json.dumps(default)}`"


@pytest.mark.parametrize(
    ("heading", "model"), [("gateway.toml", GatewayConfig), ("agent.toml", AgentConfig), ("profile.toml", Profile)]
)
def test_the_page_lists_every_key_with_its_default(heading, model):
    rows = tables(section(PAGE, heading))[0][1:]
    found = {key.strip("`"): default for key, default, _meaning in rows}
    wanted = {key: IN_WORDS[heading].get(key) or spelled(default) for key, default in leaves(model)}
    assert found == wanted
    assert all(meaning for _key, _default, meaning in rows)


def test_what_the_page_says_in_words_has_no_default_of_its_own():
    models = {"gateway.toml": GatewayConfig, "agent.toml": AgentConfig, "profile.toml": Profile}
    for heading, keys in IN_WORDS.items():
        defaults = dict(leaves(models[heading]))
        assert [defaults[key] for key in keys] == [None] * len(keys)


def test_the_page_lists_every_kind_of_binding_and_its_keys():
    rows = tables(section(PAGE, "agent.toml"))[1][1:]
    assert get_origin(DataBinding) in {Union, UnionType}
    wanted = {}
    for model in get_args(DataBinding):
        fields = dict(model.model_fields)
        kind = fields.pop("kind").default
        wanted[f"`{kind}`"] = "; ".join(_key(name, field.default) for name, field in fields.items())
    assert dict(rows) == wanted


def _key(name, default):
    return f"`{name}`" if default in {PydanticUndefined, None} else f"`{name}` = {spelled(default)}"


def test_the_example_of_an_agent_is_valid(monkeypatch):
    for name in [name for name in os.environ if name.startswith("QUORATE_")]:
        monkeypatch.delenv(name)
    (example,) = fenced(section(PAGE, "agent.toml"), "toml")
    config = AgentConfig(**tomllib.loads(example))
    assert (config.msp_id, config.policy.purposes, config.datasets[0].binding.kind) == (
        "AlderMSP",
        ("research",),
        "csv",
    )


def test_the_page_lists_every_variable_of_the_environment():
    rooms = [path for room in ("quorate", "gateway", "participants", "network") for path in (ROOT / room).rglob("*.py")]
    read_by_us = {name for path in rooms for name in re.findall(r'"(QUORATE_[A-Z_]+[A-Z])"', read(path))}
    listed = {name.strip("`") for name, _ in tables(section(PAGE, "Environment"))[0][1:]} - {
        "NO_COLOR`, `CI",
        "GRPC_VERBOSITY",
    }
    assert listed == read_by_us
