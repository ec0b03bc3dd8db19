"""Identities from Fabric CA on real peers, and what becomes of one that is revoked."""

import pytest

from gateway.fabric import Endpoint, FileIdentity, GatewayError, Tls
from network.consortium import found_at_once, open_contract
from network.fabric.endorser import open_endorser
from network.fabric.publish import publish_crl
from network.fabric.revocation import publish_revocations
from network.identity import Role
from network.identity.fabric_ca import FabricCa, Reason
from network.identity.fabric_ca.profile import CaProfile
from network.identity.fabric_ca.program import find_ca_program
from network.identity.fabric_ca.revocation import keep_crl
from quorate.cli import main
from quorate.errors import DeniedError, ExitCode, UsageError
from quorate.records.common import make
from quorate.records.consortium import Get
from tests.integration.native.conftest import topology

ASK = make(Get).encode()


@pytest.fixture(params=["native", "native_2_5"])
def connection(request, start):
    try:
        find_ca_program()
    except UsageError as error:
        pytest.skip(f"needs a fabric-ca-server: {error} {error.hint}")
    engine, version = request.getfixturevalue(request.param), "2.5" if request.param.endswith("2_5") else "3.1"
    network = start(engine, topology("Alder", "Birch", ca="fabric-ca", fabric_version=version))
    found_at_once(network.connection, timeout_s=60)
    return network.connection


async def revoke(member, name):
    """Revoke an identity at its CA, keep the new list, and return it."""
    profile = CaProfile.load(member.paths.ca.directory / "ca.toml")
    async with FabricCa(profile.endpoint()) as ca:
        revoked = await ca.revoke(profile.credential(), name=name, reason=Reason.KEY_COMPROMISE, with_crl=True)
    return keep_crl(member.paths, revoked.crl).read_bytes()


async def ask(connection, member, role):
    async with open_contract(connection, member, role) as contract:
        return await contract.evaluate("consortium:Get", ASK)


async def test_a_revoked_agent_is_refused_by_every_peer_and_the_others_are_not(connection):
    alder, birch = (connection.organisation(name) for name in ("alder", "birch"))
    before = await ask(connection, alder, Role.AGENT)
    crl = await revoke(alder, "agent.alder.test")
    assert await ask(connection, alder, Role.AGENT) == before  # the CA knows, the channel does not yet
    assert await publish_crl(connection, "alder", crl)
    assert not await publish_crl(connection, "AlderMSP", crl)
    with pytest.raises(GatewayError, match=r"revoked|access denied"):
        await ask(connection, alder, Role.AGENT)
    assert await ask(connection, alder, Role.STEWARD) == before
    assert await ask(connection, birch, Role.AGENT) == before


async def test_another_organisation_s_administrator_may_not_revoke(connection):
    alder, birch = (connection.organisation(name) for name in ("alder", "birch"))
    crl = await revoke(alder, "agent.alder.test")
    pair, client, node = birch.paths.admin, birch.paths.gateway_client, connection.orderers[0]
    identity, signer = FileIdentity(msp_id="BirchMSP", certificate=pair.cert, key=pair.key).load()
    files = {"certificate": client.cert, "key": client.key, "server_name": "localhost"}
    peer = Endpoint(birch.address, Tls.from_files(roots=birch.tls_ca, **files))
    orderer = Endpoint(node.address, Tls.from_files(roots=node.tls_ca, **files))
    async with open_endorser(peer, identity, signer) as endorser:
        with pytest.raises(DeniedError, match="did not satisfy policy"):
            await publish_revocations(endorser, orderer, channel=connection.channel, msp_id="AlderMSP", crls=[crl])


def test_a_list_is_published_from_the_command_line(connection, home, tmp_path, capsys):
    ca = str(connection.organisation("birch").paths.ca.directory / "ca.toml")
    crl = str(tmp_path / "crl.pem")
    assert main(["network", "ca", "revoke", "steward.birch.test", "--ca", ca, "--crl", crl]) == ExitCode.DONE
    publish = ["network", "ca", "publish", crl, "--organisation", "birch", "--directory", str(home.directory)]
    assert main(publish) == ExitCode.DONE
    assert "The channel has the new list." in capsys.readouterr().err
    assert main(publish) == ExitCode.DONE
    assert "already" in capsys.readouterr().err
