"""What runs in a network of containers: one service for each node, and where each is reached."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from network.identity.wanted import host
from network.topology import Topology

PEER_PORT: Final = 7051
CHAINCODE_PORT: Final = 7052
ORDERER_PORT: Final = 7050
ADMIN_PORT: Final = 7053
CA_PORT: Final = 7054
OPERATIONS_PORT: Final = 9443


@dataclass(frozen=True, kw_only=True)
class Service:
    """One container of a network.

    Attributes
    ----------
    name : str
        Its name as a node and as a service, such as ``peer0.alder``.
    kind : str
        ``peer``, ``orderer``, ``chaincode`` or ``ca``.
    organisation : str
        Whose it is.
    index : int
        Its number among its organisation's of this kind.
    host : str
        Its name on the containers' own network, which its TLS certificate carries.
    port : int
        Where it listens there.
    published : dict of int to str
        Which of its ports are reached from this machine, and under which names their numbers are kept.
    asked : int
        The port of this machine that the topology asks for; 0 for any.
    """

    name: str
    kind: str
    organisation: str
    index: int = 0
    host: str
    port: int
    published: dict[int, str] = field(default_factory=dict)
    asked: int = 0

    @property
    def address(self) -> str:
        """Where other containers reach it."""
        return f"{self.host}:{self.port}"


def services_of(topology: Topology) -> Iterator[Service]:
    """Yield the services of a topology: of each member its peers, its chaincode and its CA, then the orderer's."""
    for member in topology.organisations:
        for index in range(member.peers):
            yield _node("peer", member.name, index, {PEER_PORT: ""}, asked=member.port)
        yield _service("chaincode", "chaincode", member.name, CHAINCODE_PORT, {})
        if topology.ca == "fabric-ca":
            yield _service("ca", "ca", member.name, CA_PORT, {CA_PORT: ""})
    orderer = topology.orderer
    for index in range(orderer.nodes):
        yield _node("orderer", orderer.name, index, {ORDERER_PORT: "", ADMIN_PORT: ".admin"}, asked=orderer.port)
    if topology.ca == "fabric-ca":
        yield _service("ca", "ca", orderer.name, CA_PORT, {CA_PORT: ""})


def _node(kind: str, organisation: str, index: int, ports: dict[int, str], *, asked: int) -> Service:
    first = next(iter(ports))
    return _service(kind, f"{kind}{index}", organisation, first, ports, index=index, asked=0 if index else asked)


def _service(
    kind: str, machine: str, organisation: str, port: int, published: dict[int, str], *, index: int = 0, asked: int = 0
) -> Service:
    name = f"{machine}.{organisation}"
    return Service(
        name=name,
        kind=kind,
        organisation=organisation,
        index=index,
        host=host(machine, organisation),
        port=port,
        published={inside: f"{name}{suffix}" for inside, suffix in published.items()},
        asked=asked,
    )
