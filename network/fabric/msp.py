"""MSP folders: how Fabric reads an organisation's authorities and a node's own identity."""

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import yaml

from network.identity import KeyPair, OrdererPaths, OrganisationPaths
from quorate.errors import StorageError

_CA: Final = "cacerts/ca.pem"
_UNITS: Final = ("client", "peer", "admin", "orderer")


def write_msp(
    directory: Path, organisation: OrganisationPaths | OrdererPaths, *, signer: KeyPair | None = None
) -> Path:
    """Write an organisation's MSP, anew, to a directory and return the directory.

    Parameters
    ----------
    directory : Path
        What is there is replaced.
    organisation : OrganisationPaths or OrdererPaths
        Its authorities and, where it revoked anything, its revocation lists.
    signer : KeyPair, optional
        The node whose local MSP this is; without it the MSP is what the channel's configuration takes in.

    Raises
    ------
    StorageError
        If a file cannot be read or written.
    """
    try:
        shutil.rmtree(directory, ignore_errors=True)
        _put(directory / _CA, organisation.ca.cert)
        _put(directory / "tlscacerts" / "tlsca.pem", organisation.tls_ca.cert)
        (directory / "config.yaml").write_text(yaml.safe_dump(_node_units()), encoding="utf-8")
        for crl in _revocation_lists(organisation):
            _put(directory / "crls" / crl.name, crl)
        if signer is not None:
            _put(directory / "signcerts" / "cert.pem", signer.cert)
            _put(directory / "keystore" / "key.pem", signer.key)
    except OSError as error:
        raise StorageError(f"Cannot write an MSP to {directory}: {error.strerror}.", cause=error) from error
    return directory


def _node_units() -> dict[str, object]:
    identifiers = {
        f"{unit.capitalize()}OUIdentifier": {"Certificate": _CA, "OrganizationalUnitIdentifier": unit}
        for unit in _UNITS
    }
    return {"NodeOUs": {"Enable": True, **identifiers}}


def _revocation_lists(organisation: OrganisationPaths | OrdererPaths) -> Iterable[Path]:
    return sorted(organisation.crls.glob("*.pem"))


def _put(target: Path, source: Path) -> None:
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    target.touch(mode=0o600)
    target.write_bytes(source.read_bytes())
