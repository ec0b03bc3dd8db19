"""Who may take which route: generated from the table of routes, so that a new one is tested as it is added."""

import re
from types import SimpleNamespace

import pytest

from gateway.portal.headers import HEADERS
from gateway.portal.menu import MENU
from gateway.portal.pages.questions import PAGES
from gateway.portal.routes import ROUTES
from gateway.portal.sessions import csrf_token
from tests.unit.gateway.portal.conftest import csrf_of, log_in

ALL_ROLES = ("agent", "aggregator", "operator", "officer", "steward")
FORMS = {
    "theme": {"theme": "dark", "to": "/"},
    "logout": {},
    "prepare": {"review": "mine", "subject": "ledger", "state": "OPEN"},
}


async def address(route, client):
    """Return an address that the route answers, with something that is on the ledger."""
    if "{transaction}" in route.path:
        return re.search(r"/transactions/[0-9a-f]{64}", (await client.get("/timeline")).text)[0]
    if route.name == "live":
        return "/live?severity=9"  # refused as malformed, after who asks was judged
    places = {
        "study": "one",
        "round": "1",
        "name": "events.csv" if route.name == "export" else "limits",
        "digest": "sha256:" + "0" * 64,
    }
    return route.path.format(**places)


@pytest.fixture
def sessions(room, house):
    """Sessions by role; the door keeps others out, so theirs are opened behind it."""
    made = {}
    for role in ALL_ROLES:
        signer = house.members[0].roles[role]
        officer = room.doors.logins._officer(signer.msp_id, signer.certificate)
        made[role] = room.doors.sessions.begin(officer)
    return made


@pytest.mark.parametrize("role", ALL_ROLES)
@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
async def test_a_role_takes_exactly_its_routes(route, role, browser, room, sessions):
    browser.cookies.set(room.portal.session_cookie, sessions["officer"])
    where = await address(route, browser)
    browser.cookies.set(room.portal.session_cookie, sessions[role])
    csrf = csrf_token(sessions[role])
    if route.method == "POST":
        answer = await browser.post(where, data={**FORMS[route.name], "csrf": csrf})
    else:
        answer = await browser.get(where)
    if role in route.roles:
        assert answer.status_code in {200, 303, 400, 404}
    else:
        assert answer.status_code == 403
        assert "DENIED" in answer.text


@pytest.mark.parametrize("role", ["officer", "operator"])
@pytest.mark.parametrize("name", sorted(PAGES))
async def test_a_question_is_for_whom_its_own_page_is_for(name, role, browser, room, sessions):
    browser.cookies.set(room.portal.session_cookie, sessions[role])
    [own] = [route for route in ROUTES if route.path == PAGES[name].partition("?")[0]]
    assert (await browser.get(f"/questions/{name}")).status_code == (200 if role in own.roles else 403)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
async def test_nobody_takes_a_route_without_a_session(route, browser, room):
    where = route.path.format(transaction="0" * 64, study="one", round="1", name="limits", digest="sha256:0")
    answer = await browser.request(route.method, where, data=FORMS.get(route.name))
    assert answer.status_code == (303 if route.method == "GET" else 401)
    if route.method == "GET":
        assert answer.headers["location"].startswith("/login?to=%2F")
    assert room.log.count == 0


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
async def test_the_other_methods_of_a_route_do_not_exist(route, officer):
    where = route.path.format(transaction="0" * 64, study="one", round="1", name="limits", digest="sha256:0")
    others = {"GET", "POST", "PUT", "DELETE", "PATCH"} - {found.method for found in ROUTES if found.path == route.path}
    for method in others:
        assert (await officer.request(method, where)).status_code == 404


@pytest.mark.parametrize("where", ["/nothing", "/docs", "/openapi.json", "/static/../app.py", "/timeline/", "/.env"])
async def test_what_is_not_in_the_table_does_not_exist(where, officer):
    assert (await officer.get(where)).status_code == 404


@pytest.mark.parametrize(
    ("where", "status"),
    [("/login", 200), ("/", 303), ("/nothing", 404), ("/static/portal.css", 200), ("/static/none", 404)],
)
async def test_every_answer_carries_the_strict_policy(where, status, browser):
    answer = await browser.get(where)
    assert answer.status_code == status
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
    assert answer.headers["strict-transport-security"] == "max-age=31536000"


def test_the_policy_is_the_designs():
    assert HEADERS["content-security-policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    )


async def test_another_name_for_the_portal_is_no_way_in(officer):
    answer = await officer.get("/", headers={"host": "evil.test"})
    assert answer.status_code == 421
    assert "AlderMSP" not in answer.text


@pytest.mark.parametrize("where", ["/", "/studies", "/reviews", "/policies", "/privacy", "/questions/limits"])
async def test_pages_hold_no_inline_script_or_style(where, officer):
    text = (await officer.get(where)).text
    assert not re.search(r"<style|\sstyle=|<script(?![^>]*\ssrc=)|\son[a-z]+=|javascript:", text)


def test_every_page_of_the_menu_is_a_route():
    for _, entries in MENU:
        for name, path, _ in entries:
            assert [route.path for route in ROUTES if route.name == name] == [path]


async def test_the_policies_in_force_are_asked_beyond_the_table(another, officer_key):
    """Where no set is in force nobody reads, whatever the table says; and that they tried is logged."""
    room, client = another()
    room.desk._rules = SimpleNamespace(policy=None, members={})
    assert (await log_in(client, officer_key)).status_code == 303
    answer = await client.get("/timeline")
    assert answer.status_code == 403
    assert "may not read the audit trail" in answer.text
    assert [(entry.what, entry.allowed) for entry in room.log.entries()] == [("events", False)]


async def test_the_pages_form_token_is_the_sessions(officer, room):
    page = await officer.get("/")
    assert csrf_of(page) == csrf_token(officer.cookies[room.portal.session_cookie])
