"""One container of a network: watched, killed, frozen, and started again where it was."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from network.compose.containers import Container, containers_of
from network.compose.docker import docker
from network.compose.logs import copy_log
from network.compose.project import Project
from quorate.errors import StateError

_END_TIMEOUT_S: Final = 20.0


@dataclass(frozen=True, kw_only=True)
class ContainerNode:
    """A node that is one container: `network.engine.Node`.

    Attributes
    ----------
    name : str
        Its name in the network, which is also its service in the compose file.
    kind, address
        As `network.engine.Node` has them.
    project : Project
        What it is a container of.
    log_file : Path
        Where a copy of its log is put.
    """

    name: str
    kind: str
    address: str | None
    project: Project
    log_file: Path

    @property
    def pid(self) -> int | None:
        """Its first process, on the daemon's machine; None while it does not run."""
        found = self.container()
        return found.pid if found is not None and found.runs else None

    @property
    def log(self) -> Path:
        """Where its log is: a copy of what docker has, made at this moment."""
        if (found := self.container()) is not None:
            copy_log(found.id, self.log_file)
        return self.log_file

    def is_alive(self) -> bool:
        """Tell whether it runs, paused or not."""
        return self.pid is not None

    def kill(self) -> None:
        """End it at once, as a crash does, and return when it is gone."""
        found = self._existing()
        if found.runs:
            docker("kill", found.id, timeout_s=_END_TIMEOUT_S)
        docker("wait", found.id, timeout_s=_END_TIMEOUT_S)

    def start(self) -> None:
        """Start it again where it was, and return when it is healthy. One that runs goes on."""
        self.project.up("--no-deps", "--no-recreate", self.name)

    def pause(self) -> None:
        """Freeze it: its connections stay open and nothing is answered."""
        docker("pause", self._existing().id)

    def resume(self) -> None:
        """Let it go on after `pause`."""
        docker("unpause", self._existing().id)

    def container(self) -> Container | None:
        """Return its container as docker describes it at this moment; None if there is none."""
        return containers_of(self.project.name).get(self.name)

    def _existing(self) -> Container:
        if (found := self.container()) is None:
            raise StateError(f"There is no container of {self.name}.", hint="Start the network: quorate network up")
        return found
