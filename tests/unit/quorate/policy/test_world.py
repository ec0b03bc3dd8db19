"""Entities are the chaincode's: complete, acyclic, as the schema declares them, equal to what it publishes."""

import json
import re

import pytest
from cedarpy import Entities, Schema

from quorate.policy import ACTIONS, Principal, World, action_of
from quorate.policy.actions import GROUPS
from quorate.policy.entities import action_entities
from quorate.records.functions import FUNCTIONS
from tests.unit.quorate.policy.samples import (
    ALDER,
    CERTIFICATE,
    MEMBERS,
    SCHEMA,
    STRANGER,
    corpus,
    kind_of,
    study,
    subject,
)

PRINCIPAL = Principal(msp=ALDER, role="agent", certificate=CERTIFICATE)


def world_of(action, *, members=MEMBERS, principal=PRINCIPAL):
    world = World(members)
    subject(world, kind_of(action))
    if action == "data.train":
        world.study(study())
    world.principal(principal)
    return world


def normal(value):
    """Cedar's sets, attributes and parents have no order; absent tags are no tags."""
    if isinstance(value, list):
        return sorted((normal(item) for item in value), key=json.dumps)
    if isinstance(value, dict):
        return {name: normal(item) for name, item in sorted(value.items()) if name != "tags"}
    return value


def test_entities_are_those_that_the_chaincode_published():
    roles = {"member's agent": (ALDER, MEMBERS), "stranger": (STRANGER, MEMBERS), "charter": (ALDER, [])}
    compared = 0
    for case in corpus("decisions.json")["cases"]:
        action, _, how = case["name"].partition(" ")
        who = next((found for ending, found in roles.items() if how.endswith(ending)), None)
        if who is None:
            continue
        role = next(entity["uid"]["id"] for entity in case["entities"] if entity["uid"]["type"] == "Role")
        principal = Principal(msp=who[0], role=role, certificate=CERTIFICATE)
        world = world_of(action, members=who[1], principal=principal)
        assert normal(world.as_json()) == normal(case["entities"]), case["name"]
        compared += 1
    assert compared == 3 * len(ACTIONS)


def test_actions_are_those_that_the_chaincode_published():
    assert normal(action_entities()) == normal(corpus("decisions.json")["actions"])


def test_every_function_has_its_action():
    of_functions = {action_of(name) for name in FUNCTIONS}
    assert of_functions == {action for action, groups in ACTIONS.items() if "off-ledger" not in groups}
    assert action_of("audit:RecordReview") == "audit.record_review"


def test_the_schema_declares_the_same_actions_and_groups():
    declared = {}
    for name, groups in re.findall(r'^action "([^"]+)"(?:\s+in \[([^\]]*)\])?', SCHEMA, re.MULTILINE):
        declared[name] = set(re.findall(r'"([^"]+)"', groups))
    assert declared == {action: set(groups) for action, groups in ACTIONS.items()} | {group: set() for group in GROUPS}


@pytest.mark.parametrize("action", ACTIONS)
def test_entities_fit_the_schema(action):
    schema = Schema.from_str(SCHEMA)
    # With a schema, the engine adds the actions itself.
    assert len(Entities.from_json_str(json.dumps(world_of(action).as_json()), schema))


@pytest.mark.parametrize("action", ACTIONS)
def test_entities_are_complete_and_refer_to_nothing_else(action):
    entities = action_entities() + world_of(action).as_json()
    present = {(e["uid"]["type"], e["uid"]["id"]) for e in entities}
    assert len(present) == len(entities)
    named = re.findall(r'"type": "(\w+)", "id": "([^"]+)"', json.dumps(entities))
    assert set(named) == present


def test_members_are_active_and_others_are_not():
    world = World([ALDER])
    world.principal(Principal(msp=STRANGER, role="agent", certificate=CERTIFICATE))
    active = {e["uid"]["id"]: e["attrs"]["active"] for e in world.as_json() if e["uid"]["type"] == "Org"}
    assert active == {ALDER: True, STRANGER: False}


def test_a_caller_of_whom_only_the_organisation_is_known_stands_under_its_name():
    assert World([]).principal(Principal(msp=ALDER, role="agent")) == ("Member", ALDER)
