"""Where a network keeps what it needs between commands, and the lock that lets one command at a time change it."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from network.topology import Topology
from quorate.errors import ConflictError, StorageError


@dataclass(frozen=True)
class NetworkHome:
    """A network's directory: identities, ledger, log, and how to connect.

    ``identities/`` certificates and keys · ``ledger/`` blocks and state · ``topology.toml`` what the ledger was made
    from · ``engine`` what it runs on · ``connection.json`` for clients · ``embedded.{json,log,pid}`` the embedded
    program's configuration, log and process · ``nodes/NAME/`` the same of each process of the other engines.
    """

    directory: Path

    @property
    def identities(self) -> Path:
        """Certificates and keys, laid out as `network.identity.layout` draws it."""
        return self.directory / "identities"

    @property
    def ledger(self) -> Path:
        """Blocks and state."""
        return self.directory / "ledger"

    @property
    def topology(self) -> Path:
        """The topology that the ledger was made from."""
        return self.directory / "topology.toml"

    @property
    def nodes(self) -> Path:
        """One folder for each node: configuration, log, process."""
        return self.directory / "nodes"

    @property
    def engine(self) -> str | None:
        """Name of the engine that the ledger was made by; None where there is no ledger."""
        try:
            return self._engine.read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return "embedded" if self.ledger.exists() else None  # older versions had one engine and named none

    @property
    def _engine(self) -> Path:
        return self.directory / "engine"

    @property
    def config(self) -> Path:
        """The embedded program's configuration."""
        return self.directory / "embedded.json"

    @property
    def log(self) -> Path:
        """The embedded program's log."""
        return self.directory / "embedded.log"

    @property
    def pid_file(self) -> Path:
        """The embedded program's process."""
        return self.directory / "embedded.pid"

    @property
    def connection(self) -> Path:
        """How clients connect."""
        return self.directory / "connection.json"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the directory, made if need be, against other commands.

        Raises
        ------
        ConflictError
            If another command holds it.
        StorageError
            If it cannot be made or written to.
        """
        try:
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = os.open(self.directory / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StorageError(f"Cannot write to {self.directory}: {error.strerror}.", cause=error) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        except BlockingIOError as error:
            hint = "Wait until the other command has ended."
            raise ConflictError(f"Another command is changing the network in {self.directory}.", hint=hint) from error
        finally:
            os.close(lock)

    def adopt(self, topology: Topology, engine: str) -> None:
        """Keep a topology and an engine with the ledger that will be made by them; afterwards take only what fits it.

        Raises
        ------
        ConflictError
            If a ledger was made here by another engine, or from another topology: its genesis block cannot be changed.
        """
        if self.ledger.exists() and self.engine != engine:
            raise ConflictError(
                f"The ledger in {self.directory} was made by the engine {self.engine}, not {engine}.",
                hint=f"Use --engine {self.engine}, or another --directory for a new ledger.",
            )
        if self.topology.exists() and self.ledger.exists():
            kept = Topology.load(self.topology)
            if _on_the_ledger(kept) != _on_the_ledger(topology):
                raise ConflictError(
                    f"The ledger in {self.directory} was made from another topology.",
                    hint=f"Use the one it was made from, {self.topology}, or another --directory for a new ledger.",
                )
        self.topology.write_text(topology.to_toml(), encoding="utf-8")
        self._engine.write_text(f"{engine}\n", encoding="utf-8")


def _on_the_ledger(topology: Topology) -> dict[str, object]:
    # Who issues certificates, how many peers a member runs and which version of the chaincode it is may all change.
    local = {"port", "peers", "clock_offset_ms", "lag_blocks"}
    return topology.model_dump(
        exclude={"ca": True, "chaincode_version": True, "organisations": {"__all__": local}, "orderer": {"port"}}
    )
