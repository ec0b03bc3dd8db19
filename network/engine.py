"""Which engines there are, and what each of them can do: the seam between a ledger's users and what it runs on."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from network.connection import Connection
from network.home import NetworkHome
from network.status import Status
from network.topology import Topology


class Engine(StrEnum):
    """What a network may run on."""

    EMBEDDED = "embedded"
    NATIVE = "native"
    COMPOSE = "compose"


@dataclass(frozen=True, kw_only=True)
class ChaincodeProgram:
    """A chaincode that peers talk to as a service.

    Attributes
    ----------
    command : tuple of str
        The program and its arguments. It finds the rest in its environment, by the names of Fabric's documentation:
        `CHAINCODE_SERVER_ADDRESS`, `CHAINCODE_ID`, `CHAINCODE_TLS_KEY`, `CHAINCODE_TLS_CERT` and
        `CHAINCODE_CLIENT_CA_CERT`.
    """

    command: tuple[str, ...]


class Node(Protocol):
    """One process or container of a running network: what tests of faults take hold of."""

    @property
    def name(self) -> str:
        """Its name in the network, such as ``peer0.alder``."""

    @property
    def kind(self) -> str:
        """What it is: ``peer``, ``orderer``, ``chaincode``, ``ca``, or ``process`` where one process is everything."""

    @property
    def address(self) -> str | None:
        """Where it listens, if one address says that."""

    @property
    def pid(self) -> int | None:
        """Its process id on this machine; None while it does not run."""

    @property
    def log(self) -> Path:
        """Where its log is."""

    def is_alive(self) -> bool:
        """Tell whether it runs, paused or not."""

    def kill(self) -> None:
        """End it at once, as a crash does, and return when it is gone."""

    def start(self) -> None:
        """Start it again where it was, and return when it answers."""

    def pause(self) -> None:
        """Freeze it: its connections stay open and nothing is answered."""

    def resume(self) -> None:
        """Let it go on after `pause`."""


class RunningNetwork(Protocol):
    """A network that this process started."""

    @property
    def home(self) -> NetworkHome:
        """Its directory."""

    @property
    def connection(self) -> Connection:
        """How to connect to it."""

    @property
    def nodes(self) -> Mapping[str, Node]:
        """Its processes or containers, by name."""

    def stop(self) -> None:
        """End it, and forget how to connect. Repeating it changes nothing."""

    def release(self) -> None:
        """Let it outlive this process."""


class Driver(Protocol):
    """One engine."""

    def missing(self) -> str | None:
        """Return None if this engine can run here, else a sentence that names exactly what is missing."""

    def start(
        self,
        home: NetworkHome,
        topology: Topology,
        *,
        chaincode: ChaincodeProgram | None = None,
        dies_with_parent: bool = False,
    ) -> RunningNetwork:
        """Start a network in a directory and return once it answers.

        The ledger in the directory, if there is one, goes on where it was. Identities that are lacking are issued.
        Without `chaincode` it is Quorate's own.

        Raises
        ------
        ConflictError
            If it runs already, another command is at work on it, or its ledger was made from another topology or by
            another engine.
        UnreachableError
            If a program ended before it was ready.
        TimedOutError
            If something was not ready in time.
        UsageError
            If a program is not installed, or this engine cannot run this topology.
        """

    def stop(self, home: NetworkHome) -> bool:
        """End the network in a directory, whoever started it, and tell whether anything of it was running."""

    def status(self, home: NetworkHome) -> list[Status]:
        """Return how each part of the network in a directory is found."""

    def logs(self, home: NetworkHome) -> Mapping[str, Path]:
        """Return the logs of the network in a directory, by the names of its nodes."""

    def follow(self, home: NetworkHome, name: str) -> Iterator[str]:
        """Yield the log of one of these nodes in pieces, then what is added to it, until the node ends."""


def driver(engine: Engine, *, fabric_bin: Path | None = None) -> Driver:
    """Return what runs an engine; `fabric_bin` is where Fabric's programs are, else they are looked for."""
    if engine is Engine.EMBEDDED:
        from network.embedded_engine import EmbeddedDriver  # noqa: PLC0415 - each engine imports what it needs

        return EmbeddedDriver()
    if engine is Engine.NATIVE:
        from network.native import NativeDriver  # noqa: PLC0415 - see above

        return NativeDriver(fabric_bin)
    from network.compose import ComposeDriver  # noqa: PLC0415 - see above

    return ComposeDriver(fabric_bin)


def driver_of(home: NetworkHome) -> Driver:
    """Return what runs the network in a directory; the embedded engine's where there is none yet."""
    return driver(Engine(home.engine or Engine.EMBEDDED))
