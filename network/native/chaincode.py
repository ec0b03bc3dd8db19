"""The chaincode of a native network: one process per organisation."""

import json

from network.chaincode_node import chaincode_node
from network.engine import ChaincodeProgram
from network.fabric.identities import Identities
from network.fabric.plan import Place
from network.lifecycle import ChaincodePackage
from network.own_programs import find_chaincode_program
from network.process_node import ProcessNode


def service_node(
    place: Place,
    identities: Identities,
    package: ChaincodePackage,
    chaincode: ChaincodeProgram | None,
    *,
    dies_with_parent: bool,
) -> ProcessNode:
    """Return the node that serves an organisation's peers the chaincode; without a program, Quorate's own."""
    return chaincode_node(
        place.owner,
        identities.organisations[place.owner],
        command=chaincode.command if chaincode else (str(find_chaincode_program()),),
        package_id=package.package_id,
        port=place.port,
        directory=place.directory,
        dies_with_parent=dies_with_parent,
    )


def stop_if_other(node: ProcessNode, place: Place) -> None:
    """End a service that runs and is of another package or program than the node has now, as before an upgrade."""
    program, file = node.program, place.directory / "service.json"
    wanted = json.dumps({"command": program.command, "environment": dict(program.environment or {})}, indent=2)
    if node.is_alive() and (not file.exists() or file.read_text(encoding="utf-8") != wanted):
        node.stop()
    file.write_text(wanted, encoding="utf-8")
