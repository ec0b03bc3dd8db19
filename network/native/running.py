"""A native network that runs."""

from collections.abc import Mapping
from dataclasses import dataclass

from network.connection import Connection, OrdererConnection, OrganisationConnection, PeerConnection
from network.home import NetworkHome
from network.native.identities import Identities
from network.native.plan import Plan
from network.process_node import ProcessNode, stop_all
from quorate.digest import Digest

NOTICE = (
    "Fabric's own peers and orderers, all on this machine, with every organisation's keys unencrypted beside them: for "
    "development and tests only."
)


@dataclass(frozen=True, kw_only=True)
class NativeNetwork:
    """A network that this process started: `network.engine.RunningNetwork`."""

    home: NetworkHome
    connection: Connection
    nodes: Mapping[str, ProcessNode]

    def stop(self) -> None:
        """End it, and forget how to connect. Repeating it changes nothing."""
        stop_all(self.nodes.values())
        self.home.connection.unlink(missing_ok=True)

    def release(self) -> None:
        """Let it outlive this process."""
        for node in self.nodes.values():
            node.release()


def connection_of(plan: Plan, identities: Identities, genesis: Digest) -> Connection:
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
        engine="native",
        channel=topology.channel,
        chaincode=topology.chaincode,
        genesis=genesis,
        notice=NOTICE,
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
