"""`quorate network deploy` against peers that know the lifecycle, from connection profiles on disk."""

import asyncio
import json
import stat
import threading
from dataclasses import dataclass
from pathlib import Path

import pytest

from network.lifecycle import ChaincodePackage, Definition
from network.lifecycle.deployment_file import DeploymentFile
from quorate.cli import main
from quorate.errors import NotFoundError, UsageError
from tests.unit.gateway.fabric.authority import Authority
from tests.unit.network.lifecycle.fake_channel import MEMBERS, channel

SERVICE = """
[members.service]
address = "{name}.test:9999"
root = "{name}/service-root.pem"
certificate = "{name}/peer.pem"
key = "{name}/peer.key"
"""
MEMBER = """
[[members]]
profile = "{name}/network.json"
organisation = "{msp}"
[members.admin]
{admin}
[members.tls]
certificate = "{name}/tls.pem"
key = "{name}/tls.key"
"""
HEAD = """
channel = "quorate"
chaincode = "trial"
version = "{version}"
timeout_s = 60
"""


def write(path, data, *, secret=False):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    path.chmod(0o600 if secret else 0o644)


@dataclass
class Place:
    """The channel, and a directory with everything that its members' operators have."""

    directory: Path
    ledger: object
    organisations: dict[str, object]

    def file(self, *names, version="1", service=True, head="", admin='user = "Admin"', file="deployment.toml"):
        text = HEAD.format(version=version) + head
        for msp in names or MEMBERS:
            values = {"name": msp.lower(), "msp": msp, "admin": admin.format(name=msp.lower())}
            text += MEMBER.format(**values) + (SERVICE.format(**values) if service else "")
        path = self.directory / file
        path.write_text(text)
        return path

    def run_chaincodes(self, path):
        for member in DeploymentFile.load(path).load_members(path.parent):
            for peer in self.organisations[member.msp_id].peers:
                peer.running.add(member.package.package_id)


def furnish(directory, organisation):
    """Write what an operator has: a profile, an administrator, TLS, and the certificates of the chaincode service."""
    home = directory / organisation.msp.lower()
    tls = organisation.endpoints[0].tls
    write(home / "tlsca.pem", tls.roots)
    write(home / "tls.pem", tls.certificate)
    write(home / "tls.key", tls.key, secret=True)
    write(home / "admin.pem", organisation.identity.certificate)
    write(home / "admin.key", tls.key, secret=True)
    write(home / "wallet/boss/enrollmentCert.pem", organisation.identity.certificate)
    write(home / "wallet/boss/private_sk", tls.key, secret=True)
    authority = Authority()
    peer = authority.issue("peer")
    write(home / "service-root.pem", authority.pem)
    write(home / "peer.pem", peer.certificate_pem)
    write(home / "peer.key", peer.key_pem, secret=True)
    names = [f"peer{number}" for number in range(len(organisation.endpoints))]
    profile = {
        "organizations": {
            "org": {
                "mspid": organisation.msp,
                "peers": names,
                "users": {"Admin": {"cert": "admin.pem", "private_key": "admin.key"}},
            }
        },
        "peers": {
            name: {"url": endpoint.address, "tlsCACerts": {"path": "tlsca.pem"}}
            for name, endpoint in zip(names, organisation.endpoints, strict=True)
        },
    }
    write(home / "network.json", json.dumps(profile).encode())


@pytest.fixture
def place(tmp_path):
    """The channel's servers run in a thread of their own, since the command brings its own event loop."""
    ready, done, found = threading.Event(), threading.Event(), []

    async def serve():
        async with channel() as (ledger, organisations):
            found.append(Place(tmp_path, ledger, organisations))
            ready.set()
            await asyncio.to_thread(done.wait)

    thread = threading.Thread(target=asyncio.run, args=[serve()])
    thread.start()
    assert ready.wait(10)
    for organisation in found[0].organisations.values():
        furnish(tmp_path, organisation)
    yield found[0]
    done.set()
    thread.join(10)


@pytest.fixture
def run(capfd):
    def call(path, *arguments):
        capfd.readouterr()
        status = main(["network", "deploy", "--config", str(path), "--format", "json", *arguments])
        out, err = capfd.readouterr()
        return status, [(row["step"], row["member"], row["state"]) for row in json.loads(out)] if out else [], err

    return call


def test_one_machine_that_holds_every_administrator(place, run):
    path = place.file()
    place.run_chaincodes(path)
    status, rows, err = run(path)
    assert status == 0
    assert [line.split()[0] for line in err.splitlines()] == ["Installing", "Approving,", "Committing,"]
    assert rows == [
        *[("install", msp, "done") for msp in MEMBERS],
        *[("approve", msp, "done") for msp in MEMBERS],
        ("commit", None, "done"),
    ]
    assert {state for _, _, state in run(path)[1]} == {"was done"}
    assert place.ledger.commits == 1


def test_organisations_one_after_the_other(place, run):
    for name in ("AlderMSP", "BirchMSP"):
        path = place.file(name, file=f"{name}.toml")
        place.run_chaincodes(path)
        assert run(path, "--step", "install", "--step", "approve")[:2] == (
            0,
            [("install", name, "done"), ("approve", name, "done")],
        )
    cedar = place.file("CedarMSP", service=False, file="cedar.toml")
    status, rows, _ = run(cedar, "--step", "check")
    assert status == 0
    states = ["was done", "was done", "missing"]
    assert rows == [("check", msp, state) for msp, state in zip(MEMBERS, states, strict=True)]
    assert run(cedar, "--step", "commit")[:2] == (0, [("commit", None, "done")])
    assert run(cedar, "--step", "check")[1] == rows
    assert run(cedar, "--step", "approve")[1] == [("approve", "CedarMSP", "done")]


