"""Deploying to real peers that run already: by separate organisations, from their profiles and wallets, and again."""

import asyncio
import dataclasses
import json
import os
import shutil
import subprocess
from contextlib import asynccontextmanager

import pytest

from gateway.fabric import Endpoint, FileIdentity, Tls, connect
from gateway.fabric.profile import ConnectionProfile, FileSystemWallet
from network.chaincode_node import chaincode_node
from network.consortium import found_at_once
from network.fabric.endorser import ProposalError, open_endorser
from network.fabric.msp import write_msp
from network.fabric.programs import FabricPrograms
from network.identity import Role
from network.lifecycle import (
    Definition,
    DeploymentError,
    Member,
    PeerLifecycle,
    endorsement_policy,
    open_member,
    service_package,
    steps,
)
from network.lifecycle import deploy as deploy_for
from network.lifecycle.deployment_file import DeploymentFile
from network.lifecycle.everywhere import deadline_in, until
from network.own_programs import find_chaincode_program
from quorate.cli import main
from quorate.records.common import make
from quorate.records.consortium import Get
from tests.integration.native.conftest import title, topology
from tests.integration.ports import free_port

TWO = topology("Alder", "Birch")
POLICY = "OR(AND('AlderMSP.peer', OutOf(1, 'BirchMSP.peer', 'AlderMSP.admin')), 'BirchMSP.member')"


def tls_of(organisation):
    paths = organisation.paths
    return Tls.from_files(
        roots=organisation.tls_ca,
        certificate=paths.gateway_client.cert,
        key=paths.gateway_client.key,
        server_name=organisation.server_name,
    )


def administrator(organisation):
    pair = organisation.paths.admin
    return FileIdentity(msp_id=organisation.msp_id, certificate=pair.cert, key=pair.key).load()


def service_tls(organisation):
    paths = organisation.paths
    return Tls.from_files(roots=organisation.tls_ca, certificate=paths.peer_tls.cert, key=paths.peer_tls.key)


def member_of(organisation, label, address="localhost:1"):
    identity, signer = administrator(organisation)
    endpoint = Endpoint(organisation.address, tls_of(organisation))
    package = service_package(label, address, service_tls(organisation))
    return Member(identity=identity, signer=signer, peers=(endpoint,), package=package)


@asynccontextmanager
async def lifecycle(organisation, who=None):
    endpoint = Endpoint(organisation.address, tls_of(organisation))
    async with open_endorser(endpoint, *(who or administrator(organisation))) as endorser:
        yield PeerLifecycle(endorser)


def put_into_wallet(wallet, name, pair):
    """As fabric-sdk-py stores an enrolment, and as it should have: the key for its owner alone."""
    folder = wallet / name
    folder.mkdir(parents=True)
    shutil.copy(pair.cert, folder / "enrollmentCert.pem")
    shutil.copy(pair.key, folder / "private_sk")
    (folder / "private_sk").chmod(0o600)


def furnish(place, organisation):
    """Write what an operator who used fabric-sdk-py has: a profile and a wallet."""
    put_into_wallet(place / "wallet", "boss", organisation.paths.admin)
    put_into_wallet(place / "wallet", "officer", organisation.paths.identity(Role.OFFICER))
    client = organisation.paths.gateway_client
    profile = {
        "name": "sample",
        "client": {"organization": organisation.name},
        "organizations": {organisation.name: {"mspid": organisation.msp_id, "peers": ["peer0"]}},
        "peers": {
            "peer0": {
                "url": organisation.address,
                "grpcOptions": {"grpc.ssl_target_name_override": organisation.server_name},
                "tlsCACerts": {"path": str(organisation.tls_ca)},
                "clientCert": {"path": str(client.cert)},
                "clientKey": {"path": str(client.key)},
            }
        },
        "orderers": {},
        "certificateAuthorities": {},
    }
    (place / "network.json").write_text(json.dumps(profile))
    return ConnectionProfile.load(place / "network.json")


def deployment(place, organisation, port, *, version):
    paths = organisation.paths
    path = place / "deployment.toml"
    path.write_text(
        f"""
channel = "quorate"
chaincode = "quorate"
version = "{version}"
timeout_s = 30

[[members]]
profile = "network.json"
admin = {{ wallet = "wallet", name = "boss" }}

[members.service]
address = "localhost:{port}"
root = "{organisation.tls_ca}"
certificate = "{paths.peer_tls.cert}"
key = "{paths.peer_tls.key}"
"""
    )
    return path


@pytest.fixture
def serve(tmp_path):
    """Run an organisation's chaincode under the id of its new package."""
    nodes = []

    def start(organisation, package, port):
        node = chaincode_node(
            organisation.name,
            organisation.paths,
            command=(str(find_chaincode_program()),),
            package_id=package.package_id,
            port=port,
            directory=tmp_path / f"chaincode-{organisation.name}",
            dies_with_parent=True,
        )
        nodes.append(node)
        node.start()

    yield start
    for node in nodes:
        node.stop()


