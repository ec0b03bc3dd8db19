"""Who gets in: only who signs this challenge, now, with a key that the channel knows as the organisation's."""

import re
from base64 import urlsafe_b64encode

import pytest

from gateway.portal.challenge import Answer, answer_of, challenge_of, make_answer, to_text
from gateway.portal.login import LASTS_MS
from gateway.portal.sessions import Officer, Sessions, csrf_token
from gateway.service.limiter import Rate
from quorate.errors import LimitError
from quorate.records.common import make
from tests.unit.gateway.portal.conftest import log_in
from tests.unit.gateway.portal.rooms import ORIGIN, Clock, answered
from tests.unit.quorate.ledger.organisations import Organisation


async def challenge_on(client):
    page = await client.get("/login")
    return re.search(r"officer\.toml ([A-Za-z0-9_-]+)", page.text)[1]


async def test_an_officer_logs_in(browser, officer_key):
    answer = await log_in(browser, officer_key)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/"
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-quorate=")
    for part in ("HttpOnly", "Secure", "SameSite=strict", "Path=/", "Max-Age=1800"):
        assert part in cookie
    page = await browser.get("/")
    assert page.status_code == 200
    assert "officer.alder.test" in page.text


async def test_an_operator_logs_in_too(browser, house):
    assert (await log_in(browser, house.members[0].roles["operator"])).status_code == 303


@pytest.mark.parametrize("role", ["agent", "aggregator", "steward"])
async def test_a_role_that_sees_no_page_is_told_so(role, browser, house):
    answer = await log_in(browser, house.members[0].roles[role])
    assert answer.status_code == 403
    assert f"the role {role} sees no page" in answer.text


async def test_the_challenge_names_portal_channel_and_organisation(browser, room):
    challenge = challenge_of(await challenge_on(browser))
    assert (challenge.origin, challenge.channel, challenge.msp) == (ORIGIN, "quorate", "AlderMSP")
    assert challenge.expires == room.clock.now + LASTS_MS
    assert challenge.signed_bytes.startswith(b"quorate portal login\0{")


async def post(client, answer):
    return await client.post("/login", data={"answer": answer})


async def test_another_members_officer_is_refused(browser, house):
    answer = await log_in(browser, house.members[1].roles["officer"])
    assert answer.status_code == 403
    assert "BirchMSP may not read here" in answer.text


async def test_a_certificate_of_another_authority_is_refused(browser):
    stranger = Organisation.new("Alder").roles["officer"]
    answer = await log_in(browser, stranger)
    assert answer.status_code == 403
    assert "the identity is not accepted" in answer.text


async def test_another_keys_signature_is_refused(browser, house):
    challenge = challenge_of(await challenge_on(browser))
    officer, agent = house.members[0].roles["officer"], house.members[0].roles["agent"]
    forged = make_answer(
        challenge, msp="AlderMSP", certificate=officer.certificate, signature=agent.sign(challenge.signed_bytes)
    )
    answer = await post(browser, to_text(forged))
    assert answer.status_code == 403
    assert "not this key" in answer.text


async def test_a_signature_over_the_bare_document_is_refused(browser, officer_key):
    challenge = challenge_of(await challenge_on(browser))
    signature = officer_key.sign(challenge.encode())
    forged = make_answer(challenge, msp="AlderMSP", certificate=officer_key.certificate, signature=signature)
    assert (await post(browser, to_text(forged))).status_code == 403


async def test_a_signature_of_half_a_byte_is_refused(browser, officer_key):
    challenge = challenge_of(await challenge_on(browser))
    answer = make_answer(challenge, msp="AlderMSP", certificate=officer_key.certificate, signature=b"x")
    document = answer.encode().replace(b'"signature":"78"', b'"signature":"787"')
    cut = urlsafe_b64encode(document).decode().rstrip("=")
    assert (await post(browser, cut)).status_code == 403


async def test_an_answer_is_taken_once(browser, officer_key, room):
    challenge = await challenge_on(browser)
    ticket = browser.cookies[room.portal.ticket_cookie]
    answer = answered(challenge, officer_key)
    assert (await post(browser, answer)).status_code == 303
    browser.cookies.set(room.portal.ticket_cookie, ticket)
    again = await post(browser, answer)
    assert again.status_code == 403
    assert "was used" in again.text
    assert len(room.doors.sessions) == 1


async def test_an_answer_from_another_browser_is_refused(browser, officer_key):
    challenge = await challenge_on(browser)
    browser.cookies.clear()
    await challenge_on(browser)
    answer = await post(browser, answered(challenge, officer_key))
    assert answer.status_code == 403
    assert "to another challenge" in answer.text


async def test_an_answer_that_comes_too_late_is_refused(browser, officer_key, room):
    challenge = await challenge_on(browser)
    room.clock.now += LASTS_MS
    answer = await post(browser, answered(challenge, officer_key))
    assert answer.status_code == 403
    assert "its time is over" in answer.text


@pytest.mark.parametrize("ticket", ["", "x", "0.0.0", f"{'0' * 64}.99999999999999.{'0' * 64}"])
async def test_a_ticket_that_this_portal_did_not_make_is_refused(ticket, browser, officer_key, room):
    challenge = await challenge_on(browser)
    browser.cookies.clear()
    browser.cookies.set(room.portal.ticket_cookie, ticket)
    assert (await post(browser, answered(challenge, officer_key))).status_code == 403


