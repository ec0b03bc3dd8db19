"""An organisation whose two authorities are run by a Fabric CA server of its own, on this machine."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from network.identity.fabric_ca.endpoint import Endpoint
from network.identity.layout import KeyPair, OrdererPaths, OrganisationPaths
from network.identity.wanted import Wanted, wanted_by_orderer, wanted_by_organisation

SIGNING_CA: Final = "ca"
TLS_CA: Final = "tlsca"
REGISTRAR: Final = "registrar"


@dataclass(frozen=True, kw_only=True)
class Served:
    """One organisation and where its Fabric CA server listens.

    Attributes
    ----------
    organisation : str
        Its short name.
    paths : OrganisationPaths or OrdererPaths
        Where its certificates and keys belong.
    nodes : int
        How many peers, or orderers, it runs.
    port : int
        Where its server listens, on this machine's loopback.
    """

    organisation: str
    paths: OrganisationPaths | OrdererPaths
    nodes: int = 1
    port: int

    @property
    def name(self) -> str:
        """What people call the server."""
        return ca_name(self.organisation)

    @property
    def url(self) -> str:
        """Where it is reached."""
        return f"https://localhost:{self.port}"

    @property
    def authorities(self) -> dict[str, KeyPair]:
        """The key pairs of its two CAs, by the names that the server gives them."""
        return {SIGNING_CA: self.paths.ca, TLS_CA: self.paths.tls_ca}

    def endpoint(self, ca: str) -> Endpoint:
        """Return where one of its CAs is, trusting only the organisation's own authorities."""
        return Endpoint.load(url=self.url, ca=ca, tls_root=self.paths.tls_ca.cert, authority=self.authorities[ca].cert)

    def registrar(self, ca: str) -> KeyPair:
        """Return who registers identities at one of its CAs."""
        return KeyPair(self.authorities[ca].directory / REGISTRAR)

    def secret(self, ca: str) -> Path:
        """Return the file of that registrar's enrolment secret."""
        return self.registrar(ca).directory / "secret"

    def profile(self, ca: str) -> Path:
        """Return the file by which the command line knows one of its CAs."""
        return self.authorities[ca].directory / "ca.toml"

    def wanted(self) -> Iterator[Wanted]:
        """Yield the certificates that the organisation needs."""
        if isinstance(self.paths, OrdererPaths):
            return wanted_by_orderer(self.paths, self.organisation, nodes=self.nodes)
        return wanted_by_organisation(self.paths, self.organisation, peers=self.nodes)


def ca_name(organisation: str) -> str:
    """Return the name of an organisation's Fabric CA server among a network's nodes."""
    return f"ca.{organisation}"
