"""The development CA: everything an organisation needs to take part, issued at once and kept.

Each organisation has authorities of its own, as in production; that all of them lie on one machine, unencrypted, makes
this fit for development, demos and tests only.
"""

from functools import partial
from pathlib import Path

from network.identity.authority import Issued, new_authority, new_client, new_member, new_server
from network.identity.layout import KeyPair, OrdererPaths, OrganisationPaths, Role
from network.identity.store import keep_or_issue, keep_or_make_authority


def issue_organisation(directory: Path, name: str) -> OrganisationPaths:
    """Issue what the member organisation `name` lacks under `directory`; what exists is kept.

    Returns
    -------
    OrganisationPaths
        Where everything lies; `network.identity.layout` draws it.

    Raises
    ------
    IntegrityError
        If a stored certificate, key and authority do not belong together.
    StorageError
        If the directory cannot be read or written.
    """
    paths = OrganisationPaths.of(directory, name)
    ca, tls_ca = _authority(paths.ca, "ca", name), _authority(paths.tls_ca, "tlsca", name)
    member = partial(_issue_member, ca, name)
    member(paths.admin, "admin", unit="admin")
    member(paths.peer, "peer0", unit="peer")
    for role in Role:
        member(paths.identity(role), role.value, unit="client", attributes={"quorate.role": role.value})
    _issue_tls_server(tls_ca, name, paths.peer_tls, "peer0")
    _issue_tls_server(tls_ca, name, paths.gateway_tls, "gateway")
    _issue_tls_client(tls_ca, name, paths.gateway_client, "gateway")
    _issue_tls_client(tls_ca, name, paths.agent_tls, "agent")
    return paths


def issue_orderer(directory: Path, name: str) -> OrdererPaths:
    """Issue what the ordering organisation `name` lacks under `directory`; what exists is kept.

    Errors are those of `issue_organisation`.
    """
    paths = OrdererPaths.of(directory, name)
    ca, tls_ca = _authority(paths.ca, "ca", name), _authority(paths.tls_ca, "tlsca", name)
    _issue_member(ca, name, paths.admin, "admin", unit="admin")
    _issue_member(ca, name, paths.node, "orderer0", unit="orderer")
    _issue_tls_server(tls_ca, name, paths.node_tls, "orderer0")
    return paths


def _host(machine: str, organisation: str) -> str:
    return f"{machine}.{organisation}.test"


def _authority(pair: KeyPair, kind: str, organisation: str) -> Issued:
    make = partial(new_authority, common_name=_host(kind, organisation), organisation=organisation)
    return keep_or_make_authority(pair, make)


def _issue_member(
    ca: Issued, organisation: str, pair: KeyPair, who: str, *, unit: str, attributes: dict[str, str] | None = None
) -> None:
    subject = {"common_name": _host(who, organisation), "organisation": organisation}
    keep_or_issue(pair, ca, partial(new_member, ca, **subject, unit=unit, attributes=attributes))


def _issue_tls_server(tls_ca: Issued, organisation: str, pair: KeyPair, machine: str) -> None:
    name = _host(machine, organisation)
    keep_or_issue(pair, tls_ca, partial(new_server, tls_ca, common_name=name, organisation=organisation))


def _issue_tls_client(tls_ca: Issued, organisation: str, pair: KeyPair, machine: str) -> None:
    name = _host(machine, organisation)
    keep_or_issue(pair, tls_ca, partial(new_client, tls_ca, common_name=name, organisation=organisation))
