"""How to connect to a network of real Fabric."""

from typing import Literal

from network.connection import Connection, OrdererConnection, OrganisationConnection, PeerConnection
from network.fabric.identities import Identities
from network.fabric.plan import Plan
from quorate.digest import Digest


def connection_of(
    plan: Plan, identities: Identities, genesis: Digest, *, engine: Literal["native", "compose"], notice: str
) -> Connection:
    """Return how to connect to a network that runs by this plan."""
    topology = plan.topology
    orderers = tuple(
        OrdererConnection(
            name=place.name,
            msp_id=topology.orderer.msp_id,
            address=place.address,
            tls_ca=identities.orderer.tls_ca.cert,
        )
        for place in plan.orderers
    )
    return Connection(
        engine=engine,
        channel=topology.channel,
        chaincode=topology.chaincode,
        genesis=genesis,
        notice=notice,
        organisations=tuple(
            OrganisationConnection(
                name=one.name,
                msp_id=one.msp_id,
                address=plan.peers_of(one.name)[0].address,
                directory=identities.organisations[one.name].root,
                tls_ca=identities.organisations[one.name].tls_ca.cert,
                identities=identities.organisations[one.name].identities,
                peers=tuple(
                    PeerConnection(name=place.name, address=place.address) for place in plan.peers_of(one.name)
                ),
            )
            for one in topology.organisations
        ),
        orderer=orderers[0],
        orderers=orderers,
    )
