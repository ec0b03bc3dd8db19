"""A Compose project: its files, and what is done with all of its containers at once."""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from network.compose.docker import docker
from network.home import NetworkHome
from network.topology import Topology

ENV_FILE: Final = ".env"
BASE_FILE: Final = "base.yaml"
MEMBERS_FILE: Final = "compose.yaml"
ORDERER_FILES: Final = {"raft": "compose.raft.yaml", "smartbft": "compose.bft.yaml"}
CA_FILE: Final = "compose.ca.yaml"
HEALTHY_TIMEOUT_S: Final = 90
DOWN_TIMEOUT_S: Final = 60.0
NOWHERE: Final = Path("/")
"""A directory without a compose file."""


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
        return ("docker", "compose", "--ansi=never", "--progress=quiet", f"--env-file={self.directory / ENV_FILE}")

    @property
    def paths(self) -> tuple[Path, ...]:
        """Its compose files."""
        return tuple(self.directory / name for name in self.files)

    def arguments(self, *subcommand: str) -> tuple[str, ...]:
        """Return a whole command line, ready to be run by anyone."""
        files = (f"--file={path}" for path in self.paths)
        return (*self.command, f"--project-name={self.name}", *files, *subcommand)

    def up(self, *services: str) -> None:
        """Start services, all of them if none is named, and return when each is healthy. Nothing is pulled or built.

        Raises
        ------
        DockerError
            If one ended, or was not healthy in time.
        """
        self._run(self.arguments(*up_arguments(), *services), timeout_s=HEALTHY_TIMEOUT_S + 30.0)

    @property
    def down_arguments(self) -> tuple[str, ...]:
        """The whole command line that ends and removes its containers, networks and volumes.

        It goes by their labels and reads none of the files, which may be half written. Compose would read one in the
        directory that it runs in, so it is to be run in `NOWHERE`.
        """
        end = ("down", "--volumes", "--remove-orphans", "--timeout=10")
        return ("docker", "compose", "--ansi=never", "--progress=quiet", f"--project-name={self.name}", *end)

    def down(self) -> None:
        """End and remove its containers, networks and volumes. Repeating it changes nothing."""
        self._run(self.down_arguments, timeout_s=DOWN_TIMEOUT_S)

    def _run(self, arguments: tuple[str, ...], *, timeout_s: float) -> None:
        docker(*arguments[1:], timeout_s=timeout_s, environment=own_environment(os.environ), directory=NOWHERE)


def project_of(home: NetworkHome, topology: Topology) -> Project:
    """Return the Compose project of the network in a directory."""
    authorities = (CA_FILE,) if topology.ca == "fabric-ca" else ()
    files = (MEMBERS_FILE, ORDERER_FILES[topology.consensus], *authorities)
    return Project(directory=home.directory / "compose", files=files)


def ca_project_of(home: NetworkHome, topology: Topology) -> Project:
    """Return the same project with nothing but its CAs, which run before anything else can be described."""
    return replace(project_of(home, topology), files=(CA_FILE,))


def up_arguments() -> tuple[str, ...]:
    """Return the subcommand that starts services and waits until they are healthy."""
    wait = ("--wait", f"--wait-timeout={HEALTHY_TIMEOUT_S}")
    return ("up", "--detach", *wait, "--pull=never", "--no-build")


def own_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for Compose: without what would take precedence over a project's own files."""
    return {
        name: value
        for name, value in environment.items()
        if not name.startswith(("COMPOSE_", "FABRIC_", "QUORATE_", "NODE_USER", "NET_DIR", "PORT_", "CHAINCODE_ID_"))
    }
