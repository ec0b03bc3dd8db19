import pytest

from network.compose import ComposeDriver
from network.compose.docker import docker
from network.compose.project import project_of
from network.home import NetworkHome
from network.topology import Topology

MEMBERS = ["Alder", "Birch"]


@pytest.fixture(scope="session")
def driver():
    return ComposeDriver()


@pytest.fixture
def usual_topology_runs(driver):
    if missing := driver.missing():
        pytest.skip(f"engine compose: {missing}")


@pytest.fixture
def home(tmp_path):
    return NetworkHome(tmp_path / "a $home")  # what Compose would expand, were it not told otherwise


@pytest.fixture
def start(driver, home):
    """Start a network of two members in `home`; whatever it left is taken away in the end."""
    networks = []

    def start_(**changes):
        data = Topology.for_members(MEMBERS).model_dump(by_alias=True)
        orderer = data["orderer"] | {"nodes": changes.pop("orderers", 1)}
        topology = Topology.model_validate(data | {"orderer": orderer} | changes)
        if missing := driver.missing(topology):
            pytest.skip(f"engine compose: {missing}")
        networks.append(driver.start(home, topology, dies_with_parent=True))
        return networks[-1]

    yield start_
    for network in networks:
        network.stop()


@pytest.fixture
def project():
    """What Docker knows the network in a directory by."""
    return lambda home: project_of(home, Topology.load(home.topology)).name


@pytest.fixture
def left_in_docker():
    """The containers, networks and volumes that Docker has of a project."""

    def left(name):
        label = f"label=com.docker.compose.project={name}"
        kinds = (["ps", "--all"], ["network", "ls"], ["volume", "ls"])
        return [docker(*kind, "--quiet", "--filter", label) for kind in kinds]

    return left
