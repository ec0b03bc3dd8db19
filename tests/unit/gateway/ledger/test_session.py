from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from grpc import ChannelConnectivity

from gateway.ledger import Ledger
from gateway.ledger.session import Profile, open_session
from quorate.errors import UsageError
from tests.unit.gateway.fabric.authority import Authority, Issued

if TYPE_CHECKING:
    from pathlib import Path

MINIMAL = """
msp_id = "AlderMSP"
gateway = "127.0.0.1:1"
tls_ca = "ca.pem"
tls_certificate = "tls/client.pem"
tls_key = "tls/client.key"
certificate = "operator.pem"
key = "operator.key"
"""


def written(directory: Path, text: str = MINIMAL) -> Path:
    path = directory / "profile.toml"
    path.write_text(text)
    return path


def put(path: Path, data: bytes) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    path.chmod(0o600)


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture
def tls(authority: Authority) -> Issued:
    return authority.issue("operator's machine")


@pytest.fixture
def profile(tmp_path: Path, authority: Authority, tls: Issued) -> Profile:
    operator = authority.issue("operator")
    put(tmp_path / "ca.pem", authority.pem)
    put(tmp_path / "tls/client.pem", tls.certificate_pem)
    put(tmp_path / "tls/client.key", tls.key_pem)
    put(tmp_path / "operator.pem", operator.certificate_pem)
    put(tmp_path / "operator.key", operator.key_pem)
    return Profile.load(written(tmp_path))


def fingerprint(issued: Issued) -> bytes:
    return hashlib.sha256(issued.certificate.public_bytes(Encoding.DER)).digest()


def test_paths_are_relative_to_the_profile(tmp_path: Path):
    profile = Profile.load(written(tmp_path, MINIMAL + 'relay_certificate = "/etc/relay.pem"\n'))

    assert profile.tls_key == tmp_path / "tls/client.key"
    assert str(profile.relay_certificate) == "/etc/relay.pem"
    assert (profile.channel, profile.chaincode) == ("quorate", "quorate")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (MINIMAL + "surplus = 1\n", "surplus"),
        (MINIMAL.replace("AlderMSP", "Alder MSP"), "msp_id"),
        (MINIMAL.replace('gateway = "127.0.0.1:1"', ""), "gateway"),
        (MINIMAL + "[", "not valid"),
        ("#" * 65_537, "more than 65536 bytes"),
    ],
)
def test_a_malformed_profile_is_refused_with_its_place(tmp_path: Path, text: str, reason: str):
    with pytest.raises(UsageError, match=reason):
        Profile.load(written(tmp_path, text))


def test_a_profile_that_is_not_there_or_not_text_is_refused(tmp_path: Path):
    with pytest.raises(UsageError, match="cannot be read"):
        Profile.load(tmp_path / "nothing.toml")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match="not valid"):
        Profile.load(tmp_path / "bytes.toml")


def test_directly_at_a_peer_the_peer_sees_the_own_certificate(profile: Profile, tls: Issued):
    assert profile.seen_by_peer() == fingerprint(tls)


def test_behind_a_gateway_the_peer_sees_the_gateways_certificate(
    profile: Profile, authority: Authority, tmp_path: Path
):
    relay = authority.issue("gateway")
    put(tmp_path / "relay.pem", relay.certificate_pem)
    behind = profile.model_copy(update={"relay_certificate": tmp_path / "relay.pem"})

    assert behind.seen_by_peer() == fingerprint(relay)


async def test_a_session_binds_its_requests_for_blocks_to_what_the_peer_sees(
    profile: Profile, authority: Authority, tmp_path: Path
):
    relay = authority.issue("gateway")
    put(tmp_path / "relay.pem", relay.certificate_pem)
    behind = profile.model_copy(update={"relay_certificate": tmp_path / "relay.pem"})

    async with open_session(behind) as session:
        assert session.network._seeker.tls_certificate_hash == fingerprint(relay)
        assert isinstance(session.ledger, Ledger)


async def test_opening_a_session_sends_nothing_and_closes_its_channel(profile: Profile):
    async with open_session(profile) as session:
        channel = session.channel

    assert channel.get_state() is ChannelConnectivity.SHUTDOWN


async def test_a_key_that_others_may_read_is_refused(profile: Profile):
    profile.key.chmod(0o640)

    with pytest.raises(UsageError, match="mode"):
        async with open_session(profile):
            pass
