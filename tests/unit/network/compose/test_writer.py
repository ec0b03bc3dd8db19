import json
import os
import re
from importlib import resources

import pytest
import yaml

from network.compose.images import Images
from network.compose.material import OPERATIONS_PORT, write_material
from network.compose.plan import ADMIN_PORT, CHAINCODE_PORT, ORDERER_PORT, PEER_PORT, make_plan
from network.compose.writer import node_user, write_ca_project, write_project
from network.engine import ChaincodeProgram
from network.fabric.identities import issue_identities
from network.home import NetworkHome
from network.topology import Topology
from quorate.errors import UsageError


@pytest.fixture
def home(tmp_path):
    home = NetworkHome(tmp_path / "home with $ign")
    home.ledger.mkdir(parents=True)
    return home


@pytest.fixture(autouse=True)
def daemon(fake_docker):
    fake_docker.answers([("info", (0, json.dumps(["name=seccomp,profile=default"]), ""))])
    return fake_docker


def topology(**changes):
    data = Topology.for_members(["Alder", "St. Anna"]).model_dump(by_alias=True)
    orderer = data["orderer"] | {"nodes": changes.pop("orderers", 1)}
    return Topology.model_validate(data | {"orderer": orderer} | changes)


def written(home, wanted, chaincode=None):
    """The services of each compose file, and what `.env` says."""
    plan = make_plan(home, wanted)
    ids = {member.name: f"quorate:{member.name}" for member in wanted.organisations}
    project = write_project(plan, Images.of(wanted, {}), ids, chaincode)
    files = {path.name: yaml.safe_load(path.read_text())["services"] for path in project.paths}
    lines = (project.directory / ".env").read_text().splitlines()[1:]
    return files, dict(line.split("=", 1) for line in lines)


def variables(text):
    return set(re.findall(r"\$\{(\w+)", text))


@pytest.mark.parametrize(
    ("changes", "file", "orderers"),
    [
        ({}, "compose.raft.yaml", ["orderer0.orderer"]),
        ({"orderers": 3}, "compose.raft.yaml", [f"orderer{index}.orderer" for index in range(3)]),
        (
            {"orderers": 4, "consensus": "smartbft"},
            "compose.bft.yaml",
            [f"orderer{index}.orderer" for index in range(4)],
        ),
    ],
)
def test_members_are_in_one_file_and_orderers_in_another(home, changes, file, orderers):
    files, _ = written(home, topology(**changes))
    assert list(files) == ["compose.yaml", file]
    assert list(files["compose.yaml"]) == ["peer0.alder", "peer0.st-anna", "chaincode.alder", "chaincode.st-anna"]
    assert list(files[file]) == orderers


def test_env_says_everything_that_the_files_leave_open(home):
    files, values = written(home, topology())
    base = resources.files("network.compose").joinpath("base.yaml").read_text()
    asked = variables(json.dumps(files)) | variables(base)
    assert asked - set(values) == {"FABRIC_CA_IMAGE"}
    assert values["NET_DIR"] == f"'{home.directory}'"
    assert values["NODE_USER"] == f"'{os.getuid()}:{os.getgid()}'"
    assert values["CHAINCODE_ID_ST_ANNA"] == "'quorate:st-anna'"
    assert values["FABRIC_PEER_IMAGE"] == "'hyperledger/fabric-peer:3.1.5'"


def test_only_loopback_is_listened_on(home):
    files, _ = written(home, topology(orderers=3))
    ports = [port for services in files.values() for one in services.values() for port in one.get("ports", [])]
    assert len(ports) == 2 + 3 * 2
    assert all(re.fullmatch(r"127\.0\.0\.1:\$\{PORT_\w+:\?\}:\d+", port) for port in ports)


def test_no_file_of_this_machine_is_made_by_docker_and_settings_cannot_be_changed(home):
    files, _ = written(home, topology())
    mounts = [mount for services in files.values() for one in services.values() for mount in one["volumes"]]
    assert all(mount["bind"] == {"create_host_path": False} for mount in mounts)
    writable = {mount["source"] for mount in mounts if not mount.get("read_only")}
    assert writable == {
        f"${{NET_DIR:?}}/ledger/{name}" for name in ("peer0.alder", "peer0.st-anna", "orderer0.orderer")
    }


def test_a_chaincode_program_of_this_machine_takes_the_place_of_the_image_s(home):
    program = ChaincodeProgram(command=("/opt/my $cc", "-flag"))
    files, _ = written(home, topology(), program)
    service = files["compose.yaml"]["chaincode.alder"]
    assert service["entrypoint"] == ["/opt/chaincode", "-flag"]
    assert service["volumes"][1] == {
        "type": "bind",
        "source": "/opt/my $$cc",
        "target": "/opt/chaincode",
        "bind": {"create_host_path": False},
        "read_only": True,
    }


