"""``quorate portal``: signing a challenge, and looking at a bundle on this machine."""

import re
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from gateway.portal.challenge import answer_of, challenge_of
from gateway.portal.commands import group
from gateway.portal.server import PortalServer
from quorate.errors import DeniedError, UsageError
from tests.unit.gateway.portal.rooms import ORIGIN
from tests.unit.quorate.ledger.bundles import export

PROFILE = """
msp_id = "{msp}"
gateway = "127.0.0.1:1"
tls_ca = "none"
tls_certificate = "none"
tls_key = "none"
certificate = "officer.pem"
key = "officer.key"
channel = "{channel}"
"""


@pytest.fixture
def profile(tmp_path, officer_key):
    """Write an officer's profile."""

    def write(msp="AlderMSP", channel="quorate", portal=None):
        (tmp_path / "officer.pem").write_bytes(officer_key.pem)
        key = tmp_path / "officer.key"
        key.touch(mode=0o600)
        key.write_bytes(officer_key.issued.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        found = tmp_path / "officer.toml"
        named = "" if portal is None else f'portal = "{portal}"\n'
        found.write_text(PROFILE.format(msp=msp, channel=channel) + named, encoding="utf-8")
        return found

    return write


async def challenge_on(browser):
    page = await browser.get("/login")
    return re.search(r"officer\.toml ([A-Za-z0-9_-]+)", page.text)[1]


def login(challenge, profile, *options, said=None):
    return CliRunner().invoke(group, ["login", challenge, "--profile", str(profile), *options], input=said)


@pytest.mark.parametrize("portal", [ORIGIN, ORIGIN.upper().replace("HTTPS", "https")])
async def test_what_the_command_prints_lets_the_officer_in(portal, profile, browser):
    challenge = await challenge_on(browser)
    found = login(challenge, profile(portal=portal))
    assert found.exit_code == 0
    assert f"Signed for {ORIGIN}, AlderMSP on quorate." in found.stderr
    assert answer_of(found.stdout).nonce == challenge_of(challenge).nonce
    assert (await browser.post("/login", data={"answer": found.stdout})).status_code == 303


@pytest.mark.parametrize("other", ["https://portal.test:7444", "http://portal.test", "https://portal.test.evil"])
async def test_a_profile_that_names_its_portal_signs_for_no_other(other, profile, browser):
    found = login(await challenge_on(browser), profile(portal=other), "--yes")
    assert isinstance(found.exception, DeniedError)
    assert f"the challenge is of {ORIGIN}, and this profile logs in at {other} only" in str(found.exception)
    assert "Look at the browser's address" in found.exception.hint
    assert found.stdout == ""


async def test_without_a_portal_in_the_profile_the_address_is_shown_and_asked_for(profile, browser):
    challenge = await challenge_on(browser)
    found = login(challenge, profile(), said="y\n")
    assert f"The challenge is of the portal at {ORIGIN}." in found.stderr
    assert (await browser.post("/login", data={"answer": found.stdout})).status_code == 303
    refused = login(challenge, profile(), said="n\n")
    assert isinstance(refused.exception, DeniedError)
    assert refused.stdout == ""


async def test_a_script_says_so_itself(profile, browser):
    challenge = await challenge_on(browser)
    assert answer_of(login(challenge, profile(), "--yes").stdout).msp == "AlderMSP"
    alone = login(challenge, profile())
    assert isinstance(alone.exception, UsageError)
    assert "--yes" in alone.exception.hint
    assert alone.stdout == ""


@pytest.mark.parametrize("portal", ["portal.test", "https://portal.test/login", "javascript:x"])
def test_a_portal_is_an_origin(portal, profile):
    found = login("x" * 8, profile(portal=portal), "--yes")
    assert isinstance(found.exception, UsageError)


@pytest.mark.parametrize("other", [{"msp": "BirchMSP"}, {"channel": "other"}])
async def test_a_challenge_of_another_portal_is_not_signed(other, profile, browser):
    found = login(await challenge_on(browser), profile(**other), "--yes")
    assert isinstance(found.exception, UsageError)
    assert found.stdout == ""


@pytest.mark.parametrize("word", ["x", "e30", "a" * 30_000])
def test_nonsense_is_not_signed(word, profile):
    found = login(word, profile(), "--yes")
    assert isinstance(found.exception, UsageError)
    assert (str(found.exception)[:20], found.exception.hint) == ("this is no challenge", "Copy the whole challenge.")


@pytest.mark.parametrize("options", [[], ["--bundle", "a", "--trail", __file__]])
def test_one_thing_is_looked_at(options):
    assert isinstance(CliRunner().invoke(group, ["serve", *options]).exception, UsageError)


@pytest.mark.parametrize("content", ["text", "database"])
def test_a_file_that_is_no_trail_is_named_and_left_as_it_is(content, tmp_path):
    path = tmp_path / "other.db"
    if content == "text":
        path.write_text("a file that somebody needs\n")
    else:
        with closing(sqlite3.connect(path)) as database, database:
            database.execute("CREATE TABLE patients (name TEXT)")
    before = path.read_bytes()
    found = CliRunner().invoke(group, ["serve", "--trail", str(path), "--port", "0"])
    assert isinstance(found.exception, UsageError)
    assert "is no trail" in str(found.exception)
    assert found.exception.hint == "Name a copy of a gateway's `audit/trail.db`."
    assert (path.read_bytes(), [each.name for each in tmp_path.iterdir()]) == (before, ["other.db"])


def test_a_bundle_is_shown_until_it_is_enough(house, tmp_path):
    export(house.ledger, tmp_path / "one.qeb")
    command = [sys.executable, "-m", "quorate", "portal", "serve", "--bundle", str(tmp_path / "one.qeb"), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path.cwd()) as process:
        try:
            line = process.stdout.readline()
            origin = re.match(r"(http://127\.0\.0\.1:\d+)/ shows .*one\.qeb, read-only and without a login", line)[1]
            page = httpx.get(f"{origin}/studies", timeout=60)
            assert (page.status_code, "showing one.qeb" in page.text) == (200, True)
        finally:
            process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0


def test_an_address_that_is_taken_is_named():
    first = PortalServer("127.0.0.1:0")
    taken = first.origin.removeprefix("http://")
    with pytest.raises(UsageError, match=f"cannot listen on {taken}"):
        PortalServer(taken)
    first.close()
