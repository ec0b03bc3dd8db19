"""The demo's directory: where every process's files and every result lie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from quorate.errors import ConflictError, StorageError

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class MemberPlace:
    """One member's part of the directory."""

    directory: Path

    @property
    def gateway_config(self) -> Path:
        """``gateway.toml``."""
        return self.directory / "gateway.toml"

    @property
    def agent_config(self) -> Path:
        """``agent.toml``."""
        return self.directory / "agent.toml"

    @property
    def plans(self) -> Path:
        """The plans that the member's operator approved."""
        return self.directory / "plans"

    def profile(self, role: str) -> Path:
        """Return the profile of one role: ``profiles/operator.toml`` and so on."""
        return self.directory / "profiles" / f"{role}.toml"

    def log(self, program: str) -> Path:
        """Return a program's log."""
        return self.directory / f"{program}.log"

    def pid_file(self, program: str) -> Path:
        """Return where a program's process is recorded."""
        return self.directory / f"{program}.pid"

    def state(self, program: str) -> Path:
        """Return a program's own directory."""
        return self.directory / program


@dataclass(frozen=True, slots=True)
class Workspace:
    """Everything that one run of the demo leaves behind."""

    directory: Path

    @classmethod
    def create(cls, directory: Path) -> Workspace:
        """Return a new workspace; an earlier demo's is used again only when it holds nothing that runs.

        Raises
        ------
        ConflictError
            When the directory holds anything that is not an ended demo's.
        StorageError
            When it cannot be made.
        """
        try:
            directory.mkdir(parents=True, exist_ok=True)
            if any(directory.iterdir()):
                raise ConflictError(
                    f"{directory} is not empty",
                    hint="Name another with --out, or remove it (`quorate demo --stop --out DIR` ends what runs).",
                )
            made = cls(directory.resolve())
            made.directory.chmod(0o700)
            made.network.mkdir(mode=0o700)
            made.nursery.mkdir(mode=0o700)
        except OSError as error:
            raise StorageError(f"{directory} cannot be used: {error.strerror}", cause=error) from error
        return made

    @property
    def network(self) -> Path:
        """The ledger's directory."""
        return self.directory / "network"

    @property
    def nursery(self) -> Path:
        """The directory of the process that forks the agents."""
        return self.directory / "nursery"

    @property
    def bundle(self) -> Path:
        """The evidence."""
        return self.directory / "evidence.qeb"

    @property
    def report(self) -> Path:
        """The report."""
        return self.directory / "report.html"

    @property
    def summary(self) -> Path:
        """The summary."""
        return self.directory / "summary.json"

    def member(self, name: str) -> MemberPlace:
        """Return one member's place, made if need be."""
        place = MemberPlace(self.directory / "members" / name)
        place.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        return place
