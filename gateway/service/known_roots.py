"""Whose TLS root may bear which name, on disk too: who was here first still is after a restart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from gateway.artifacts.disk import storage_errors, write_atomically
from quorate import canonical
from quorate.digest import Digest, digest_of, parse_digest
from quorate.errors import UsageError
from quorate.identifiers import MspId, parse_msp_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from cryptography import x509

FILE: Final = "roots.json"
_SCHEMA: Final = "quorate.roots/1"
_LIMIT: Final = 1 << 20

Names: TypeAlias = "Mapping[MspId, frozenset[Digest]]"
"""The names that each member's roots bear, as `name_of` gives them."""


def name_of(certificate: x509.Certificate) -> Digest:
    """Return what TLS finds an issuer by: two names are one when they differ in case or white space only."""
    parts = [
        sorted([attribute.oid.dotted_string, _folded(attribute.value)] for attribute in rdn)
        for rdn in certificate.subject.rdns
    ]
    return digest_of(canonical.dumps(parts))


def _folded(value: str | bytes) -> str:
    return value.hex() if isinstance(value, bytes) else " ".join(value.split()).casefold()


def names_of(anchors: Iterable[x509.Certificate]) -> frozenset[Digest]:
    """Return the names of some roots."""
    return frozenset(map(name_of, anchors))


def bearing_anothers(
    roots: Mapping[MspId, Sequence[x509.Certificate]], own: Sequence[x509.Certificate], before: Names
) -> set[MspId]:
    """Return the members one of whose roots bears the name of another root that stays.

    A name is the own organisation's, or else that member's which bore it before, or else the first one's in order.
    """
    bearers: dict[Digest, list[x509.Certificate]] = {}
    for anchor in own:
        bearers.setdefault(name_of(anchor), []).append(anchor)
    claims = [(msp, name) for msp, anchors in roots.items() for name in names_of(anchors)]
    for msp, name in sorted(claims, key=lambda claim: (claim[1] not in before.get(claim[0], ()), claim)):
        bearers.setdefault(name, [anchor for anchor in roots[msp] if name_of(anchor) == name])
    return {msp for msp, anchors in roots.items() if any(anchor not in bearers[name_of(anchor)] for anchor in anchors)}


def read_names(path: Path) -> Names:
    """Return the names that were kept in a file; none when there is no file.

    Raises
    ------
    StorageError
        When it cannot be read.
    UsageError
        When it holds anything else.
    """
    if not path.exists():
        return {}
    with storage_errors(f"reading {path}"), path.open("rb") as file:
        data = file.read(_LIMIT + 1)
    match canonical.loads(data, limit=_LIMIT):
        case {"schema": str(schema), "members": dict(members)} if schema == _SCHEMA:
            return {parse_msp_id(msp): frozenset(map(_digest, _list(names))) for msp, names in members.items()}
    raise UsageError(f"{path} is no {_SCHEMA}", hint="Move it away: it is made anew from the ledger.")


def write_names(path: Path, names: Names) -> None:
    """Keep names in a file; `StorageError` when it cannot be written."""
    members = {msp: sorted(borne) for msp, borne in names.items()}
    with storage_errors(f"writing {path}"):
        write_atomically(path, canonical.dumps({"schema": _SCHEMA, "members": members}))


def _list(value: canonical.JSON) -> list[canonical.JSON]:
    if not isinstance(value, list):
        raise UsageError("names are a list")
    return value


def _digest(value: canonical.JSON) -> Digest:
    return parse_digest(value if isinstance(value, str) else "")
