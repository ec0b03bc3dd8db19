"""A network of containers that runs."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from network.compose.containers import containers_of
from network.compose.docker import DockerError
from network.compose.guard import forget
from network.compose.logs import copy_log
from network.compose.node import ContainerNode
from network.compose.project import Project
from network.connection import Connection
from network.fabric.plan import Place, Plan
from network.home import NetworkHome


@dataclass(frozen=True, kw_only=True)
class ComposeNetwork:
    """A network that this process started: `network.engine.RunningNetwork`."""

    home: NetworkHome
    connection: Connection
    nodes: Mapping[str, ContainerNode]
    project: Project

    def stop(self) -> None:
        """End it, and forget how to connect. Repeating it changes nothing."""
        take_down(self.project, {name: node.log_file for name, node in self.nodes.items()})
        self.home.connection.unlink(missing_ok=True)

    def release(self) -> None:
        """Let it outlive this process."""
        forget(self.project)


def nodes_of(plan: Plan, project: Project) -> dict[str, ContainerNode]:
    """Return the nodes of a network by name."""
    return {
        place.name: ContainerNode(
            name=place.name, kind=place.kind, address=reached_at(place), project=project, log_file=place.log
        )
        for place in plan.places
    }


def reached_at(place: Place) -> str | None:
    """Return where this machine reaches a container; None if it does not."""
    return place.address if place.port else None


def take_down(project: Project, logs: Mapping[str, Path]) -> bool:
    """Keep the logs of a project's containers, remove the containers, and tell whether any of them ran."""
    found = containers_of(project.name)
    try:
        save_logs(project, logs)
    finally:
        project.down()
        forget(project)
    return any(container.runs for container in found.values())


def save_logs(project: Project, logs: Mapping[str, Path]) -> None:
    """Copy the logs of those containers that there are, each to its file."""
    for name, container in containers_of(project.name).items():
        if name in logs:
            with suppress(DockerError):  # it was removed this moment
                copy_log(container.id, logs[name])