@pytest.fixture
def deploy(capfd):
    def run(path, *arguments):
        capfd.readouterr()
        status = main(["network", "deploy", "--config", str(path), "--format", "json", *arguments])
        out, err = capfd.readouterr()
        return status, [(row["step"], row["member"], row["state"]) for row in json.loads(out)] if out else [], err

    return run


async def test_a_populated_ledger_is_upgraded_by_separate_organisations(native, start, serve, deploy, tmp_path):
    await upgrade(await asyncio.to_thread(start, native, TWO), serve, deploy, tmp_path)


async def test_the_same_on_fabric_2_5(native_2_5, start, serve, deploy, tmp_path):
    old = topology("Alder", "Birch", fabric_version="2.5")
    await upgrade(await asyncio.to_thread(start, native_2_5, old), serve, deploy, tmp_path)


async def upgrade(network, serve, deploy, tmp_path):
    connection = network.connection
    await asyncio.to_thread(found_at_once, connection, timeout_s=60)
    before = await asyncio.to_thread(title, connection)
    files = {}
    for organisation in connection.organisations:
        place, port = tmp_path / organisation.name, free_port()
        place.mkdir()
        furnish(place, organisation)
        files[organisation.name] = deployment(place, organisation, port, version="7.0.0")
        (member,) = DeploymentFile.load(files[organisation.name]).load_members(place)
        await asyncio.to_thread(serve, organisation, member.package, port)

    def cli(name, *arguments):
        return asyncio.to_thread(deploy, files[name], *arguments)

    assert (await cli("alder", "--dry-run"))[1] == [
        ("install", "AlderMSP", "due"),
        ("approve", "AlderMSP", "due"),
        ("commit", None, "due"),
    ]
    assert (await cli("alder", "--step", "approve"))[0] == 5  # nothing is installed yet
    assert (await cli("alder", "--step", "install", "--step", "approve"))[:2] == (
        0,
        [("install", "AlderMSP", "done"), ("approve", "AlderMSP", "done")],
    )
    assert (await cli("alder", "--step", "check"))[1] == [
        ("check", "AlderMSP", "was done"),
        ("check", "BirchMSP", "missing"),
    ]
    status, _, err = await cli("alder", "--step", "commit")
    assert status == 5
    assert "not BirchMSP" in err
    # The last one does all that is left for both.
    assert (await cli("birch"))[:2] == (
        0,
        [("install", "BirchMSP", "done"), ("approve", "BirchMSP", "done"), ("commit", None, "done")],
    )
    for name in ("alder", "birch"):
        network.nodes[f"chaincode.{name}"].kill()
        assert {state for _, _, state in (await cli(name))[1]} == {"was done"}
    assert await asyncio.to_thread(title, connection) == before
    assert await asyncio.to_thread(title, connection, 1) == before
    async with lifecycle(connection.organisations[0]) as peer:
        committed = await peer.committed("quorate", "quorate")
        assert (committed.definition.sequence, committed.definition.version) == (2, "7.0.0")
        assert {channel for each in await peer.installed() for channel in each.channels} == {"quorate"}


async def both_approvals(session, definition):
    """Wait until a member's peer has read what the other member approved."""
    found = []

    async def holds():
        found.append(await steps.approvals(session, "quorate", definition))
        return "" if found[-1].mismatches else "not read yet"

    await until(holds, deadline=deadline_in(20))
    return found[-1]


async def test_what_real_peers_say(native, start, tmp_path):
    network = await asyncio.to_thread(start, native, TWO)
    connection = network.connection
    alder, birch = connection.organisations
    async with lifecycle(alder) as peer:
        (first,) = await peer.installed()
        fetched = await peer.installed_package(first.package_id)
        assert fetched.package_id == first.package_id
        assert not await peer.install(fetched)
        assert await peer.installed_package(f"none_1:{'0' * 64}") is None
        assert await peer.committed("quorate", "none") is None
        assert await peer.approved("quorate", "quorate", 2) is None
        with pytest.raises(ProposalError, match="'none' not found"):
            await peer.committed("none", "quorate")

    officer = alder.paths.identity(Role.OFFICER)
    who = FileIdentity(msp_id=alder.msp_id, certificate=officer.cert, key=officer.key).load()
    async with lifecycle(alder, who) as peer:
        with pytest.raises(ProposalError) as caught:
            await peer.installed()
    assert (caught.value.code, caught.value.exit_code) == ("DENIED", 4)

    trial = Definition(name="trial", version="1", sequence=1)
    other = Definition(name="trial", version="2", sequence=1)
    async with open_member(member_of(alder, "trial_1")) as one, open_member(member_of(birch, "trial_1")) as two:
        with pytest.raises(DeploymentError, match="no package trial_1") as absent:
            await steps.approve(one, "quorate", trial, one.package_id, deadline=deadline_in(20))
        assert absent.value.code == "NOT_FOUND"
        assert len(await steps.install([one, two])) == 2
        await steps.approve(one, "quorate", trial, one.package_id, deadline=deadline_in(20))
        await steps.approve(two, "quorate", other, two.package_id, deadline=deadline_in(20))
        found = await both_approvals(one, trial)
        assert (found.approvals, found.waiting_for) == ({"AlderMSP": True, "BirchMSP": False}, ("BirchMSP",))
        assert "version" in str(found.mismatches["BirchMSP"])
        with pytest.raises(Exception, match=r"not BirchMSP \(it approved another") as few:
            await steps.commit(one, "quorate", trial, deadline=deadline_in(20))
        assert few.value.code == "INVALID_STATE"
        # Changing one's mind before the commit is allowed.
        assert await steps.approve(two, "quorate", trial, "", deadline=deadline_in(20))
        assert await steps.commit(two, "quorate", trial, deadline=deadline_in(20))
        assert not await steps.commit(one, "quorate", trial, deadline=deadline_in(20))

    # An enrolment of fabric-sdk-py goes on as it is.
    profile = furnish(tmp_path, alder)
    identity = FileSystemWallet(tmp_path / "wallet").load("officer", msp_id=profile.organisation().msp_id)
    async with connect(profile.peer("peer0"), *identity) as gateway:
        contract = gateway.network("quorate").contract("quorate")
        assert b"consortium/1" in await contract.evaluate("consortium:Get", make(Get).encode())


