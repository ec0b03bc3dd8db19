"""Where an organisation's certificates and keys lie.

Under a directory of the operator's choice::

    organisations/<name>/
        ca/{cert,key}.pem             its certificate authority
        tlsca/{cert,key}.pem          its certificate authority for TLS
        admin/{cert,key}.pem          administrator (OU admin)
        peer/{cert,key}.pem           what its peer signs with (OU peer)
        peer/tls/{cert,key}.pem       TLS server, localhost and peer0.<name>.test
        gateway/tls/{cert,key}.pem    TLS server, localhost and gateway.<name>.test
        gateway/client/{cert,key}.pem TLS client
        agent/tls/{cert,key}.pem      TLS client
        identities/<role>/{cert,key}.pem   one client per role (OU client, attribute quorate.role)
    orderers/<name>/
        ca, tlsca, admin              as above
        node/{cert,key}.pem           what the orderer signs with (OU orderer)
        node/tls/{cert,key}.pem       TLS server, localhost and orderer0.<name>.test
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
        """TLS server certificate of the peer."""
        return KeyPair(self.root / "peer" / "tls")

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
        """TLS server certificate of the orderer."""
        return KeyPair(self.root / "node" / "tls")
