"""One organisation's own steps, and the questions that it asks its peer."""

import dataclasses

import pytest
from grpc import StatusCode

from gateway.fabric import PrivateKeySigner
from network.fabric.endorser import ProposalError, open_endorser
from network.lifecycle import Definition, DeploymentError, PeerLifecycle, open_member, service_package, steps
from network.lifecycle.everywhere import deadline_in
from quorate.errors import IntegrityError, UsageError
from tests.unit.gateway.fabric.authority import Authority
from tests.unit.network.lifecycle.fake_channel import channel
from tests.unit.network.lifecycle.test_deploy import TLS, package, roll_out

TRIAL = Definition(name="trial", version="1", sequence=1)


async def test_approving_a_package_that_is_not_installed_is_refused():
    """Peers take the approval of a stale id, and then every call fails."""
    async with channel() as (ledger, organisations):
        stale = service_package("quorate_1", "elsewhere.test:1", TLS)
        async with open_member(organisations["AlderMSP"].member(package("AlderMSP"))) as session:
            await steps.install([session])
            with pytest.raises(DeploymentError, match=f"no package {stale.package_id} is installed") as caught:
                await steps.approve(session, "quorate", TRIAL, stale.package_id, deadline=deadline_in(60))
        assert caught.value.code == "NOT_FOUND"
        assert "certificates were renewed" in caught.value.hint
        assert not ledger.approved


async def test_each_organisation_by_itself_and_then_anybody_commits():
    async with channel() as (ledger, organisations):
        for msp in ("AlderMSP", "BirchMSP"):
            made = package(msp)
            async with open_member(organisations[msp].member(made)) as session:
                assert len(await steps.install([session])) == 1
                assert await steps.install([session]) == ()
                deadline = deadline_in(60)
                assert await steps.approve(session, "quorate", TRIAL, made.package_id, deadline=deadline)
                assert not await steps.approve(session, "quorate", TRIAL, made.package_id, deadline=deadline)
        async with open_member(organisations["CedarMSP"].member(None)) as session:
            found = await steps.approvals(session, "quorate", TRIAL)
            assert found.approvals == {"AlderMSP": True, "BirchMSP": True, "CedarMSP": False}
            assert found.waiting_for == ("CedarMSP",)
            assert await steps.commit(session, "quorate", TRIAL, deadline=deadline_in(60))
            assert not await steps.commit(session, "quorate", TRIAL, deadline=deadline_in(60))
        assert ledger.commits == 1


async def test_what_a_peer_knows():
    async with channel() as (_, organisations):
        await roll_out(organisations)
        alder, made = organisations["AlderMSP"], package("AlderMSP")
        async with open_endorser(alder.endpoints[0], alder.identity, alder.signer) as endorser:
            peer = PeerLifecycle(endorser)
            (installed,) = await peer.installed()
            assert (installed.package_id, installed.label) == (made.package_id, "quorate_1")
            assert await peer.installed_package(made.package_id) == made
            assert await peer.installed_package(f"none:{'0' * 64}") is None
            with pytest.raises(UsageError):
                await peer.installed_package("none")
            committed = await peer.committed("quorate", "trial")
            assert committed.definition == TRIAL
            assert all(committed.approvals.values())
            assert await peer.committed("quorate", "other") is None
            approved = await peer.approved("quorate", "trial", 1)
            assert (approved.definition, approved.package_id) == (TRIAL, made.package_id)
            assert await peer.approved("quorate", "trial", 2) is None


async def test_a_package_that_is_not_the_one_of_its_id():
    async with channel() as (_, organisations):
        await roll_out(organisations)
        alder, made = organisations["AlderMSP"], package("AlderMSP")
        alder.peers[0].installed[made.package_id] = package("BirchMSP").data
        async with open_endorser(alder.endpoints[0], alder.identity, alder.signer) as endorser:
            with pytest.raises(IntegrityError, match="as the package"):
                await PeerLifecycle(endorser).installed_package(made.package_id)


async def test_a_signature_that_is_not_the_administrators():
    async with channel() as (_, organisations):
        alder = organisations["AlderMSP"]
        stranger = PrivateKeySigner(Authority().issue("stranger").key)
        async with open_endorser(alder.endpoints[0], alder.identity, stranger) as endorser:
            with pytest.raises(ProposalError, match="access denied") as caught:
                await PeerLifecycle(endorser).installed()
        assert (caught.value.code, caught.value.exit_code) == ("DENIED", 4)
        assert caught.value.address == alder.endpoints[0].address


async def test_a_peer_that_is_not_there():
    async with channel() as (_, organisations):
        alder = organisations["AlderMSP"]
        await alder.servers[0].stop(grace=None)
        async with open_endorser(alder.endpoints[0], alder.identity, alder.signer) as endorser:
            with pytest.raises(ProposalError) as caught:
                await PeerLifecycle(endorser).installed()
        assert (caught.value.code, caught.value.response_status) == ("UNREACHABLE", 0)
        assert caught.value.address in str(caught.value)


async def test_who_refused_the_peer_or_the_chaincode():
    async with channel() as (_, organisations):
        await roll_out(organisations)
        alder = organisations["AlderMSP"]
        async with open_endorser(alder.endpoints[0], alder.identity, alder.signer) as endorser:
            with pytest.raises(ProposalError) as caught:
                await endorser.call("quorate", "trial", "none")
            assert (caught.value.from_chaincode, caught.value.response_status) == (True, 500)
            assert caught.value.reason == "INVALID_ARGUMENT: there is no function"
            alder.peers[0].running.clear()
            with pytest.raises(ProposalError) as caught:
                await endorser.call("quorate", "trial", "none")
            assert not caught.value.from_chaincode


async def test_the_key_of_a_member_is_not_printed():
    async with channel() as (_, organisations):
        member = organisations["AlderMSP"].member(package("AlderMSP"))
        assert "signer" not in repr(member)
        with pytest.raises(UsageError, match="no peer"):
            dataclasses.replace(member, peers=())


def test_what_is_no_peer_of_fabric():
    """The embedded network answers so: its chaincode is built in."""
    error = ProposalError("localhost:1", "unknown service protos.Endorser", status=StatusCode.UNIMPLEMENTED)
    assert error.code == "UNSUPPORTED_VERSION"
    assert "embedded network has its chaincode built in" in error.hint
