"""Who asks a CA for something: a certificate that it issued, proved with the key."""

import base64
from dataclasses import dataclass, field
from typing import Self

from gateway.fabric import PrivateKeySigner, Signer
from gateway.fabric.secret_file import read_pem
from network.identity.layout import KeyPair


@dataclass(frozen=True, kw_only=True)
class Credential:
    """A certificate (PEM) and who signs for it; the key itself is never shown."""

    certificate: bytes
    signer: Signer = field(repr=False)

    @classmethod
    def load(cls, pair: KeyPair) -> Self:
        """Read a credential; the key file must be private to its owner.

        Raises
        ------
        UsageError
            If a file is not what it should be, or the key is open to others.
        StorageError
            If a file cannot be read.
        """
        return cls(certificate=read_pem(pair.cert), signer=PrivateKeySigner.from_file(pair.key))

    def token(self, method: str, uri: str, body: bytes) -> str:
        """Return the authorization that a Fabric CA wants with a request.

        Parameters
        ----------
        method : str
            HTTP method.
        uri : str
            Path and query, as they stand in the request line.
        body : bytes
            The request's body.
        """
        certificate = _base64(self.certificate)
        signed = ".".join((method, _base64(uri.encode()), _base64(body), certificate)).encode()
        return f"{certificate}.{_base64(self.signer.sign(self.signer.digest(signed)))}"


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
