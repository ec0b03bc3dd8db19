"""Gateways of all members as witnesses: a bundle with their statements rules out a fork."""

import asyncio
import itertools
from contextlib import AsyncExitStack

import pytest

from gateway.audit.export import export_bundle
from gateway.ledger.session import open_session
from network import embedded_engine
from network.home import NetworkHome
from network.identity.layout import Role
from network.topology import Topology
from quorate.verify import Step, verify_bundle
from quorate.verify.bundle.scope import Extent
from tests.integration.evidence_walk import Walk, profile
from tests.integration.gateway_process import GatewayProcess


@pytest.fixture(scope="module")
def network(tmp_path_factory, embedded_program):  # noqa: ARG001 - it must be built
    running = embedded_engine.start(
        NetworkHome(tmp_path_factory.mktemp("network")),
        Topology.for_members(["Alder", "Birch", "Cedar"]),
        dies_with_parent=True,
    )
    try:
        yield running.connection
    finally:
        running.stop()


def through(gateway):
    """Return the officer's profile at a gateway instead of at the peer."""
    member = gateway.member
    return profile(member, Role.OFFICER).model_copy(
        update={
            "gateway": gateway.address,
            "tls_ca": member.paths.tls_ca.cert,
            "relay_certificate": member.paths.gateway_client.cert,
        }
    )


async def statements_of(gateway, folder, *, wanted, **how):
    """Export until every gateway has found the others and caught up; return what was said of the last export."""
    async with asyncio.timeout(240):
        for attempt in itertools.count():
            async with open_session(through(gateway)) as session:
                found = await export_bundle(session, folder / f"{attempt}.qeb", witnesses=True, **how)
            report = verify_bundle(found.path, genesis=found.manifest.genesis)
            said = [line.message for line in report.verified if line.step is Step.WITNESSES]
            if said and f"{wanted} of 3 members" in said[0]:
                return found, report, said[0]
            await asyncio.sleep(0.2)
    raise AssertionError


async def test_bundles_with_the_members_statements(network, tmp_path):
    gateways = [GatewayProcess(network, member, tmp_path) for member in network.organisations]
    try:
        await asyncio.gather(*(gateway.start() for gateway in gateways))
        async with AsyncExitStack() as stack:
            walk = Walk(network, stack, "one")
            await walk.found()
            await walk.register(["8"] * 3)
        (tmp_path / "all").mkdir()
        found, _, said = await statements_of(gateways[0], tmp_path / "all", wanted=3)
        assert found.silent == ()
        assert said.startswith("no fork: 3 of 3 members saw block")
        await gateways[2].stop()
        (tmp_path / "two").mkdir()
        found, _, said = await statements_of(gateways[0], tmp_path / "two", wanted=2)
        [silent] = found.silent
        assert silent.startswith("CedarMSP: ")
        (tmp_path / "time").mkdir()
        _, report, _ = await statements_of(gateways[1], tmp_path / "time", wanted=2, extent=Extent(since=1))
        assert any("a majority of members stand in" in found.message for found in report.verified)
        status, findings = await gateways[0].doctor()
        assert status is not None
        [agreement] = [finding for finding in findings if finding["check"] == "agreement of ledgers"]
        assert agreement["outcome"] == "ok"
    finally:
        await asyncio.gather(*(gateway.stop() for gateway in gateways))
