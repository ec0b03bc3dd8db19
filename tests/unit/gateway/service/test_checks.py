from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from gateway.service.checks import endorsement
from gateway.service.checks.files import check_files
from gateway.service.checks.finding import Outcome
from gateway.service.checks.installation import check_installation
from gateway.service.checks.members import check_members
from gateway.service.config import GatewayConfig, IdentitySection, PeerSection, TlsSection
from gateway.service.doctor import doctor
from network.identity import Role
from quorate.errors import CheckFailedError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from gateway.service.checks.finding import Finding
    from network.identity import OrganisationPaths
    from tests.unit.gateway.service.house import House


@pytest.fixture
def config(identities: dict[str, OrganisationPaths], tmp_path: Path) -> GatewayConfig:
    alder = identities["alder"]
    identity = alder.identity(Role.AGGREGATOR)
    return GatewayConfig(
        msp_id="AlderMSP",
        listen="localhost:7443",
        state=tmp_path / "state",
        peer=PeerSection(endpoint="localhost:7051", tls_ca=alder.tls_ca.cert),
        identity=IdentitySection(certificate=identity.cert, key=identity.key),
        tls=TlsSection(
            certificate=alder.gateway_tls.cert,
            key=alder.gateway_tls.key,
            client_certificate=alder.gateway_client.cert,
            client_key=alder.gateway_client.key,
            ca=alder.tls_ca.cert,
        ),
    )


def wrong(config: GatewayConfig, *, now: dt.datetime | None = None) -> dict[str, Finding]:
    return {f.check: f for f in check_files(config, now=now) if f.outcome is not Outcome.OK}


def test_files_that_fit_are_well(config: GatewayConfig) -> None:
    assert wrong(config) == {}


def test_a_key_of_another_certificate_is_found(config: GatewayConfig) -> None:
    other = config.model_copy(
        update={"identity": IdentitySection(certificate=config.identity.certificate, key=config.tls.key)}
    )
    assert "does not belong" in wrong(other)["identity"].message


def test_an_identity_of_another_role_is_found(config: GatewayConfig, identities: dict[str, OrganisationPaths]) -> None:
    agent = identities["alder"].identity(Role.AGENT)
    other = config.model_copy(update={"identity": IdentitySection(certificate=agent.cert, key=agent.key)})
    assert set(wrong(other)) == {"identity's role"}
    assert "'agent', not 'aggregator'" in wrong(other)["identity's role"].message


def test_a_certificate_under_another_root_is_found(
    config: GatewayConfig, identities: dict[str, OrganisationPaths]
) -> None:
    tls = config.tls.model_copy(update={"ca": identities["birch"].tls_ca.cert})
    assert set(wrong(config.model_copy(update={"tls": tls}))) == {"TLS server", "TLS client"}


def test_a_root_that_is_no_authority_is_found(config: GatewayConfig) -> None:
    tls = config.tls.model_copy(update={"ca": config.tls.certificate})
    assert (
        "not the certificate of an authority" in wrong(config.model_copy(update={"tls": tls}))["own TLS root"].message
    )


def test_an_address_that_the_certificate_does_not_name_is_found(config: GatewayConfig) -> None:
    found = wrong(config.model_copy(update={"announce": "gateway.elsewhere.test:7443"}))
    assert set(found) == {"TLS server's names"}
    assert "not for gateway.elsewhere.test" in found["TLS server's names"].message


def test_expiry_is_told_from_expiring_soon_and_not_valid_yet(config: GatewayConfig) -> None:
    now = dt.datetime.now(dt.UTC)
    years = dt.timedelta(days=3650)
    assert "has expired" in wrong(config, now=now + years + dt.timedelta(days=1))["identity"].message
    assert "expires on" in wrong(config, now=now + years - dt.timedelta(days=10))["identity"].message
    assert "valid only from" in wrong(config, now=now - dt.timedelta(days=1))["identity"].message


def test_a_missing_file_and_an_open_key_are_found(config: GatewayConfig, tmp_path: Path) -> None:
    key = tmp_path / "key.pem"
    key.write_bytes(config.tls.key.read_bytes())
    key.chmod(0o644)
    tls = config.tls.model_copy(update={"key": key, "client_certificate": tmp_path / "missing.pem"})
    assert set(wrong(config.model_copy(update={"tls": tls}))) == {"TLS server", "TLS client"}


def test_a_disk_without_room_beyond_the_reserve_is_found(config: GatewayConfig) -> None:
    limits = config.limits.model_copy(update={"disk_reserve_bytes": 2**60})
    assert set(wrong(config.model_copy(update={"limits": limits}))) == {"state directory"}


def test_this_installation_is_well() -> None:
    assert all(finding.outcome is not Outcome.FAILED for finding in check_installation())


async def test_members_are_asked_and_their_clocks_compared(alder: House, houses: dict[str, House]) -> None:
    client = alder.paths.gateway_client
    pair = {"certificate": client.cert.read_bytes(), "key": client.key.read_bytes()}
    for house in houses.values():
        await house.learn()
        await house.health.set_serving(True)
    await houses["cedar"].stop()
    await houses["birch"].health.set_serving(False)
    members = [alder.ledger.members_[msp] for msp in ("AlderMSP", "BirchMSP", "CedarMSP")]
    unannounced = members[0].model_copy(update={"msp": "ElmMSP", "address": None})
    found = {f.check: f for f in await check_members([*members, unannounced], alder.state.charter, **pair)}
    assert found["gateway of AlderMSP"].outcome is Outcome.OK
    assert found["clock of AlderMSP"].outcome is Outcome.OK
    assert "does not serve" in found["gateway of BirchMSP"].message
    assert found["gateway of CedarMSP"].outcome is Outcome.FAILED
    assert found["gateway of ElmMSP"].outcome is Outcome.NOT_CHECKED
    strict = alder.state.charter.model_copy(update={"clock_skew_ms": -10_000})
    found = {f.check: f for f in await check_members(members[:1], strict, **pair)}
    assert found["clock of AlderMSP"].outcome is Outcome.FAILED
    assert [f.outcome for f in await check_members(members, None, **pair)] == [Outcome.NOT_CHECKED]
    await houses["cedar"].start()


async def test_a_chain_that_cannot_be_read_is_said_to_be_not_checked() -> None:
    class Away:
        async def blocks(self) -> AsyncIterator[object]:
            raise UnreachableError("the peer is away")
            yield

    (finding,) = await endorsement.check_endorsement(Away(), "quorate")
    assert finding.outcome is Outcome.NOT_CHECKED
    assert "the peer is away" in finding.message


def test_the_command_prints_findings_and_fails_when_one_does(tmp_path: Path) -> None:
    assert CliRunner().invoke(doctor, ["--format", "json"]).exit_code == 0
    result = CliRunner().invoke(doctor, ["--config", str(tmp_path / "missing.toml"), "--format", "json"])
    assert isinstance(result.exception, CheckFailedError)
    rows = {row["check"]: row for row in json.loads(result.stdout)}
    assert rows["configuration"]["outcome"] == "failed"
    assert rows["python"]["outcome"] == "ok"
