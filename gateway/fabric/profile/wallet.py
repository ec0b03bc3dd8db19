"""The file-system wallet of fabric-sdk-py: a folder per identity, with its certificate and its key."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gateway.fabric.identity import FileIdentity, Identity
from quorate.errors import NotFoundError, StorageError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.fabric.private_key_signer import PrivateKeySigner

_CERTIFICATE: Final = "enrollmentCert.pem"
_KEY: Final = "private_sk"
_NAME: Final = re.compile(r"[A-Za-z0-9_@][A-Za-z0-9_.@-]{0,127}")


@dataclass(frozen=True)
class FileSystemWallet:
    """A wallet in a directory; it is read and never written.

    ::

        <directory>/<name>/enrollmentCert.pem
        <directory>/<name>/private_sk

    fabric-sdk-py writes keys that every account of the machine may read. Such a key is refused until its mode is 0600.
    The pickled users that fabric-sdk-py keeps beside (its state store) are never read: reading them runs code.
    """

    directory: Path

    def names(self) -> tuple[str, ...]:
        """Return whose identities there are.

        Raises
        ------
        StorageError
            The directory cannot be read.
        """
        try:
            found = [entry.name for entry in self.directory.iterdir() if (entry / _CERTIFICATE).is_file()]
        except OSError as error:
            raise StorageError(f"cannot read the wallet {self.directory}: {error.strerror}", cause=error) from error
        return tuple(sorted(found))

    def load(self, name: str, *, msp_id: str) -> tuple[Identity, PrivateKeySigner]:
        """Return an identity and its signer, for `connect`.

        Parameters
        ----------
        name
            The enrolment id under which it was stored.
        msp_id
            The organisation's MSP id, which wallets do not hold.

        Raises
        ------
        NotFoundError
            The wallet has none of that name.
        UsageError
            A file is not what it should be, the key is open to others, or it does not belong to the certificate.
        """
        if not _NAME.fullmatch(name):
            raise UsageError(f"{name[:100]!r} is no name in a wallet")
        folder = self.directory / name
        if not (folder / _CERTIFICATE).is_file():
            known = ", ".join(self.names()) or "none"
            raise NotFoundError(f"the wallet {self.directory} has no identity {name!r}", hint=f"It has: {known}.")
        return FileIdentity(msp_id=msp_id, certificate=folder / _CERTIFICATE, key=folder / _KEY).load()
