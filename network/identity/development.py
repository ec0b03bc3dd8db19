"""The development CA: everything an organisation needs to take part, issued at once and kept.

Each organisation has authorities of its own, as in production; that all of them lie on one machine, unencrypted, makes
this fit for development, demos and tests only.
"""

from collections.abc import Iterable
from functools import partial
from pathlib import Path

from network.identity.authority import Issued, new_authority, new_client, new_member, new_node, new_server
from network.identity.layout import KeyPair, OrdererPaths, OrganisationPaths
from network.identity.store import keep_or_issue, keep_or_make_authority
from network.identity.wanted import Purpose, Wanted, host, wanted_by_orderer, wanted_by_organisation

_NEW_TLS = {Purpose.TLS_SERVER: new_server, Purpose.TLS_CLIENT: new_client, Purpose.TLS_NODE: new_node}


def issue_organisation(directory: Path, name: str, *, peers: int = 1) -> OrganisationPaths:
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
    ca, tls_ca = keep_or_make_authorities(paths, name)
    _issue(wanted_by_organisation(paths, name, peers=peers), name, ca, tls_ca)
    return paths


def issue_orderer(directory: Path, name: str, *, nodes: int = 1) -> OrdererPaths:
    """Issue what the ordering organisation `name` lacks under `directory`; what exists is kept.

    Errors are those of `issue_organisation`.
    """
    paths = OrdererPaths.of(directory, name)
    ca, tls_ca = keep_or_make_authorities(paths, name)
    _issue(wanted_by_orderer(paths, name, nodes=nodes), name, ca, tls_ca)
    return paths


def keep_or_make_authorities(paths: OrganisationPaths | OrdererPaths, name: str) -> tuple[Issued, Issued]:
    """Return an organisation's authority and its authority for TLS, made if there are none.

    Errors are those of `issue_organisation`.
    """
    return _authority(paths.ca, "ca", name), _authority(paths.tls_ca, "tlsca", name)


def _authority(pair: KeyPair, kind: str, organisation: str) -> Issued:
    make = partial(new_authority, common_name=host(kind, organisation), organisation=organisation)
    return keep_or_make_authority(pair, make)


def _issue(wanted: Iterable[Wanted], organisation: str, ca: Issued, tls_ca: Issued) -> None:
    for each in wanted:
        if each.purpose is Purpose.SIGNING:
            make = partial(new_member, ca, unit=each.unit, attributes=dict(each.attributes))
            keep_or_issue(each.pair, ca, partial(make, common_name=each.common_name, organisation=organisation))
        else:
            tls = partial(_NEW_TLS[each.purpose], tls_ca)
            keep_or_issue(each.pair, tls_ca, partial(tls, common_name=each.common_name, organisation=organisation))
