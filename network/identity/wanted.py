"""Which certificates an organisation needs, whoever issues them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from network.identity.layout import KeyPair, OrdererPaths, OrganisationPaths, Role

ROLE_ATTRIBUTE = "quorate.role"


class Purpose(StrEnum):
    """What a certificate may be used for; the first is issued by `ca`, the others by `tlsca`."""

    SIGNING = "signing"
    TLS_SERVER = "tls-server"
    TLS_CLIENT = "tls-client"
    TLS_NODE = "tls-node"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """One certificate that an organisation needs.

    Attributes
    ----------
    pair : KeyPair
        Where it belongs.
    purpose : Purpose
        What it is for.
    common_name : str
        Its subject, which for a TLS server is also its host name.
    unit : str
        Kind of member, as Fabric's node OUs name it: ``peer``, ``orderer``, ``admin`` or ``client``.
    attributes : mapping of str to str
        Attributes for chaincode to read.
    """

    pair: KeyPair
    purpose: Purpose
    common_name: str
    unit: str
    attributes: Mapping[str, str] = field(default_factory=dict)


def wanted_by_organisation(paths: OrganisationPaths, name: str, *, peers: int = 1) -> Iterator[Wanted]:
    """Yield what the member organisation `name` with so many peers needs below its two authorities."""
    yield _signing(paths.admin, "admin", name, unit="admin")
    for index in range(peers):
        yield _signing(paths.peer_at(index), f"peer{index}", name, unit="peer")
        yield _tls(paths.peer_tls_at(index), Purpose.TLS_NODE, f"peer{index}", name, unit="peer")
    for role in Role:
        yield _signing(paths.identity(role), role.value, name, unit="client", role=role)
    yield _tls(paths.chaincode_tls, Purpose.TLS_SERVER, "chaincode", name)
    yield _tls(paths.gateway_tls, Purpose.TLS_SERVER, "gateway", name)
    yield _tls(paths.gateway_client, Purpose.TLS_CLIENT, "gateway", name)
    yield _tls(paths.agent_tls, Purpose.TLS_CLIENT, "agent", name)


def wanted_by_orderer(paths: OrdererPaths, name: str, *, nodes: int = 1) -> Iterator[Wanted]:
    """Yield what the ordering organisation `name` with so many nodes needs below its two authorities."""
    yield _signing(paths.admin, "admin", name, unit="admin")
    yield _tls(paths.admin_tls, Purpose.TLS_CLIENT, "admin", name, unit="admin")
    for index in range(nodes):
        yield _signing(paths.node_at(index), f"orderer{index}", name, unit="orderer")
        yield _tls(paths.node_tls_at(index), Purpose.TLS_NODE, f"orderer{index}", name, unit="orderer")


def host(machine: str, organisation: str) -> str:
    """Return the name of one of an organisation's machines."""
    return f"{machine}.{organisation}.test"


def _signing(pair: KeyPair, who: str, organisation: str, *, unit: str, role: Role | None = None) -> Wanted:
    attributes = {ROLE_ATTRIBUTE: role.value} if role else {}
    name = host(who, organisation)
    return Wanted(pair=pair, purpose=Purpose.SIGNING, common_name=name, unit=unit, attributes=attributes)


def _tls(pair: KeyPair, purpose: Purpose, machine: str, organisation: str, *, unit: str = "client") -> Wanted:
    return Wanted(pair=pair, purpose=purpose, common_name=host(machine, organisation), unit=unit)
