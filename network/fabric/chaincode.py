"""The chaincode of a network: a package for each organisation's service, deployed to every peer."""

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from gateway.fabric import Tls
from network.fabric.channel import administrator, join_peers, peer_endpoint
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


def join_and_deploy(plan: Plan, identities: Identities, genesis: bytes, made: Mapping[str, ChaincodePackage]) -> None:
    """Have every peer join the channel, and bring the chaincode into force; what is done already is not done again."""
    # In a thread of its own, so that whichever event loop the caller's thread has is left alone.
    with ThreadPoolExecutor(max_workers=1) as thread:
        thread.submit(asyncio.run, _join_and_deploy(plan, identities, genesis, made)).result()


async def _join_and_deploy(
    plan: Plan, identities: Identities, genesis: bytes, made: Mapping[str, ChaincodePackage]
) -> None:
    await join_peers(plan, identities, genesis)
    await _deploy(plan, identities, made)


async def _deploy(plan: Plan, identities: Identities, made: Mapping[str, ChaincodePackage]) -> None:
    members = []
    for one in plan.topology.organisations:
        paths = identities.organisations[one.name]
        identity, signer = administrator(paths, one.msp_id).load()
        peers = tuple(peer_endpoint(place, paths) for place in plan.peers_of(one.name))
        members.append(Member(identity=identity, signer=signer, peers=peers, package=made[one.name]))
    topology = plan.topology
    await deploy(members, channel=topology.channel, chaincode=topology.chaincode, version=topology.chaincode_version)
