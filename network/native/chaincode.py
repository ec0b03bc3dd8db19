"""The chaincode of a native network: one service per organisation, deployed to every peer."""

from collections.abc import Mapping

from gateway.fabric import Tls
from network.chaincode_node import chaincode_node
from network.engine import ChaincodeProgram
from network.lifecycle import ChaincodePackage, Member, deploy, service_package
from network.native.channel import administrator, peer_endpoint
from network.native.identities import Identities
from network.native.plan import Place, Plan
from network.own_programs import find_chaincode_program
from network.process_node import ProcessNode


def packages(plan: Plan, identities: Identities) -> dict[str, ChaincodePackage]:
    """Return each organisation's package, by its name: the way to its own service, and the key that opens it."""
    label = f"{plan.topology.chaincode}_{plan.topology.chaincode_version}"

    def package(place: Place) -> ChaincodePackage:
        paths = identities.organisations[place.owner]
        tls = Tls.from_files(
            roots=paths.tls_ca.cert, certificate=paths.peer_tls.cert, key=paths.peer_tls.key, server_name="localhost"
        )
        return service_package(label, place.address, tls)

    return {place.owner: package(place) for place in plan.chaincodes}


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


async def deploy_chaincode(plan: Plan, identities: Identities, made: Mapping[str, ChaincodePackage]) -> None:
    """Bring the chaincode into force on every peer; what is done already is not done again."""
    members = []
    for one in plan.topology.organisations:
        paths = identities.organisations[one.name]
        identity, signer = administrator(paths, one.msp_id).load()
        peers = tuple(peer_endpoint(place, paths) for place in plan.peers_of(one.name))
        members.append(Member(identity=identity, signer=signer, peers=peers, package=made[one.name]))
    topology = plan.topology
    await deploy(members, channel=topology.channel, chaincode=topology.chaincode, version=topology.chaincode_version)
