"""A chaincode package of the kind that names a running service: where the peer finds it, and how TLS is done.

A package of mutual TLS carries the peer's client key. It is written to files of mode 0600 only, and never logged.
"""

import hashlib
import io
import json
import os
import re
import tarfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

from gateway.fabric.endpoint import Endpoint, Tls
from network.lifecycle.archive import tar_gz
from quorate.errors import AlreadyExistsError, StorageError, UsageError

MAX_PACKAGE_BYTES: Final = 40 * 1024 * 1024
"""What fits into one proposal beside everything else."""

_LABEL: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,99}")
_PACKAGE_ID: Final = re.compile(r"([A-Za-z0-9][A-Za-z0-9_.+-]*):([0-9a-f]{64})")
_METADATA: Final = "metadata.json"
_CODE: Final = "code.tar.gz"
_CONNECTION: Final = "connection.json"
_PRIVATE_KEY: Final = b"PRIVATE KEY-----"
_OTHERS: Final = 0o077
_MAX_METADATA_BYTES: Final = 64 * 1024
_MAX_FILES: Final = 4096
_DIAL_TIMEOUT: Final = "10s"


@dataclass(frozen=True)
class ChaincodePackage:
    """A package as peers install it.

    Attributes
    ----------
    label
        What people call it.
    data
        Its bytes. They may hold a private key, so they are left out of what is printed.
    """

    label: str
    data: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if not _LABEL.fullmatch(self.label):
            raise UsageError(
                f"{self.label[:120]!r} is no label for a chaincode package",
                hint="Use at most 100 letters, digits and ._+- beginning with a letter or digit.",
            )
        if len(self.data) > MAX_PACKAGE_BYTES:
            raise UsageError(f"a chaincode package of {len(self.data)} bytes is too large: {MAX_PACKAGE_BYTES} fit")

    @property
    def package_id(self) -> str:
        """What peers call it: the label and the SHA-256 of the bytes."""
        return f"{self.label}:{hashlib.sha256(self.data).hexdigest()}"

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Return the package of these bytes, of whatever type.

        Raises
        ------
        UsageError
            They are no chaincode package.
        """
        try:
            with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as archive:
                names = {member.name: member for member in _members(archive)}
                if not {_METADATA, _CODE} <= names.keys():
                    raise UsageError(f"a chaincode package holds {_METADATA} and {_CODE}; this one does not")
                metadata = _json(archive, names[_METADATA])
        except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
            raise UsageError("these bytes are no gzipped tar, so no chaincode package", cause=error) from error
        label = metadata.get("label")
        if not isinstance(label, str):
            raise UsageError(f"the package's {_METADATA} has no label")
        return cls(label, data)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Return the package in a file.

        Raises
        ------
        UsageError
            It is no chaincode package, or it holds a key and others than its owner may touch it.
        StorageError
            It cannot be read.
        """
        try:
            with path.open("rb") as file:
                is_open = bool(os.fstat(file.fileno()).st_mode & _OTHERS)
                data = file.read(MAX_PACKAGE_BYTES + 1)
        except OSError as error:
            raise StorageError(f"cannot read {path}: {error.strerror}", cause=error) from error
        try:
            package = cls.parse(data)
        except UsageError as error:
            raise UsageError(f"{path}: {error}", hint=error.hint, cause=error) from error
        if is_open and package.holds_key():
            hint = f"Run `chmod 600 {path}`; if others could read it before, issue a new key and make a new package."
            raise UsageError(f"{path} holds a private key, and others than its owner may use it", hint=hint)
        return package

    def holds_key(self) -> bool:
        """Tell whether the package carries a private key, as those of services with mutual TLS do."""
        return _PRIVATE_KEY in _inner(_inner(self.data, _CODE), _CONNECTION)

    def save(self, path: Path) -> None:
        """Write the package to a new file that only its owner may read.

        Raises
        ------
        AlreadyExistsError
            A file with other content is there. The same content is left as it is.
        StorageError
            It cannot be written.
        """
        temporary = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(self.data)
            path.hardlink_to(temporary)
        except FileExistsError as error:
            if not path.exists() or _content(path) != self.data:
                hint = "Its package id may be approved somewhere: give the new one another name."
                raise AlreadyExistsError(f"{path} exists and holds something else", hint=hint, cause=error) from error
        except OSError as error:
            raise StorageError(f"cannot write {path}: {error.strerror}", cause=error) from error
        finally:
            temporary.unlink(missing_ok=True)


def service_package(label: str, address: str, tls: Tls) -> ChaincodePackage:
    """Return the package that leads peers to a chaincode service. Equal arguments give equal bytes.

    Parameters
    ----------
    label
        What people call the package; the beginning of its id.
    address
        ``host:port`` where the peer finds the service.
    tls
        `roots` of the service's certificate; `certificate` and `key` with which the peer shows that it may dial;
        `server_name` where the service's certificate does not name the host of the address.

    Raises
    ------
    UsageError
        Something is missing. There is no service without mutual TLS: whoever can dial it can speak to it as a peer.
    """
    Endpoint(address, tls)
    if not (tls.roots and tls.certificate and tls.key):
        raise UsageError("a chaincode service needs mutual TLS: its root, and the peer's client certificate and key")
    connection = {
        "address": address,
        "dial_timeout": _DIAL_TIMEOUT,
        "tls_required": True,
        "client_auth_required": True,
        "root_cert": tls.roots.decode(),
        "client_cert": tls.certificate.decode(),
        "client_key": tls.key.decode(),
    }
    if tls.server_name:
        connection["domain"] = tls.server_name
    code = tar_gz({_CONNECTION: _document(connection)})
    metadata = _document({"type": "ccaas", "label": label})
    return ChaincodePackage(label, tar_gz({_METADATA: metadata, _CODE: code}))


def check_package_id(package_id: str) -> str:
    """Return a package id that is one.

    Raises
    ------
    UsageError
        It is not of the form ``label:sha256``.
    """
    if not _PACKAGE_ID.fullmatch(package_id):
        raise UsageError(f"{package_id[:200]!r} is no package id, which is label:sha256")
    return package_id


def _document(fields: dict[str, object]) -> bytes:
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def _members(archive: tarfile.TarFile) -> list[tarfile.TarInfo]:
    """Return the archive's files, as long as they are few, plain and not larger than any package may be."""
    found: list[tarfile.TarInfo] = []
    size = 0
    for member in archive:
        found.append(member)
        size += member.size
        if not member.isfile():
            raise UsageError(f"{member.name[:100]!r} in the package is not a regular file")
        if size > 4 * MAX_PACKAGE_BYTES or len(found) > _MAX_FILES:
            raise UsageError("the package is too large when unpacked")
    return found


def _json(archive: tarfile.TarFile, member: tarfile.TarInfo) -> dict[str, object]:
    file = archive.extractfile(member)
    try:
        found = json.loads(file.read(_MAX_METADATA_BYTES) if file else b"")
    except ValueError as error:
        raise UsageError(f"the package's {member.name} is not JSON", cause=error) from error
    if not isinstance(found, dict):
        raise UsageError(f"the package's {member.name} is not a JSON object")
    return found


def _inner(data: bytes, name: str) -> bytes:
    """Return a file in a gzipped tar; empty where there is none, or the data is something else."""
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as archive:
            found = next((member for member in _members(archive) if member.name == name), None)
            file = archive.extractfile(found) if found else None
            return file.read() if file else b""
    except (tarfile.TarError, EOFError, OSError, zlib.error):
        return b""


def _content(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MAX_PACKAGE_BYTES + 1)
