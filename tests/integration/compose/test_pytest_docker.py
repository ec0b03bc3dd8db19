"""The fixtures for ``pytest-docker``, as another project's tests use them."""

import os
import subprocess
import sys

import pytest

CONFTEST = 'pytest_plugins = ["network.compose.fixtures"]\n'
TESTS = """
from network.consortium import found_consortium


def test_the_containers_of_pytest_docker_are_a_network(fabric_containers, docker_services):
    port = docker_services.port_for("peer0.alder", 7051)
    assert fabric_containers.organisations[0].address == f"127.0.0.1:{port}"
    port = docker_services.port_for("orderer0.orderer", 7050)
    assert fabric_containers.orderer.address == f"127.0.0.1:{port}"


async def test_it_takes_transactions(fabric_containers):
    assert (await found_consortium(fabric_containers)).charter.members


def test_says_what_docker_knows_it_by(docker_compose_project_name):
    print(f"project:{docker_compose_project_name}")
"""
SET_UP_FAILS = """
import pytest


@pytest.fixture(scope="session")
def docker_setup(docker_setup):
    return [*docker_setup, "exec peer0.alder false"]


def test_needs_them(docker_services):
    raise AssertionError("set-up should have failed")
"""


@pytest.fixture
def run(tmp_path):
    """Run pytest in a directory of its own, and return what it said and what Docker knows its network by."""
    (tmp_path / "conftest.py").write_text(CONFTEST)

    def run_(source, *arguments):
        (tmp_path / "test_sample.py").write_text(source)
        (tmp_path / "pytest.ini").write_text("[pytest]\nasyncio_mode = auto\n")
        found = subprocess.run(
            [sys.executable, "-m", "pytest", "-s", "-p", "no:cacheprovider", *arguments, str(tmp_path)],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=False,
            timeout=150,
        )
        return found.returncode, found.stdout

    return run_


@pytest.mark.usefixtures("usual_topology_runs")
def test_pytest_docker_holds_the_containers(run, left_in_docker):
    status, said = run(TESTS, "--fabric-engine", "compose")
    assert status == 0, said
    assert "3 passed" in said
    project = said.partition("project:")[2].split()[0]
    assert left_in_docker(project) == ["", "", ""]


@pytest.mark.usefixtures("usual_topology_runs")
def test_nothing_is_left_where_set_up_fails(run, left_in_docker):
    status, said = run(SET_UP_FAILS, "--fabric-engine", "compose")
    assert status == 1, said
    assert "1 error" in said
    assert "exec peer0.alder false returned 1" in said
    project = said.partition('-p "')[2].partition('"')[0]
    assert project.startswith("quorate-")
    assert left_in_docker(project) == ["", "", ""]


def test_they_are_used_only_where_containers_were_asked_for(run):
    status, said = run(TESTS, "-rs")
    assert status == 0, said
    assert "3 skipped" in said
    assert "engine compose: not asked for (--fabric-engine embedded)" in said
