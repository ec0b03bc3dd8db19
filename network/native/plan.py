"""Which processes a native network has, and where each listens."""

from collections.abc import Iterable, Iterator

from network.chaincode_node import chaincode_name
from network.fabric.plan import (
    HOST,
    Kind,
    Place,
    Plan,
    asked_ports,
    authority_owners,
    orderer_names,
    peer_names,
    ports_file,
)
from network.home import NetworkHome
from network.identity.fabric_ca.served import ca_name
from network.ports import is_free, keep_or_choose, read_ports
from network.topology import Topology
from quorate.errors import ConflictError


def make_plan(home: NetworkHome, topology: Topology) -> Plan:
    """Plan a network in a directory; its ports are chosen now if they were not before.

    Raises
    ------
    ConflictError
        If the topology asks for other ports than those that the ledger knows.
    """
    path, asked = ports_file(home), asked_ports(topology)
    kept = read_ports(path) if home.ledger.exists() else {}
    for name, port in asked.items():
        if port and kept.get(name, port) != port:
            raise ConflictError(
                f"The ledger in {home.directory} knows {name} at port {kept[name]}, not {port}.",
                hint="Peers and orderers are found by what the first block says; use the port that it knows, or 0.",
            )
    keep_or_choose(path, _listeners(topology), asked=asked)
    return read_plan(home, topology)


def read_plan(home: NetworkHome, topology: Topology) -> Plan:
    """Return the plan of a network that was planned before."""
    ports = read_ports(ports_file(home))

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
            host=HOST,
            inner_port=ports.get(name, 0),
        )

    return Plan.of(home, topology, place)


def require_free_ports(places: Iterable[Place]) -> None:
    """Accept places at whose ports nobody listens yet.

    Raises
    ------
    ConflictError
        If somebody does: a program that is not ours took the port while the network was down.
    """
    for place in places:
        for port in (place.port, place.operations_port, place.admin_port):
            if port and not is_free(port):
                raise ConflictError(
                    f"Port {port} of {place.name} is in use by another program.",
                    hint="End that program. The ledger knows its nodes by their ports, so they are not chosen anew.",
                )


def _listeners(topology: Topology) -> Iterator[str]:
    for _, name in orderer_names(topology):
        yield from (name, f"{name}/operations", f"{name}/admin")
    for _, _, name in peer_names(topology):
        yield from (name, f"{name}/operations")
    for one in topology.organisations:
        yield chaincode_name(one.name)
    for owner in authority_owners(topology):
        yield ca_name(owner)
