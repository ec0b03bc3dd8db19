"""Where an organisation's certificates and keys lie.

Under a directory of the operator's choice::

    organisations/<name>/
        ca/{cert,key}.pem             its certificate authority
        tlsca/{cert,key}.pem          its certificate authority for TLS
        admin/{cert,key}.pem          administrator (OU admin)
        peer/{cert,key}.pem           what its peer signs with (OU peer)
        peer/tls/{cert,key}.pem       TLS server and client, localhost and peer0.<name>.test
        peers/peer<n>/…               the same for each further peer
        chaincode/tls/{cert,key}.pem  TLS server, localhost and chaincode.<name>.test
        gateway/tls/{cert,key}.pem    TLS server, localhost and gateway.<name>.test
        gateway/client/{cert,key}.pem TLS client
        agent/tls/{cert,key}.pem      TLS client
        identities/<role>/{cert,key}.pem   one client per role (OU client, attribute quorate.role)
    orderers/<name>/
        ca, tlsca, admin              as above
        admin/tls/{cert,key}.pem      TLS client
        node/{cert,key}.pem           what the orderer signs with (OU orderer)
        node/tls/{cert,key}.pem       TLS server and client, localhost and orderer0.<name>.test
        nodes/orderer<n>/…            the same for each further node

An organisation whose authorities are run by a Fabric CA server (`network.identity.fabric_ca`) has besides::

        ca/tls/{cert,key}.pem         the server's TLS, localhost and ca.<name>.test
        ca/registrar, tlsca/registrar who registers identities there (OU client)
        crls/*.pem                    revocation lists of its authority, once it has revoked
"""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Role(StrEnum):
    """What a client may do for its organisation: the value of the certificate attribute ``quorate.role``."""

    AGENT = "agent"
    AGGREGATOR = "aggregator"
    STEWARD = "steward"
    OPERATOR = "operator"
    OFFICER = "officer"


@dataclass(frozen=True)
class KeyPair:
    """A certificate and its private key, both PEM files."""

    directory: Path

    @property
    def cert(self) -> Path:
        """The certificate."""
        return self.directory / "cert.pem"

    @property
    def key(self) -> Path:
        """The private key: PKCS #8, not encrypted, readable by its owner only."""
        return self.directory / "key.pem"


@dataclass(frozen=True)
class _Authorities:
    root: Path

    @property
    def ca(self) -> KeyPair:
        """The organisation's certificate authority."""
        return KeyPair(self.root / "ca")

    @property
    def tls_ca(self) -> KeyPair:
        """The organisation's certificate authority for TLS."""
        return KeyPair(self.root / "tlsca")

    @property
    def ca_tls(self) -> KeyPair:
        """TLS server certificate of the organisation's Fabric CA server, where it has one."""
        return KeyPair(self.root / "ca" / "tls")

    @property
    def crls(self) -> Path:
        """The directory of the authority's revocation lists (PEM); absent while nothing was revoked."""
        return self.root / "crls"

    @property
    def admin(self) -> KeyPair:
        """The organisation's administrator."""
        return KeyPair(self.root / "admin")


@dataclass(frozen=True)
class OrganisationPaths(_Authorities):
    """The certificates and keys of one member organisation."""

    @classmethod
    def of(cls, directory: Path, name: str) -> "OrganisationPaths":
        """Return the paths of the organisation `name` under `directory`."""
        return cls(directory.absolute() / "organisations" / name)

    @property
    def peer(self) -> KeyPair:
        """What the peer endorses with."""
        return KeyPair(self.root / "peer")

    @property
    def peer_tls(self) -> KeyPair:
        """TLS certificate of the peer, as server and as client."""
        return KeyPair(self.root / "peer" / "tls")

    def peer_at(self, index: int) -> KeyPair:
        """Return what a peer endorses with, by its number; the first is 0."""
        return KeyPair(self.root / "peers" / f"peer{index}") if index else self.peer

    def peer_tls_at(self, index: int) -> KeyPair:
        """Return the TLS certificate of a peer by its number."""
        return KeyPair(self.peer_at(index).directory / "tls")

    @property
    def chaincode_tls(self) -> KeyPair:
        """TLS server certificate of the organisation's chaincode."""
        return KeyPair(self.root / "chaincode" / "tls")

    @property
    def gateway_tls(self) -> KeyPair:
        """TLS server certificate of the gateway."""
        return KeyPair(self.root / "gateway" / "tls")

    @property
    def gateway_client(self) -> KeyPair:
        """TLS client certificate of the gateway, for the peer and for other members' gateways."""
        return KeyPair(self.root / "gateway" / "client")

    @property
    def agent_tls(self) -> KeyPair:
        """TLS client certificate of the agent, for its own gateway."""
        return KeyPair(self.root / "agent" / "tls")

    @property
    def identities(self) -> Path:
        """The directory that holds one folder per role."""
        return self.root / "identities"

    def identity(self, role: Role) -> KeyPair:
        """Return the client identity that signs transactions in a role."""
        return KeyPair(self.identities / role.value)


@dataclass(frozen=True)
class OrdererPaths(_Authorities):
    """The certificates and keys of the ordering organisation."""

    @classmethod
    def of(cls, directory: Path, name: str) -> "OrdererPaths":
        """Return the paths of the ordering organisation `name` under `directory`."""
        return cls(directory.absolute() / "orderers" / name)

    @property
    def node(self) -> KeyPair:
        """What the orderer signs blocks with."""
        return KeyPair(self.root / "node")

    @property
    def node_tls(self) -> KeyPair:
        """TLS certificate of the orderer, as server and as client."""
        return KeyPair(self.root / "node" / "tls")

    @property
    def admin_tls(self) -> KeyPair:
        """TLS client certificate of the administrator, for the orderers' administration."""
        return KeyPair(self.root / "admin" / "tls")

    def node_at(self, index: int) -> KeyPair:
        """Return what an orderer node signs blocks with, by its number; the first is 0."""
        return KeyPair(self.root / "nodes" / f"orderer{index}") if index else self.node

    def node_tls_at(self, index: int) -> KeyPair:
        """Return the TLS certificate of an orderer node by its number."""
        return KeyPair(self.node_at(index).directory / "tls")
