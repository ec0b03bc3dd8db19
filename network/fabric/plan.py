"""A network of real Fabric before anything of it runs: its nodes, where each keeps its files, how each is reached."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, Self

from network.chaincode_node import chaincode_name
from network.home import NetworkHome
from network.identity.fabric_ca.served import ca_name
from network.topology import Topology

HOST: Final = "127.0.0.1"
Kind = Literal["peer", "orderer", "chaincode", "ca"]


@dataclass(frozen=True, kw_only=True)
class Place:
    """One node of the plan.

    Attributes
    ----------
    name, kind, owner, index
        Its name, what it is, whose it is, and its number among its owner's of this kind.
    directory, data
        Where its settings and its log are; where its part of the ledger is.
    port, operations_port, admin_port
        Where this machine reaches it, on its loopback; 0 where it does not.
    host, inner_port
        Where the other nodes find it.
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
    host: str
    inner_port: int

    @property
    def address(self) -> str:
        """Where this machine reaches it."""
        return f"{HOST}:{self.port}"

    @property
    def endpoint(self) -> str:
        """Where the other nodes find it."""
        return f"{self.host}:{self.inner_port}"

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
        """Its process, where it is one of ours."""
        return self.directory / "node.pid"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The nodes of a network in a directory."""

    home: NetworkHome
    topology: Topology
    orderers: tuple[Place, ...]
    peers: tuple[Place, ...]
    chaincodes: tuple[Place, ...]
    authorities: tuple[Place, ...] = ()

    @classmethod
    def of(cls, home: NetworkHome, topology: Topology, place: Callable[[str, Kind, str, int], Place]) -> Self:
        """Return the plan of a topology whose nodes are placed by name, kind, owner and number."""
        return cls(
            home=home,
            topology=topology,
            orderers=tuple(
                place(name, "orderer", topology.orderer.name, index) for index, name in orderer_names(topology)
            ),
            peers=tuple(place(name, "peer", owner, index) for owner, index, name in peer_names(topology)),
            chaincodes=tuple(
                place(chaincode_name(one.name), "chaincode", one.name, 0) for one in topology.organisations
            ),
            authorities=tuple(place(ca_name(owner), "ca", owner, 0) for owner in authority_owners(topology)),
        )

    @property
    def places(self) -> tuple[Place, ...]:
        """Every node."""
        return (*self.authorities, *self.orderers, *self.peers, *self.chaincodes)

    def peers_of(self, organisation: str) -> tuple[Place, ...]:
        """Return an organisation's peers, the first one first."""
        return tuple(place for place in self.peers if place.owner == organisation)

    @property
    def genesis(self) -> Path:
        """The channel's first block."""
        return self.home.ledger / "genesis.block"


def ports_file(home: NetworkHome) -> Path:
    """Return where a network's ports on this machine are kept."""
    return home.directory / "ports.json"


def orderer_names(topology: Topology) -> Iterator[tuple[int, str]]:
    """Yield each orderer node's number and name."""
    for index in range(topology.orderer.nodes):
        yield index, f"orderer{index}.{topology.orderer.name}"


def peer_names(topology: Topology) -> Iterator[tuple[str, int, str]]:
    """Yield each peer's organisation, number and name."""
    for organisation in topology.organisations:
        for index in range(organisation.peers):
            yield organisation.name, index, f"peer{index}.{organisation.name}"


def authority_owners(topology: Topology) -> Iterator[str]:
    """Yield each organisation that has a Fabric CA server."""
    if topology.ca == "fabric-ca":
        yield topology.orderer.name
        yield from (one.name for one in topology.organisations)


def asked_ports(topology: Topology) -> dict[str, int]:
    """Return the ports that a topology asks for, by the name of the node; 0 for any."""
    ports = {f"peer0.{one.name}": one.port for one in topology.organisations}
    return ports | {f"orderer0.{topology.orderer.name}": topology.orderer.port}
