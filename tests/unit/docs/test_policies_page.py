"""docs/reference/policies.md: what the schema declares, what is asked off the ledger, and what the guard refuses."""

import re

from quorate.policy import ACTIONS, guard
from quorate.policy.actions import OFF_LEDGER
from quorate.policy.refusal import HINTS
from tests.unit.docs.pages import DOCS, ROOT, read, section, tables

ENTITY = re.compile(r"^entity (\w+)(?: in \[([^\]]*)\])? ?(?:\{([^}]*)\})?;", re.MULTILINE)
OFF = re.compile(r'action "([\w.]+)" +in \["off-ledger"\] +appliesTo \{ principal: Member, resource: (\w+)')
PAGE = read(DOCS / "reference" / "policies.md")
SCHEMA = re.sub(r"//.*", "", read(ROOT / "chaincode" / "authz" / "schema.cedarschema"))


def test_every_entity_is_listed_with_its_attributes():
    declared = {
        name: (set(re.findall(r"\w+", parents)), re.findall(r"(\w+):", attributes))
        for name, parents, attributes in ENTITY.findall(SCHEMA)
    }
    rows = tables(section(PAGE, "What policies speak of"))[0][1:]
    listed = {
        name.strip("`"): (set(re.findall(r"`(\w+)`", parents)), re.findall(r"`(\w+)`", attributes))
        for name, _, parents, attributes in rows
    }
    assert listed == declared


def test_every_action_off_the_ledger_is_listed_with_its_resource():
    rows = tables(section(PAGE, "Actions"))[0][1:]
    listed = {action.strip("`"): resource.strip("`") for action, resource, _ in rows}
    declared = dict(OFF.findall(SCHEMA))
    assert listed == declared
    assert listed.keys() == {action for action, groups in ACTIONS.items() if OFF_LEDGER in groups}


def test_every_reason_to_refuse_a_text_is_listed_with_what_to_do():
    rows = tables(section(PAGE, "Texts that are refused"))[0][1:]
    assert {reason.strip("`"): advice for reason, advice in rows} == {each.value: HINTS[each] for each in HINTS}


def test_the_bounds_are_the_guards():
    bounds = re.findall(r"\d+", section(PAGE, "Texts that are refused").split(". ", 1)[0])
    wanted = (
        *(guard.MAX_TEXT // 1024, guard.MAX_POLICIES, guard.MAX_TOKENS),
        *(guard.MAX_NESTING, guard.MAX_DOTS, guard.MAX_UNARY),
    )
    assert tuple(map(int, bounds)) == wanted