@pytest.mark.parametrize("text", ["", "nonsense", "a" * 40_000, "e30", "*", "{}"])
async def test_nonsense_is_refused_with_a_new_challenge(text, browser):
    before = await challenge_on(browser)
    answer = await post(browser, text)
    assert answer.status_code == 403
    after = re.search(r"officer\.toml ([A-Za-z0-9_-]+)", answer.text)[1]
    assert after != before


@pytest.mark.parametrize("text", ["nonsense", "e30", "{}"])
async def test_who_pasted_something_else_is_told_what_to_paste(text, browser):
    await challenge_on(browser)
    answer = await post(browser, text)
    assert "this is no answer" in answer.text
    assert "Copy the whole answer." in answer.text


async def test_attempts_are_bounded(another, officer_key):
    _, client = another(attempts=Rate(0.001, burst=3))
    for _ in range(3):
        assert (await post(client, "x")).status_code == 403
    challenge = await challenge_on(client)
    answer = await post(client, answered(challenge, officer_key))
    assert answer.status_code == 429
    assert "Too many attempts" in answer.text


@pytest.mark.parametrize(
    ("to", "leads"),
    [
        ("/timeline?severity=2", "/timeline?severity=2"),
        ("https://evil.test/", "/"),
        ("//evil.test", "/"),
        ("//[", "/"),
        ("/\\evil.test", "/"),
        ("javascript:alert(1)", "/"),
        ("/\r\nset-cookie: a=b", "/"),
        ("", "/"),
    ],
)
async def test_the_way_back_stays_inside(to, leads, browser, officer_key):
    answer = answered(await challenge_on(browser), officer_key)
    found = await browser.post("/login", data={"answer": answer, "to": to})
    assert (found.status_code, found.headers["location"]) == (303, leads)


async def test_a_session_ends(officer, room):
    assert (await officer.get("/")).status_code == 200
    room.clock.now += 30 * 60_000
    assert (await officer.get("/")).status_code == 303


async def test_use_does_not_lengthen_a_session(officer, room):
    for _ in range(3):
        room.clock.now += 10 * 60_000 - 1
        assert (await officer.get("/studies")).status_code == 200
    room.clock.now += 3
    assert (await officer.get("/studies")).status_code == 303


async def test_logging_out_ends_the_session_on_the_server(officer, room):
    token = officer.cookies[room.portal.session_cookie]
    csrf = re.search(r'name="csrf" value="([0-9a-f]{64})"', (await officer.get("/")).text)[1]
    answer = await officer.post("/logout", data={"csrf": csrf})
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    officer.cookies.set(room.portal.session_cookie, token)
    assert (await officer.get("/")).status_code == 303


@pytest.mark.parametrize("token", [None, "", "0" * 64])
async def test_a_form_without_the_sessions_token_does_nothing(token, officer, room):
    answer = await officer.post("/logout", data={"to": "/"} if token is None else {"csrf": token})
    assert answer.status_code == 403
    assert "does not come from a page of this session" in answer.text
    assert len(room.doors.sessions) == 1


async def test_the_form_token_of_another_session_does_not_do(officer, room, officer_key):
    other = room.doors.sessions.begin(room.doors.logins._officer("AlderMSP", officer_key.certificate))
    assert (await officer.post("/logout", data={"csrf": csrf_token(other)})).status_code == 403


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"csrf=a&csrf=b", "application/x-www-form-urlencoded"),
        (b'{"csrf":"a"}', "application/json"),
        (b"a" * 40_000, "application/x-www-form-urlencoded"),
        (b"a=\xff", "application/x-www-form-urlencoded"),
        (b"&".join(b"a%d=1" % n for n in range(40)), "application/x-www-form-urlencoded"),
    ],
)
async def test_what_is_no_small_plain_form_is_refused(content, kind, officer):
    answer = await officer.post("/theme", content=content, headers={"content-type": kind})
    assert answer.status_code == 400


def session_of(number):
    return Officer(msp="AlderMSP", role="officer", name="o", certificate=f"sha256:{number:064x}", pem="")


def test_sessions_are_bounded_in_all_and_each():
    sessions = Sessions(Clock(), minutes=1, most=3, most_each=2)
    first, second, third = (sessions.begin(session_of(1)) for _ in range(3))
    assert [sessions.find(token) is not None for token in (first, second, third)] == [False, True, True]
    sessions.begin(session_of(2))
    with pytest.raises(LimitError):
        sessions.begin(session_of(3))


def test_sessions_survive_a_restart_as_digests(tmp_path):
    clock, path = Clock(), tmp_path / "portal" / "sessions.json"
    sessions = Sessions.kept(path, clock, minutes=5)
    token = sessions.begin(session_of(1))
    assert token not in path.read_text(encoding="utf-8")
    assert path.stat().st_mode & 0o777 == 0o600
    again = Sessions.kept(path, clock, minutes=5)
    assert again.find(token).officer == session_of(1)
    again.end(token)
    assert Sessions.kept(path, clock, minutes=5).find(token) is None


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b'{"schema":"quorate.portal.sessions/1","sessions":{"a":1}}'])
def test_a_strange_file_of_sessions_logs_everybody_out(content, tmp_path):
    path = tmp_path / "sessions.json"
    path.write_bytes(content)
    assert len(Sessions.kept(path, Clock(), minutes=5)) == 0


def test_an_answer_is_read_as_it_was_written():
    made = make(Answer, nonce="0" * 64, msp="AlderMSP", certificate="pem", signature="ab")
    assert answer_of(f" {to_text(made)}\n") == made
