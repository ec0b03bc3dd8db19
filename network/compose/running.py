"""A network of containers that runs."""

import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from network.compose.containers import containers_of
from network.compose.docker import DockerError
from network.compose.logs import copy_log
from network.compose.node import ContainerNode
from network.compose.project import DOWN_ARGUMENTS, Project
from network.connection import Connection
from network.fabric.plan import Place, Plan
from network.home import NetworkHome

_GUARD = Path(__file__).with_name("guard.py")


class Guard:
    """A process that takes a project's containers away when this process is gone, however it ended."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process

    @classmethod
    def set(cls, project: Project) -> Self:
        """Start one for a project."""
        command = [sys.executable, "-I", "-S", str(_GUARD), *project.arguments(*DOWN_ARGUMENTS)]
        return cls(
            subprocess.Popen(  # noqa: S603 - our own program
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        )

    def dismiss(self) -> None:
        """End it without its doing anything. Repeating it changes nothing."""
        if self._process.stdin is not None and not self._process.stdin.closed:
            with suppress(BrokenPipeError):
                self._process.stdin.write(b"done\n")
                self._process.stdin.close()
        self._process.wait(timeout=20)


@dataclass(frozen=True, kw_only=True)
class ComposeNetwork:
    """A network that this process started: `network.engine.RunningNetwork`."""

    home: NetworkHome
    connection: Connection
    nodes: Mapping[str, ContainerNode]
    project: Project
    guard: Guard | None

    def stop(self) -> None:
        """End it, and forget how to connect. Repeating it changes nothing."""
        take_down(self.project, {name: node.log_file for name, node in self.nodes.items()})
        self.home.connection.unlink(missing_ok=True)
        self.release()

    def release(self) -> None:
        """Let it outlive this process."""
        if self.guard is not None:
            self.guard.dismiss()


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
    save_logs(project, logs)
    project.down()
    return any(container.runs for container in found.values())


def save_logs(project: Project, logs: Mapping[str, Path]) -> None:
    """Copy the logs of those containers that there are, each to its file."""
    for name, container in containers_of(project.name).items():
        if name in logs:
            with suppress(DockerError):  # it was removed this moment
                copy_log(container.id, logs[name])
