"""docs/reference/portal.md: its pages with their roles, its keys, its policy."""

import json
import re

from pydantic_core import PydanticUndefined

from gateway.portal.connection import HEAD_SECONDS, MOST
from gateway.portal.guard import FORM_SECONDS, MAX_FORM
from gateway.portal.headers import CONTENT_POLICY
from gateway.portal.login import LASTS_MS
from gateway.portal.routes import ROUTES
from gateway.service.config import PortalSection
from tests.unit.docs.pages import DOCS, read, section, tables

PAGE = read(DOCS / "reference" / "portal.md")
PIECES = {"/live", "/privacy/curve", "/exports/…"}
"""What pages fetch or offer, and no page itself."""


def test_every_page_is_listed_with_the_roles_that_may_see_it():
    routes = {re.sub(r"\{\w+\}", "…", route.path): route.roles for route in ROUTES if route.method == "GET"}
    rows = tables(section(PAGE, "Pages"))[0][1:]
    listed = {path: set(roles.split(", ")) for paths, _, roles in rows for path in re.findall(r"`([^`]+)`", paths)}
    assert listed == {path: roles for path, roles in routes.items() if path not in PIECES}
    assert routes.keys() >= PIECES


def test_every_key_is_listed_with_its_default():
    rows = tables(section(PAGE, "Turn it on"))[0][1:]
    listed = {key: default for keys, default, _ in rows for key in re.findall(r"`portal\.(\w+)`", keys)}
    fields = PortalSection.model_fields
    assert listed.keys() == fields.keys()
    required = {name for name, field in fields.items() if field.default is PydanticUndefined}
    assert {name for name, default in listed.items() if default == "required"} == required
    assert listed["session_minutes"] == f"`{json.dumps(fields['session_minutes'].default)}`"


def test_the_policy_is_the_one_that_is_sent():
    assert CONTENT_POLICY in " ".join(PAGE.split())


def test_the_limits_are_those_that_hold():
    limits = dict(tables(section(PAGE, "What guards it"))[0][1:])
    assert f"{MOST}, half as many of one address" in limits["connections"]
    assert limits["connections"].endswith(f"after {HEAD_SECONDS:g} s")
    assert limits["forms"] == f"{MAX_FORM // 1024} KiB, to come within {FORM_SECONDS:g} s"


def test_how_long_a_challenge_holds_is_said():
    assert LASTS_MS == 5 * 60_000
    assert "A challenge holds for five minutes" in PAGE