def test_committing_too_early_names_who_is_missing(place, run):
    path = place.file("AlderMSP")
    status, _, err = run(path)
    assert status == 5
    assert "INVALID_STATE" in err
    assert "not BirchMSP, CedarMSP" in err
    assert run(path, "--step", "install", "--step", "approve")[1] == [
        ("install", "AlderMSP", "was done"),
        ("approve", "AlderMSP", "was done"),
    ]


def test_a_dry_run_changes_nothing(place, run):
    path = place.file()
    place.run_chaincodes(path)
    status, rows, _ = run(path, "--dry-run")
    assert status == 0
    assert {state for _, _, state in rows} == {"due"}
    assert len(rows) == 7
    assert not place.ledger.approved
    assert not any(peer.installed for each in place.organisations.values() for peer in each.peers)
    run(path)
    assert {state for _, _, state in run(path, "--dry-run")[1]} == {"was done"}
    assert {state for _, _, state in run(place.file(version="2"), "--dry-run")[1]} == {"due"}


def test_a_package_is_written_for_its_owner_alone_and_can_be_installed_from_the_file(place, run, capfd):
    path = place.file("AlderMSP")
    place.run_chaincodes(path)
    output = str(place.directory)
    assert run(path, "--step", "package", "--output", output)[1] == [("package", "AlderMSP", "done")]
    assert run(path, "--step", "package", "--output", output)[1] == [("package", "AlderMSP", "was done")]
    written = place.directory / "trial_1.AlderMSP.tar.gz"
    assert stat.S_IMODE(written.stat().st_mode) == 0o600
    (made,) = DeploymentFile.load(path).load_members(path.parent)
    assert ChaincodePackage.load(written) == made.package
    path.write_text(
        place.file("AlderMSP", service=False)
        .read_text()
        .replace("[members.admin]", 'package = "trial_1.AlderMSP.tar.gz"\n[members.admin]')
    )
    assert run(path, "--step", "install")[1] == [("install", "AlderMSP", "done")]
    assert main(["network", "deploy", "--config", str(path), "--step", "install"]) == 0
    table = capfd.readouterr().out
    assert made.package.package_id in table
    assert "was done" in table


@pytest.mark.parametrize(
    "admin",
    ['wallet = "{name}/wallet"\nname = "boss"', 'certificate = "{name}/admin.pem"\nkey = "{name}/admin.key"'],
    ids=["wallet", "files"],
)
def test_other_ways_to_name_the_administrator(place, run, admin):
    assert run(place.file("AlderMSP", admin=admin), "--step", "install")[:2] == (0, [("install", "AlderMSP", "done")])


def test_acting_for_one_member_reads_no_other_keys(place, run):
    path = place.file()
    (place.directory / "birchmsp/admin.key").unlink()
    (place.directory / "birchmsp/peer.key").unlink()
    status, rows, _ = run(path, "--member", "AlderMSP", "--step", "install")
    assert (status, rows) == (0, [("install", "AlderMSP", "done")])
    status, _, err = run(path, "--member", "ElmMSP", "--step", "install")
    assert status == 5
    assert "It has: AlderMSP, BirchMSP, CedarMSP." in err


def test_a_peer_that_does_not_answer_is_named(place, run):
    path = place.file()
    profile = place.directory / "birchmsp/network.json"
    document = json.loads(profile.read_text())
    document["peers"]["peer0"]["url"] = "localhost:1"
    profile.write_text(json.dumps(document))
    status, _, err = run(path, "--step", "install")
    assert status == 3
    assert "install: 1 of 3 are missing: BirchMSP at localhost:1" in err


def test_what_a_file_says_of_the_definition(place):
    collections = """collections = [{name = "c", members = "OR('A.peer')"}]"""
    path = place.file(head=f"""policy = "OR('AlderMSP.peer')"\nsequence = 3\n{collections}\n""")
    definition = DeploymentFile.load(path).definition()
    assert (definition.name, definition.version, definition.sequence) == ("trial", "1", 3)
    assert set(definition.differences(Definition(name="trial", version="1", sequence=1))) == {"policy", "collections"}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "channel: Field required"),
        ("=", "not TOML"),
        (HEAD + "members = []", "members: Tuple should have at least 1"),
        (HEAD + 'colour = 1\n[[members]]\nprofile = "p"\nadmin = {user = "a"}', "colour: Extra inputs"),
        (HEAD + '[[members]]\nprofile = "p"\nadmin = {}', "either user, or wallet and name"),
        (HEAD + '[[members]]\nprofile = "p"\nadmin = {user = "a", wallet = "w", name = "n"}', "either user"),
        (HEAD + '[[members]]\nprofile = "p"\nadmin = {user = "a", key = "k"}', "either user"),
        (
            HEAD + '[[members]]\nprofile = "p"\npackage = "x"\nadmin = {user = "a"}\n' + SERVICE.format(name="n"),
            "either service or package",
        ),
        ("#" * 300_000, "larger than"),
    ],
)
def test_what_is_no_deployment(tmp_path, text, why):
    path = tmp_path / "deployment.toml"
    path.write_text(text)
    with pytest.raises(UsageError, match=why):
        DeploymentFile.load(path)


def test_a_file_that_is_not_there_and_a_member_that_is_there_twice(place):
    with pytest.raises(UsageError, match="Cannot read"):
        DeploymentFile.load(place.directory / "absent.toml")
    path = place.file("AlderMSP", "AlderMSP")
    with pytest.raises(UsageError, match="twice"):
        DeploymentFile.load(path).load_members(path.parent)
    path = place.file("AlderMSP")
    with pytest.raises(NotFoundError):
        DeploymentFile.load(path).load_members(path.parent, ("BirchMSP",))