def test_cas_can_be_started_before_anything_else_is_known(home):
    plan = make_plan(home, topology(ca="fabric-ca"))
    project = write_ca_project(plan, Images.of(plan.topology, {}))
    assert [path.name for path in project.paths] == ["compose.ca.yaml"]
    services = yaml.safe_load(project.paths[0].read_text())["services"]
    assert list(services) == ["ca.orderer", "ca.alder", "ca.st-anna"]
    home_of = "${NET_DIR:?}/nodes/ca.orderer"
    assert services["ca.orderer"]["command"] == ["fabric-ca-server", "start", "--home", home_of]
    mounted = {mount["source"]: mount.get("read_only", False) for mount in services["ca.orderer"]["volumes"]}
    keys = "${NET_DIR:?}/identities/orderers/orderer"
    assert mounted == {home_of: False, f"{keys}/ca": True, f"{keys}/tlsca": True}
    said = (project.directory / ".env").read_text()
    assert variables(project.paths[0].read_text()) <= {line.partition("=")[0] for line in said.splitlines()}


@pytest.mark.parametrize(
    ("options", "user"),
    [
        (["name=seccomp"], f"{os.getuid()}:{os.getgid()}"),
        (["name=seccomp", "name=rootless"], "0:0"),
        (None, f"{os.getuid()}:{os.getgid()}"),
    ],
)
def test_containers_run_as_the_account_that_owns_the_files(daemon, options, user):
    daemon.answers([("info", (0, json.dumps(options), ""))])
    assert node_user() == user


def test_a_daemon_that_remaps_accounts_is_refused(daemon):
    daemon.answers([("info", (0, json.dumps(["name=seccomp,profile=default", "name=userns"]), ""))])
    with pytest.raises(UsageError, match="remaps accounts"):
        node_user()


def test_health_checks_look_at_the_ports_that_nodes_listen_on():
    services = yaml.safe_load(resources.files("network.compose").joinpath("base.yaml").read_text())["services"]
    checks = {kind: " ".join(services[kind]["healthcheck"]["test"]) for kind in ("peer", "orderer", "chaincode")}
    for kind, port in [
        ("peer", PEER_PORT),
        ("orderer", ORDERER_PORT),
        ("orderer", ADMIN_PORT),
        ("chaincode", CHAINCODE_PORT),
    ]:
        assert f":{port:04X} .* 0A " in checks[kind]
    assert f"/dev/tcp/127.0.0.1/{OPERATIONS_PORT} " in checks["peer"]
    assert f"/dev/tcp/127.0.0.1/{OPERATIONS_PORT} " in checks["orderer"]


def test_each_container_is_given_its_own_keys_and_settings_only(home):
    plan = make_plan(home, topology())
    identities = issue_identities(home, plan.topology)
    write_material(plan, identities)
    peer, orderer = home.nodes / "peer0.alder" / "config", home.nodes / "orderer0.orderer" / "config"
    settings = yaml.safe_load((peer / "core.yaml").read_text())
    assert settings["peer"]["listenAddress"] == "0.0.0.0:7051"
    assert settings["peer"]["address"] == "peer0.alder.test:7051"
    assert settings["peer"]["mspConfigPath"] == "/etc/hyperledger/fabric/msp"
    assert settings["vm"]["endpoint"] == ""
    assert settings["operations"]["listenAddress"] == "127.0.0.1:9443"
    assert settings["chaincode"]["externalBuilders"][0]["path"] == "/opt/hyperledger/ccaas_builder"
    paths = identities.organisations["alder"]
    assert (peer / "msp" / "keystore" / "key.pem").read_bytes() == paths.peer.key.read_bytes()
    assert (peer / "tls" / "key.pem").read_bytes() == paths.peer_tls.key.read_bytes()
    keys = [path for path in peer.rglob("*") if path.is_file() and b"PRIVATE KEY" in path.read_bytes()]
    assert sorted(path.relative_to(peer).as_posix() for path in keys) == ["msp/keystore/key.pem", "tls/key.pem"]
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in keys)
    told = yaml.safe_load((orderer / "orderer.yaml").read_text())["General"]["TLS"]["ClientRootCAs"]
    assert [(orderer / "authorities" / name.rpartition("/")[2]).read_bytes() for name in told] == [
        path.read_bytes() for path in identities.tls_authorities
    ]


def test_settings_of_a_running_container_stay_where_they_are(home):
    plan = make_plan(home, topology())
    identities = issue_identities(home, plan.topology)
    write_material(plan, identities)
    folder = home.nodes / "peer0.alder" / "config"
    before = folder.stat().st_ino
    write_material(plan, identities)
    assert folder.stat().st_ino == before
