"""``quorate portal``: signing a challenge, and looking at a bundle on this machine."""

import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from gateway.portal.challenge import answer_of, challenge_of
from gateway.portal.commands import group
from gateway.portal.server import PortalServer
from quorate.errors import UsageError
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

    def write(msp="AlderMSP", channel="quorate"):
        (tmp_path / "officer.pem").write_bytes(officer_key.pem)
        key = tmp_path / "officer.key"
        key.touch(mode=0o600)
        key.write_bytes(officer_key.issued.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        found = tmp_path / "officer.toml"
        found.write_text(PROFILE.format(msp=msp, channel=channel), encoding="utf-8")
        return found

    return write


async def test_what_the_command_prints_lets_the_officer_in(profile, browser):
    page = await browser.get("/login")
    challenge = re.search(r"officer\.toml ([A-Za-z0-9_-]+)", page.text)[1]
    found = CliRunner().invoke(group, ["login", challenge, "--profile", str(profile())])
    assert found.exit_code == 0
    assert f"Signed for {ORIGIN}, AlderMSP on quorate." in found.stderr
    assert answer_of(found.stdout).nonce == challenge_of(challenge).nonce
    assert (await browser.post("/login", data={"answer": found.stdout})).status_code == 303


@pytest.mark.parametrize("other", [{"msp": "BirchMSP"}, {"channel": "other"}])
async def test_a_challenge_of_another_portal_is_not_signed(other, profile, browser):
    page = await browser.get("/login")
    challenge = re.search(r"officer\.toml ([A-Za-z0-9_-]+)", page.text)[1]
    found = CliRunner().invoke(group, ["login", challenge, "--profile", str(profile(**other))])
    assert isinstance(found.exception, UsageError)
    assert found.stdout == ""


@pytest.mark.parametrize("word", ["x", "e30", "a" * 30_000])
def test_nonsense_is_not_signed(word, profile):
    found = CliRunner().invoke(group, ["login", word, "--profile", str(profile())])
    assert isinstance(found.exception, UsageError)


@pytest.mark.parametrize("options", [[], ["--bundle", "a", "--trail", __file__]])
def test_one_thing_is_looked_at(options):
    assert isinstance(CliRunner().invoke(group, ["serve", *options]).exception, UsageError)


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
