import pytest

from network.compose import ComposeDriver
from network.engine import Engine, driver
from network.home import NetworkHome
from network.status import State
from network.topology import Topology
from quorate.errors import UsageError


def test_compose_is_an_engine_like_the_others():
    assert isinstance(driver(Engine.COMPOSE), ComposeDriver)


def test_a_start_without_docker_says_what_is_missing_and_writes_nothing(empty_path, tmp_path):
    home = NetworkHome(tmp_path / "home")
    with pytest.raises(UsageError, match="There is no program docker on PATH"):
        ComposeDriver().start(home, Topology.for_members(["Alder"]))
    assert list(empty_path.iterdir()) == []
    assert not home.directory.exists()


def test_a_directory_without_a_network_has_no_status_and_nothing_to_stop(empty_path, tmp_path):  # noqa: ARG001 - no docker
    home = NetworkHome(tmp_path / "home")
    assert ComposeDriver().status(home) == []
    assert ComposeDriver().logs(home) == {}
    assert ComposeDriver().stop(home) is False


@pytest.mark.parametrize(("is_up", "state"), [(True, State.CRASHED), (False, State.STOPPED)])
def test_a_container_that_is_gone_has_crashed_if_the_network_should_be_up(fake_docker, tmp_path, is_up, state):
    fake_docker.answers([("ps --all", (0, "", ""))])
    home = NetworkHome(tmp_path)
    home.adopt(Topology.for_members(["Alder"]), "compose")
    if is_up:
        home.connection.touch()
    assert {line.name: line.state for line in ComposeDriver().status(home)} == {
        "orderer0.orderer": state,
        "peer0.alder": state,
        "chaincode.alder": state,
    }


def test_configtxgen_is_missing_last(fake_docker, monkeypatch):
    monkeypatch.setenv("QUORATE_FABRIC_BIN", "/nowhere")
    image = '[{"RepoDigests": [], "Config": {"Env": ["FABRIC_VER=3.1.5"]}}]'
    fake_docker.answers(
        [
            ("version --format", (0, "28.2.2", "")),
            ("compose version", (0, "2.40.3", "")),
            ("image inspect", (0, image, "")),
        ]
    )
    assert "configtxgen" in ComposeDriver().missing()
