"""The chaincode of a network: a package for each organisation's service, deployed to every peer."""

from collections.abc import Mapping

from gateway.fabric import Tls
from network.fabric.channel import administrator, peer_endpoint
from network.fabric.identities import Identities
from network.fabric.plan import Place, Plan
from network.lifecycle import ChaincodePackage, Member, deploy, service_package


def packages(plan: Plan, identities: Identities) -> dict[str, ChaincodePackage]:
    """Return each organisation's package, by its name: the way to its own service, and the key that opens it."""
    label = f"{plan.topology.chaincode}_{plan.topology.chaincode_version}"

    def package(place: Place) -> ChaincodePackage:
        paths = identities.organisations[place.owner]
        tls = Tls.from_files(
            roots=paths.tls_ca.cert, certificate=paths.peer_tls.cert, key=paths.peer_tls.key, server_name="localhost"
        )
        return service_package(label, place.endpoint, tls)

    return {place.owner: package(place) for place in plan.chaincodes}


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
