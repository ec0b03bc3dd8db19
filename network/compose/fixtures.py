"""Fixtures for tests that hold their containers by ``pytest-docker``: they run a Fabric network of Quorate's under it.

Loaded by whoever asks for them, in the ``conftest.py`` at the root of the tests::

    pytest_plugins = ["network.compose.fixtures"]

and used only where ``--fabric-engine`` is ``compose`` or ``all``; elsewhere tests that want them are skipped.
"""

import shlex
from collections.abc import Iterator

import pytest

from network.compose.driver import ComposeDriver
from network.compose.guard import Guard
from network.compose.prepare import Prepared
from network.compose.project import Project, up_arguments
from network.compose.running import take_down
from network.connection import Connection
from network.home import NetworkHome
from network.pytest_plugin import why_not
from network.topology import Topology

_MEMBERS = ("Alder", "Birch")


@pytest.fixture(scope="session")
def fabric_topology() -> Topology:
    """Return what network the containers are: two members with one peer each. Override it for another."""
    return Topology.for_members(_MEMBERS)


@pytest.fixture(scope="session")
def prepared_containers(
    fabric_topology: Topology, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Prepared]:
    """Write all that the containers need, and see to it that they go, even where their set-up fails."""
    engine = ComposeDriver()
    if missing := why_not(request.config, "compose") or engine.missing(fabric_topology):
        pytest.skip(f"engine compose: {missing}")
    home = NetworkHome(tmp_path_factory.mktemp("containers"))
    with home.locked():
        draft = engine.draft(home, fabric_topology)
        Guard.set(draft.project)
        try:
            yield draft.prepare()
        finally:
            take_down(draft.project, {place.name: place.log for place in draft.plan.places})


@pytest.fixture(scope="session")
def fabric_containers(docker_services: object, prepared_containers: Prepared) -> Connection:  # noqa: ARG001 - they run
    """Return how to connect to the network that the containers of ``docker_services`` are."""
    return prepared_containers.complete()


@pytest.fixture(scope="session")
def docker_compose_command(prepared_containers: Prepared) -> str:
    """Return the command that `pytest-docker` appends files, project and subcommand to."""
    return shlex.join(_project(prepared_containers).command)


@pytest.fixture(scope="session")
def docker_compose_file(prepared_containers: Prepared) -> list[str]:
    """Return the network's compose files."""
    return [str(path) for path in _project(prepared_containers).paths]


@pytest.fixture(scope="session")
def docker_compose_project_name(prepared_containers: Prepared) -> str:
    """Return the network's project."""
    return _project(prepared_containers).name


@pytest.fixture(scope="session")
def docker_setup(prepared_containers: Prepared) -> list[str]:  # noqa: ARG001 - what is set up
    """Return the subcommand that starts the containers and waits until they are healthy. It pulls nothing."""
    return [shlex.join(up_arguments())]


@pytest.fixture(scope="session")
def docker_cleanup(prepared_containers: Prepared) -> list[str]:  # noqa: ARG001 - what is cleaned up
    """Return nothing: `prepared_containers` takes the containers away, after their logs were kept."""
    return []


def _project(prepared: Prepared) -> Project:
    return prepared.draft.project
