"""Which processes a native network has, where each keeps its files, and where it listens."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from network.chaincode_node import chaincode_name
from network.home import NetworkHome
from network.ports import keep_or_choose, read_ports
from network.topology import Topology
from quorate.errors import ConflictError

HOST: Final = "127.0.0.1"
Kind = Literal["peer", "orderer", "chaincode"]


@dataclass(frozen=True, kw_only=True)
class Place:
    """One process of the plan.

    Attributes
    ----------
    name, kind, owner, index
        Its name, what it is, whose it is, and its number among its owner's of this kind.
    directory, data
        Where its settings, log and process id are; where its part of the ledger is.
    port, operations_port, admin_port
        Where it listens; 0 where it does not.
    """

    name: str
    kind: Kind
    owner: str
    index: int
    directory: Path
    data: Path
    port: int
    operations_port: int = 0
    admin_port: int = 0

    @property
    def address(self) -> str:
        """Where it serves."""
        return f"{HOST}:{self.port}"

    @property
    def operations(self) -> str:
        """Where it tells of its health."""
        return f"{HOST}:{self.operations_port}"

    @property
    def admin(self) -> str:
        """Where an orderer node serves its administrator."""
        return f"{HOST}:{self.admin_port}"

    @property
    def log(self) -> Path:
        """Its log."""
        return self.directory / "node.log"

    @property
    def pid_file(self) -> Path:
        """Its process."""
        return self.directory / "node.pid"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A native network, before anything of it runs."""

    home: NetworkHome
    topology: Topology
    orderers: tuple[Place, ...]
    peers: tuple[Place, ...]
    chaincodes: tuple[Place, ...]

    @property
    def places(self) -> tuple[Place, ...]:
        """Every process."""
        return (*self.orderers, *self.peers, *self.chaincodes)

    def peers_of(self, organisation: str) -> tuple[Place, ...]:
        """Return an organisation's peers, the first one first."""
        return tuple(place for place in self.peers if place.owner == organisation)

    @property
    def genesis(self) -> Path:
        """The channel's first block."""
        return self.home.ledger / "genesis.block"

    @classmethod
    def make(cls, home: NetworkHome, topology: Topology) -> "Plan":
        """Plan a network in a directory; its ports are chosen now if they were not before.

        Raises
        ------
        ConflictError
            If the topology asks for other ports than those that the ledger knows.
        """
        path, asked = _ports_file(home), _asked(topology)
        kept = read_ports(path) if home.ledger.exists() else {}
        for name, port in asked.items():
            if port and kept.get(name, port) != port:
                raise ConflictError(
                    f"The ledger in {home.directory} knows {name} at port {kept[name]}, not {port}.",
                    hint="Peers and orderers are found by what the first block says; use the port that it knows, or 0.",
                )
        keep_or_choose(path, _listeners(topology), asked=asked)
        return cls.read(home, topology)

    @classmethod
    def read(cls, home: NetworkHome, topology: Topology) -> "Plan":
        """Return the plan of a network that was planned before."""
        ports = read_ports(_ports_file(home))

        def place(name: str, kind: Kind, owner: str, index: int) -> Place:
            return Place(
                name=name,
                kind=kind,
                owner=owner,
                index=index,
                directory=home.nodes / name,
                data=home.ledger / name,
                port=ports.get(name, 0),
                operations_port=ports.get(f"{name}/operations", 0),
                admin_port=ports.get(f"{name}/admin", 0),
            )

        return cls(
            home=home,
            topology=topology,
            orderers=tuple(place(name, "orderer", topology.orderer.name, index) for index, name in _orderers(topology)),
            peers=tuple(place(name, "peer", owner, index) for owner, index, name in _peers(topology)),
            chaincodes=tuple(
                place(chaincode_name(one.name), "chaincode", one.name, 0) for one in topology.organisations
            ),
        )


def _ports_file(home: NetworkHome) -> Path:
    return home.directory / "ports.json"


def _orderers(topology: Topology) -> Iterator[tuple[int, str]]:
    for index in range(topology.orderer.nodes):
        yield index, f"orderer{index}.{topology.orderer.name}"


def _peers(topology: Topology) -> Iterator[tuple[str, int, str]]:
    for organisation in topology.organisations:
        for index in range(organisation.peers):
            yield organisation.name, index, f"peer{index}.{organisation.name}"


def _asked(topology: Topology) -> dict[str, int]:
    ports = {f"peer0.{one.name}": one.port for one in topology.organisations}
    return ports | {f"orderer0.{topology.orderer.name}": topology.orderer.port}


def _listeners(topology: Topology) -> Iterator[str]:
    for _, name in _orderers(topology):
        yield from (name, f"{name}/operations", f"{name}/admin")
    for _, _, name in _peers(topology):
        yield from (name, f"{name}/operations")
    for one in topology.organisations:
        yield chaincode_name(one.name)
