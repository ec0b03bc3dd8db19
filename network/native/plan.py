"""Which processes a native network has, and where each listens."""

from collections.abc import Iterator
from pathlib import Path

from network.chaincode_node import chaincode_name
from network.fabric.plan import HOST, Kind, Place, Plan
from network.home import NetworkHome
from network.ports import keep_or_choose, read_ports
from network.topology import Topology
from quorate.errors import ConflictError


def make_plan(home: NetworkHome, topology: Topology) -> Plan:
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
    return read_plan(home, topology)


def read_plan(home: NetworkHome, topology: Topology) -> Plan:
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
            host=HOST,
            inner_port=ports.get(name, 0),
        )

    return Plan(
        home=home,
        topology=topology,
        orderers=tuple(place(name, "orderer", topology.orderer.name, index) for index, name in _orderers(topology)),
        peers=tuple(place(name, "peer", owner, index) for owner, index, name in _peers(topology)),
        chaincodes=tuple(place(chaincode_name(one.name), "chaincode", one.name, 0) for one in topology.organisations),
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
