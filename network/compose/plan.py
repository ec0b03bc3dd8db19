"""Which containers a network has, and where each is reached: from this machine, and from the other containers."""

from collections.abc import Iterator
from typing import Final

from network.fabric.plan import (
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
from network.identity.wanted import host
from network.ports import keep_or_choose, read_ports
from network.topology import Topology

PEER_PORT: Final = 7051
ORDERER_PORT: Final = 7050
ADMIN_PORT: Final = 7053
CHAINCODE_PORT: Final = 7052
_INNER_PORTS: Final = {"peer": PEER_PORT, "orderer": ORDERER_PORT, "chaincode": CHAINCODE_PORT}


def make_plan(home: NetworkHome, topology: Topology) -> Plan:
    """Plan a network in a directory; this machine's ports are chosen now if they were not before, and kept.

    Errors are those of `network.ports.keep_or_choose`.
    """
    keep_or_choose(ports_file(home), _published(topology), asked=asked_ports(topology))
    return read_plan(home, topology)


def read_plan(home: NetworkHome, topology: Topology) -> Plan:
    """Return the plan of a network that was planned before."""
    ports = read_ports(ports_file(home))

    def place(name: str, kind: Kind, owner: str, index: int) -> Place:
        machine = name.removesuffix(f".{owner}")
        return Place(
            name=name,
            kind=kind,
            owner=owner,
            index=index,
            directory=home.nodes / name,
            data=home.ledger / name,
            port=ports.get(name, 0),
            admin_port=ports.get(_admin(name), 0),
            host=host(machine, owner),
            # A Fabric CA server knows its port from its own settings, which are written for this machine.
            inner_port=_INNER_PORTS.get(kind, ports.get(name, 0)),
        )

    return Plan.of(home, topology, place)


def published(place: Place) -> dict[int, str]:
    """Return which of a container's ports this machine reaches, and under which names their numbers are kept."""
    if place.kind == "chaincode":
        return {}
    admin = {ADMIN_PORT: _admin(place.name)} if place.kind == "orderer" else {}
    return {place.inner_port: place.name, **admin}


def port_numbers(plan: Plan) -> dict[str, int]:
    """Return this machine's ports by the names that they are kept under."""
    ports = {place.name: place.port for place in (*plan.peers, *plan.orderers, *plan.authorities)}
    return ports | {_admin(place.name): place.admin_port for place in plan.orderers}


def _admin(name: str) -> str:
    return f"{name}/admin"


def _published(topology: Topology) -> Iterator[str]:
    for _, name in orderer_names(topology):
        yield from (name, _admin(name))
    for _, _, name in peer_names(topology):
        yield name
    for owner in authority_owners(topology):
        yield ca_name(owner)
