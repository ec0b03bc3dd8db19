"""A Compose project: its files, and what is done with all of its containers at once."""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from network.compose.docker import docker
from network.home import NetworkHome
from network.topology import Topology

ENV_FILE: Final = ".env"
BASE_FILE: Final = "base.yaml"
MEMBERS_FILE: Final = "compose.yaml"
ORDERER_FILES: Final = {"raft": "compose.raft.yaml", "smartbft": "compose.bft.yaml"}
HEALTHY_TIMEOUT_S: Final = 90
DOWN_TIMEOUT_S: Final = 60.0


@dataclass(frozen=True, kw_only=True)
class Project:
    """A Compose project of ours.

    Attributes
    ----------
    directory : Path
        Where its compose files and its `.env` lie.
    files : tuple of str
        Names of its compose files, in the order in which they are merged.
    """

    directory: Path
    files: tuple[str, ...]

    @property
    def name(self) -> str:
        """A name that no other directory's project has."""
        return "quorate-" + hashlib.sha256(os.fsencode(self.directory)).hexdigest()[:12]

    @property
    def command(self) -> tuple[str, ...]:
        """The command that every subcommand of Compose is appended to, without its files and its name."""
        return ("docker", "compose", "--ansi", "never", "--env-file", str(self.directory / ENV_FILE))

    @property
    def paths(self) -> tuple[Path, ...]:
        """Its compose files."""
        return tuple(self.directory / name for name in self.files)

    def arguments(self, *subcommand: str) -> tuple[str, ...]:
        """Return a whole command line, ready to be run by anyone."""
        files = (word for path in self.paths for word in ("--file", str(path)))
        return (*self.command, "--project-name", self.name, *files, *subcommand)

    def up(self, *services: str) -> None:
        """Start services, all of them if none is named, and return when each is healthy. Nothing is pulled or built.

        Raises
        ------
        DockerError
            If one ended, or was not healthy in time.
        """
        self.compose(*up_arguments(), *services, timeout_s=HEALTHY_TIMEOUT_S + 30.0)

    def down(self) -> None:
        """End and remove its containers, networks and volumes."""
        self.compose(*DOWN_ARGUMENTS, timeout_s=DOWN_TIMEOUT_S)

    def compose(self, *subcommand: str, timeout_s: float) -> str:
        """Run a subcommand of Compose, and return what it wrote."""
        _, *arguments = self.arguments(*subcommand)
        return docker(*arguments, timeout_s=timeout_s, environment=own_environment(os.environ))


def project_of(home: NetworkHome, topology: Topology) -> Project:
    """Return the Compose project of the network in a directory."""
    return Project(directory=home.directory / "compose", files=(MEMBERS_FILE, ORDERER_FILES[topology.consensus]))


DOWN_ARGUMENTS: Final = ("down", "--volumes", "--remove-orphans", "--timeout", "10")


def up_arguments() -> tuple[str, ...]:
    """Return the subcommand that starts services and waits until they are healthy."""
    wait = ("--wait", "--wait-timeout", str(HEALTHY_TIMEOUT_S))
    return ("up", "--detach", *wait, "--pull", "never", "--no-build", "--quiet-pull")


def own_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for Compose: without what would take precedence over a project's own files."""
    return {
        name: value
        for name, value in environment.items()
        if not name.startswith(("COMPOSE_", "FABRIC_", "QUORATE_", "NODE_", "NET_DIR"))
    }
