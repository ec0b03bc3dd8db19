"""Evidence of a ledger that the real chaincode made: exported through a peer, verified offline."""

import asyncio
import json
import zipfile
from contextlib import AsyncExitStack

import pytest

from gateway.audit.export import export_bundle
from gateway.ledger.session import open_session
from network.identity.layout import Role
from quorate.cli import main
from quorate.digest import digest_of
from quorate.errors import DeniedError
from quorate.verify import VerificationError, verify_bundle
from quorate.verify.bundle.scope import Extent
from tests.integration.evidence_walk import Walk, profile


@pytest.fixture(scope="module")
def bundles(network, tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundles")

    async def walk():
        async with AsyncExitStack() as stack:
            one = Walk(network, stack, "one")
            await one.found()
            # A round costs 0.37 here, two 0.53: Elm can afford one, and the ledger refuses the next.
            await one.register(["8", "8", "8", "0.5"])
            await one.agree()
            await one.round(1, disagreement=True)
            await one.round(2, declining=[one.names[2]])
            other = Walk(network, stack, "other")
            await other.register(["8", "8", "8", "8"])
            await other.agree()
            await other.round(1)
            officer = await one.as_(one.names[1], Role.OFFICER)
            await export_bundle(officer, folder / "ledger.qeb")
            await export_bundle(officer, folder / "again.qeb")
            await export_bundle(officer, folder / "one.qeb", extent=Extent(study="one"))
            await export_bundle(officer, folder / "other", extent=Extent(study="other"))

    asyncio.run(walk())
    return folder


def test_the_whole_ledger_verifies(bundles, network):
    report = verify_bundle(bundles / "ledger.qeb", genesis=network.genesis)
    assert report.result == "verified"
    said = " ".join(found.message for found in report.verified)
    assert "2 studies with 3 rounds, 3 of them final" in said
    assert "11 reservations and the totals of 8 privacy accounts were computed anew" in said


def test_what_was_refused_declined_and_retried_is_in_it(bundles):
    with zipfile.ZipFile(bundles / "ledger.qeb") as archive:
        events = [json.loads(line) for line in archive.read("events.jsonl").splitlines()]
    kinds = {event["type"] for line in events for event in line["events"]}
    assert {"privacy.refused", "round.declined", "round.retried"} <= kinds


def test_the_report_says_whether_the_ledger_was_for_development(bundles, network):
    report = verify_bundle(bundles / "ledger.qeb", genesis=network.genesis)
    said = any("embedded network" in found.why for found in report.not_checked)
    assert said == (network.engine == "embedded")


@pytest.mark.parametrize("name", ["one.qeb", "other"])
def test_one_study_verifies_without_claiming_totals(bundles, network, name):
    report = verify_bundle(bundles / name, genesis=network.genesis)
    assert any("totals and absences" in found.message for found in report.not_checked)
    assert not any("totals" in found.message for found in report.verified)


def test_equal_content_gives_equal_bytes(bundles):
    assert (bundles / "ledger.qeb").read_bytes() == (bundles / "again.qeb").read_bytes()


def test_another_ledger_is_refused(bundles):
    with pytest.raises(VerificationError, match="genesis"):
        verify_bundle(bundles / "ledger.qeb", genesis=digest_of(b"another"))


def test_only_those_whom_the_policies_let_may_export(network, bundles, tmp_path):
    async def export(role):
        async with open_session(profile(network.organisations[0], role)) as session:
            await export_bundle(session, tmp_path / "mine.qeb")

    for role in (Role.AGENT, Role.AGGREGATOR, Role.OPERATOR, Role.STEWARD):
        with pytest.raises(DeniedError, match=f"as {role.value}: denied by"):
            asyncio.run(export(role))
    assert list(tmp_path.iterdir()) == []
    assert bundles.exists()


def test_the_command_exports_and_verifies(network, bundles, tmp_path, capsys):
    member = network.organisations[2]
    fields = profile(member, Role.OFFICER).model_dump(mode="json", exclude_none=True)
    (tmp_path / "officer.toml").write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in fields.items()))
    bundle = str(tmp_path / "mine.qeb")
    assert main(["audit", "export", bundle, "--profile", str(tmp_path / "officer.toml"), "--format", "json"]) == 0
    exported = json.loads(capsys.readouterr().out)
    development = network.engine == "embedded"
    assert (exported["genesis"], exported["rounds"], exported["development"]) == (network.genesis, 3, development)
    assert main(["audit", "verify", bundle, "--genesis", network.genesis, "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["result"] == "verified"

    def found(path):
        """Return what was verified of a bundle, whoever exported it."""
        report = verify_bundle(path, genesis=network.genesis)
        return [verified.message.split(", exported by ")[0] for verified in report.verified[1:]]

    assert found(tmp_path / "mine.qeb") == found(bundles / "ledger.qeb")
