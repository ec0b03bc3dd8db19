import json

import pytest

from network.compose.containers import containers_of
from network.compose.node import ContainerNode
from network.compose.project import Project
from network.status import State
from quorate.errors import StateError


def container(status, health="", *, pid=7, service="peer0.alder"):
    return {
        "Id": "abc",
        "State": {"Status": status, "Pid": pid} | ({"Health": {"Status": health}} if health else {}),
        "Config": {"Image": "an-image", "Labels": {"com.docker.compose.service": service}},
    }


@pytest.fixture
def found(fake_docker):
    def answer(*documents):
        fake_docker.answers(
            [
                ("ps --all", (0, "abc\n" * len(documents), "")),
                ("inspect", (0, json.dumps(documents), "")),
                ("kill abc", (0, "", "")),
                ("wait abc", (0, "137", "")),
                ("pause abc", (0, "", "")),
                ("logs abc", (0, "to standard output\n", "and to standard error\n")),
            ]
        )

    return answer


@pytest.fixture
def node(tmp_path):
    project = Project(directory=tmp_path, files=("compose.yaml",))
    log = tmp_path / "nodes" / "node.log"
    return ContainerNode(name="peer0.alder", kind="peer", address=None, project=project, log_file=log)


@pytest.mark.parametrize(
    ("status", "health", "state"),
    [
        ("running", "healthy", State.RUNNING),
        ("running", "", State.RUNNING),
        ("running", "starting", State.SILENT),
        ("running", "unhealthy", State.SILENT),
        ("paused", "healthy", State.SILENT),
        ("exited", "unhealthy", State.CRASHED),
        ("created", "", State.CRASHED),
        ("dead", "", State.CRASHED),
    ],
)
def test_docker_s_words_are_told_in_ours(found, status, health, state):
    found(container(status, health))
    assert containers_of("quorate-1")["peer0.alder"].state is state


def test_only_the_project_s_containers_are_asked_for(found, fake_docker):
    found(container("running"))
    assert containers_of("quorate-1")["peer0.alder"].pid == 7
    assert "label=com.docker.compose.project=quorate-1" in fake_docker.calls[0]


def test_no_containers_are_no_question(found, fake_docker):
    found()
    assert containers_of("quorate-1") == {}
    assert len(fake_docker.calls) == 1


def test_a_node_that_does_not_run_has_no_process(found, node):
    found(container("exited", pid=0))
    assert node.pid is None
    assert not node.is_alive()


def test_a_killed_node_is_waited_for(found, node, fake_docker):
    found(container("paused"))
    node.kill()
    assert [call[0] for call in fake_docker.calls] == ["ps", "inspect", "kill", "wait"]


def test_a_log_is_all_that_a_container_said(found, node):
    found(container("running"))
    assert node.log.read_text() == "to standard output\nand to standard error\n"


def test_a_node_without_a_container_cannot_be_paused(found, node):
    found()
    with pytest.raises(StateError, match=r"There is no container of peer0\.alder\."):
        node.pause()