def run_peer(network, organisation, *arguments):
    """Run Fabric's own program as an organisation's administrator."""
    directory = next(network.home.nodes.glob(f"peer0.{organisation.name}"))
    msp = write_msp(directory / "admin-msp", organisation.paths, signer=organisation.paths.admin)
    client = organisation.paths.gateway_client
    environment = os.environ | {
        "FABRIC_CFG_PATH": str(directory),
        "CORE_PEER_LOCALMSPID": organisation.msp_id,
        "CORE_PEER_MSPCONFIGPATH": str(msp),
        "CORE_PEER_ADDRESS": organisation.address,
        "CORE_PEER_TLS_ENABLED": "true",
        "CORE_PEER_TLS_ROOTCERT_FILE": str(organisation.tls_ca),
        "CORE_PEER_TLS_CLIENTAUTHREQUIRED": "true",
        "CORE_PEER_TLS_CLIENTCERT_FILE": str(client.cert),
        "CORE_PEER_TLS_CLIENTKEY_FILE": str(client.key),
    }
    command = [str(FabricPrograms.find().peer), "lifecycle", "chaincode", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


async def test_fabrics_own_program_agrees_on_packages_and_policies(native, start, tmp_path):
    """Members who use `peer` approve the same definition, byte for byte."""
    network = await asyncio.to_thread(start, native, TWO)
    alder = network.connection.organisations[0]
    member = member_of(alder, "trial_1.0+rc-1")
    member.package.save(tmp_path / "trial.tar.gz")
    said = await asyncio.to_thread(run_peer, network, alder, "calculatepackageid", str(tmp_path / "trial.tar.gz"))
    assert said.strip() == member.package.package_id

    for number, policy in enumerate([None, POLICY]):
        name = f"trial{number}"
        definition = Definition(name=name, version="1.0", sequence=1, policy=endorsement_policy(policy))
        async with open_member(member) as session:
            await steps.approve(session, "quorate", definition, "", deadline=deadline_in(20))
        arguments = ["checkcommitreadiness", "-C", "quorate", "-n", name, "-v", "1.0", "--sequence", "1", "-O", "json"]
        said = await asyncio.to_thread(
            run_peer, network, alder, *arguments, *(["--signature-policy", policy] if policy else [])
        )
        assert json.loads(said)["approvals"] == {"AlderMSP": True, "BirchMSP": False}


async def test_a_peer_that_is_down_is_named_and_the_second_run_finishes(native, start, serve):
    two_peers = topology("Alder", "Birch")
    two_peers = two_peers.model_copy(
        update={"organisations": tuple(one.model_copy(update={"peers": 2}) for one in two_peers.organisations)}
    )
    network = await asyncio.to_thread(start, native, two_peers)
    members = []
    for organisation in network.connection.organisations:
        port = free_port()
        member = member_of(organisation, "second_1", f"localhost:{port}")
        endpoints = tuple(Endpoint(peer.address, tls_of(organisation)) for peer in organisation.peers)
        members.append(dataclasses.replace(member, peers=endpoints))
        await asyncio.to_thread(serve, organisation, member.package, port)
    settings = {"channel": "quorate", "chaincode": "second", "version": "1"}
    down = network.nodes["peer1.birch"]
    await asyncio.to_thread(down.kill)
    with pytest.raises(DeploymentError) as caught:
        await deploy_for(members, **settings)
    assert list(caught.value.failures) == [f"BirchMSP at {members[1].peers[1].address}"]
    assert (caught.value.step, caught.value.code) == ("install", "UNREACHABLE")
    await asyncio.to_thread(down.start)
    done = await deploy_for(members, **settings)
    assert done.installed == (members[1].peers[1].address,)
    assert (done.approved, done.committed) == (("AlderMSP", "BirchMSP"), True)
    again = await deploy_for(members, **settings)
    assert (again.installed, again.approved, again.committed) == ((), (), False)
