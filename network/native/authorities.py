"""Certificates from Fabric CA: a server for each organisation, started before everything that needs a certificate."""

from pathlib import Path

from network.fabric.authorities import served
from network.fabric.identities import Identities
from network.fabric.plan import Place, Plan
from network.identity.fabric_ca.issue import issue
from network.identity.fabric_ca.program import find_ca_program
from network.identity.fabric_ca.server import ca_node, is_serving
from network.process_node import ProcessNode, stop_all


def start_authorities(
    plan: Plan, identities: Identities, *, fabric_bin: Path, dies_with_parent: bool
) -> dict[str, ProcessNode]:
    """Start the servers that do not run, have them issue what is lacking, and return their nodes.

    Raises
    ------
    UsageError
        If ``fabric-ca-server`` is not installed.
    """
    program, nodes = find_ca_program(fabric_bin), {}
    for place in plan.authorities:
        nodes[place.name] = ca_node(
            served(place, plan, identities),
            program=program,
            directory=place.directory,
            dies_with_parent=dies_with_parent,
        )
    lacking = [node for node in nodes.values() if not node.is_alive()]
    try:
        for node in lacking:
            node.launch()
        for node in lacking:
            node.wait_ready()
        issue(served(place, plan, identities) for place in plan.authorities)
    except BaseException:
        stop_all(lacking, grace_s=1.0)
        raise
    return nodes


def answers(place: Place, plan: Plan, identities: Identities) -> bool:
    """Tell whether an organisation's server answers."""
    return is_serving(served(place, plan, identities))
