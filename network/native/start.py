"""From a topology to a network whose chaincode answers."""

from collections.abc import Mapping
from typing import Final

from network.engine import ChaincodeProgram
from network.fabric.chaincode import join_and_deploy, packages
from network.fabric.channel import join_orderers, make_genesis
from network.fabric.connect import connection_of
from network.fabric.identities import Identities, identities_of, issue_identities
from network.fabric.plan import Plan
from network.fabric.programs import FabricPrograms
from network.home import NetworkHome
from network.lifecycle import ChaincodePackage
from network.native.authorities import start_authorities
from network.native.chaincode import service_node, stop_if_other
from network.native.nodes import orderer_node, peer_node
from network.native.plan import make_plan, require_free_ports
from network.native.running import NOTICE, NativeNetwork
from network.pidfile import is_alive
from network.process_node import ProcessNode, stop_all, stop_recorded
from network.topology import Topology
from quorate.blocks.block import decode_block
from quorate.errors import ConflictError

_ENGINE: Final = "native"


def start_network(
    home: NetworkHome,
    topology: Topology,
    programs: FabricPrograms,
    chaincode: ChaincodeProgram | None,
    *,
    dies_with_parent: bool,
) -> NativeNetwork:
    """Start what does not run of the network in a directory, whose lock is held, and wait until its chaincode answers.

    Errors are those of `network.engine.Driver.start`. What this call started is ended if it fails.
    """
    as_before = home.topology.exists() and Topology.load(home.topology) == topology
    home.adopt(topology, _ENGINE)
    plan = make_plan(home, topology)
    if not home.connection.exists():
        stop_recorded([place.pid_file for place in plan.places])  # a start that was interrupted left them half joined
    running = {place.name for place in plan.places if is_alive(place.pid_file)}
    if as_before and len(running) == len(plan.places):
        hint = "Connect to it, or end it: quorate network down"
        raise ConflictError(f"The network in {home.directory} runs already.", hint=hint)
    require_free_ports(place for place in plan.places if place.name not in running)
    for directory in (home.ledger, *(place.directory for place in plan.places)):
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    nodes: dict[str, ProcessNode] = {}
    try:
        identities, authorities = _identities(plan, programs, dies_with_parent=dies_with_parent)
        nodes |= authorities
        made = packages(plan, identities)
        nodes |= _nodes(plan, identities, programs, made, chaincode, dies_with_parent=dies_with_parent)
        for place in plan.chaincodes:
            stop_if_other(nodes[place.name], place)
        genesis = make_genesis(plan, identities, programs)
        _launch(plan, identities, programs, [node for node in nodes.values() if not node.is_alive()])
        join_and_deploy(plan, identities, genesis, made)
        connection = connection_of(plan, identities, decode_block(genesis).header.digest, engine=_ENGINE, notice=NOTICE)
        connection.save(home.connection)
    except BaseException:
        stop_all([node for node in nodes.values() if node.name not in running], grace_s=1.0)
        raise
    return NativeNetwork(home=home, connection=connection, nodes=nodes)


def _launch(plan: Plan, identities: Identities, programs: FabricPrograms, lacking: list[ProcessNode]) -> None:
    for node in lacking:
        node.launch()
    _wait(lacking, "orderer")
    join_orderers(plan, identities, programs)  # while the peers still start
    _wait(lacking, "peer")
    _wait(lacking, "chaincode")


def _identities(
    plan: Plan, programs: FabricPrograms, *, dies_with_parent: bool
) -> tuple[Identities, dict[str, ProcessNode]]:
    if plan.topology.ca == "development":
        return issue_identities(plan.home, plan.topology), {}
    identities = identities_of(plan.home, plan.topology)
    fabric_bin = programs.peer.parent
    return identities, start_authorities(plan, identities, fabric_bin=fabric_bin, dies_with_parent=dies_with_parent)


def _nodes(
    plan: Plan,
    identities: Identities,
    programs: FabricPrograms,
    made: Mapping[str, ChaincodePackage],
    chaincode: ChaincodeProgram | None,
    *,
    dies_with_parent: bool,
) -> dict[str, ProcessNode]:
    nodes = [
        *(orderer_node(one, plan, identities, programs, dies_with_parent=dies_with_parent) for one in plan.orderers),
        *(peer_node(one, plan, identities, programs, dies_with_parent=dies_with_parent) for one in plan.peers),
        *(
            service_node(one, identities, made[one.owner], chaincode, dies_with_parent=dies_with_parent)
            for one in plan.chaincodes
        ),
    ]
    return {node.name: node for node in nodes}


def _wait(nodes: list[ProcessNode], kind: str) -> None:
    for node in nodes:
        if node.kind == kind:
            node.wait_ready()
