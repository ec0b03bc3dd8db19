"""Who a transaction is from: an organisation's MSP and a certificate that it issued."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gateway.fabric.private_key_signer import PrivateKeySigner
from gateway.fabric.secret_file import MAX_PEM_BYTES, read_pem
from quorate.blocks.protos import SerializedIdentity
from quorate.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

_MSP_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,63}")


@dataclass(frozen=True)
class Identity:
    """An MSP id and one X.509 certificate in PEM; nothing in it is secret.

    Raises
    ------
    UsageError
        The MSP id has characters that Fabric does not allow, or the PEM is not exactly one certificate.
    """

    msp_id: str
    certificate: bytes

    def __post_init__(self) -> None:
        if not _MSP_ID.fullmatch(self.msp_id):
            raise UsageError(f"{self.msp_id!r} is not an MSP id")
        if len(self.certificate) > MAX_PEM_BYTES:
            raise UsageError(f"the certificate of {self.msp_id} is larger than {MAX_PEM_BYTES} bytes")
        try:
            found = len(x509.load_pem_x509_certificates(self.certificate))
        except ValueError as error:
            raise UsageError(f"the certificate of {self.msp_id} is not readable PEM", cause=error) from error
        if found != 1:
            raise UsageError(f"the certificate file of {self.msp_id} holds {found} certificates instead of one")

    @classmethod
    def of(cls, msp_id: str, certificate: x509.Certificate) -> Identity:
        """Return the identity of a certificate that is parsed already."""
        return cls(msp_id, certificate.public_bytes(Encoding.PEM))

    @property
    def credentials(self) -> bytes:
        """The certificate, by the name that the official clients give it."""
        return self.certificate

    @cached_property
    def creator(self) -> bytes:
        """The identity as every message names it (SerializedIdentity)."""
        serialized: bytes = SerializedIdentity(mspid=self.msp_id, id_bytes=self.certificate).SerializeToString()
        return serialized

    @cached_property
    def x509(self) -> x509.Certificate:
        """The certificate, parsed."""
        return x509.load_pem_x509_certificate(self.certificate)


@dataclass(frozen=True, kw_only=True)
class FileIdentity:
    """An identity kept in two files: a certificate, and a private key that only its owner may read."""

    msp_id: str
    certificate: Path
    key: Path

    def load(self, *, password: bytes | None = None) -> tuple[Identity, PrivateKeySigner]:
        """Return the identity and its signer, for `connect`.

        Raises
        ------
        UsageError
            A file is not what it should be, the key is open to others, or it does not belong to the certificate.
        """
        pem = read_pem(self.certificate)
        try:
            identity = Identity(self.msp_id, pem)
        except UsageError as error:
            raise UsageError(f"{self.certificate}: {error}", cause=error) from error
        signer = PrivateKeySigner.from_file(self.key, password=password)
        if _spki(signer.public_key) != _spki(identity.x509.public_key()):
            raise UsageError(f"the key {self.key} does not belong to the certificate {self.certificate}")
        return identity, signer


def _spki(key: PublicKeyTypes) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
