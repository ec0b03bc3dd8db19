"""Everybody's certificates and keys in a network of real Fabric."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from network.home import NetworkHome
from network.identity import OrdererPaths, OrganisationPaths, issue_orderer, issue_organisation
from network.topology import Topology


@dataclass(frozen=True, kw_only=True)
class Identities:
    """Where they lie, by the organisation's name."""

    organisations: Mapping[str, OrganisationPaths]
    orderer: OrdererPaths

    @property
    def tls_authorities(self) -> list[Path]:
        """Who issues anybody's TLS certificates."""
        return [self.orderer.tls_ca.cert, *(paths.tls_ca.cert for paths in self.organisations.values())]


def identities_of(home: NetworkHome, topology: Topology) -> Identities:
    """Return where everybody's lie, or will."""
    return Identities(
        organisations={one.name: OrganisationPaths.of(home.identities, one.name) for one in topology.organisations},
        orderer=OrdererPaths.of(home.identities, topology.orderer.name),
    )


def issue_identities(home: NetworkHome, topology: Topology) -> Identities:
    """Issue what is lacking, from the development CA; what exists is kept."""
    return Identities(
        organisations={
            one.name: issue_organisation(home.identities, one.name, peers=one.peers) for one in topology.organisations
        },
        orderer=issue_orderer(home.identities, topology.orderer.name, nodes=topology.orderer.nodes),
    )
