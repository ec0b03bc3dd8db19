"""What a Fabric CA server of the plan is to its organisation."""

from network.fabric.identities import Identities
from network.fabric.plan import Place, Plan
from network.identity.fabric_ca.served import Served


def served(place: Place, plan: Plan, identities: Identities) -> Served:
    """Return what a server is to its organisation."""
    topology = plan.topology
    peers = {one.name: one.peers for one in topology.organisations}
    return Served(
        organisation=place.owner,
        paths=identities.organisations.get(place.owner, identities.orderer),
        nodes=peers.get(place.owner, topology.orderer.nodes),
        port=place.port,
    )
