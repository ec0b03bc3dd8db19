from pathlib import Path

from network.compose.project import NOWHERE, Project, own_environment, project_of
from network.home import NetworkHome
from network.topology import Topology


def test_directories_have_projects_of_their_own(tmp_path):
    names = {Project(directory=tmp_path / name, files=()).name for name in ("one", "two")}
    assert len(names) == 2
    assert all(name.startswith("quorate-") for name in names)


def test_up_waits_until_healthy_and_pulls_and_builds_nothing(tmp_path, fake_docker):
    fake_docker.answers([("compose", (0, "", ""))])
    Project(directory=tmp_path, files=("a.yaml", "b.yaml")).up("peer0.alder")
    (call,) = fake_docker.calls
    assert call[call.index("up") :] == [
        "up",
        "--detach",
        "--wait",
        "--wait-timeout=90",
        "--pull=never",
        "--no-build",
        "peer0.alder",
    ]
    assert f"--env-file={tmp_path}/.env" in call
    assert [word for word in call if word.startswith("--file=")] == [f"--file={tmp_path}/{name}.yaml" for name in "ab"]


def test_down_reads_no_file(tmp_path, fake_docker):
    fake_docker.answers([("compose", (0, "", ""))])
    project = Project(directory=tmp_path, files=("a.yaml",))
    project.down()
    (call,) = fake_docker.calls
    assert not [word for word in call if word.startswith(("--file", "--env-file"))]
    assert call[call.index("down") :] == ["down", "--volumes", "--remove-orphans", "--timeout=10"]
    assert f"--project-name={project.name}" in call
    assert not list(NOWHERE.glob("*compose*.y*ml"))


def test_the_caller_s_environment_changes_nothing_of_what_was_written():
    theirs = {"COMPOSE_FILE": "x", "FABRIC_PEER_IMAGE": "x", "PORT_PEER0_ALDER": "1", "NODE_USER": "0:0"}
    ours = {"PATH": "/bin", "DOCKER_HOST": "unix:///run/docker.sock", "HOME": "/home"}
    assert own_environment(theirs | ours) == ours


def test_a_ca_is_described_where_there_is_one():
    home, data = NetworkHome(Path("/home")), Topology.for_members(["Alder"]).model_dump(by_alias=True)
    assert project_of(home, Topology.model_validate(data)).files == ("compose.yaml", "compose.raft.yaml")
    with_ca = Topology.model_validate(data | {"ca": "fabric-ca"})
    assert project_of(home, with_ca).files == ("compose.yaml", "compose.raft.yaml", "compose.ca.yaml")
