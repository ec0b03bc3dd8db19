"""Which certificates an MSP's revocation lists revoke, found as peers find it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cryptography import x509

from quorate.blocks.certificate import der_of
from quorate.blocks.errors import BlockError
from quorate.blocks.pem import first_block

if TYPE_CHECKING:
    from collections.abc import Sequence

_PEM: Final = b"-----BEGIN X509 CRL"


class Revocations:
    """An MSP's revocation lists.

    Parameters
    ----------
    msp_id
        Whose MSP it is.
    lists
        PEM or DER.
    authorities
        Whose lists count: a list says by a key's identifier whose it is, and bears that authority's signature.

    Raises
    ------
    BlockError
        When a list cannot be read.
    """

    def __init__(self, msp_id: str, lists: Sequence[bytes], authorities: Sequence[x509.Certificate]) -> None:
        self._msp_id = msp_id
        self._revoked: set[tuple[bytes, int]] = set()
        self._is_nobodys = False
        for data in lists:
            self._take(_read(data), authorities)

    def require_good(self, certificate: x509.Certificate, issuer: x509.Certificate) -> None:
        """Return when no list revokes a certificate.

        Raises
        ------
        BlockError
            When one does, or does not say whose it is: then peers take none of the MSP's members.
        """
        if self._is_nobodys:
            raise BlockError(f"a revocation list of {self._msp_id} does not say whose it is")
        if (der_of(issuer), certificate.serial_number) in self._revoked:
            raise BlockError(f"a certificate of {self._msp_id} in the chain is revoked")

    def _take(self, found: x509.CertificateRevocationList, authorities: Sequence[x509.Certificate]) -> None:
        try:
            key = found.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
        except x509.ExtensionNotFound:
            self._is_nobodys = True
            return
        except (ValueError, x509.DuplicateExtension) as error:
            raise BlockError("a revocation list cannot be read", cause=error) from error
        for authority in authorities:
            if _key_identifier(authority) == key is not None and _is_signed(found, authority):
                self._revoked |= {(der_of(authority), entry.serial_number) for entry in found}


def _read(data: bytes) -> x509.CertificateRevocationList:
    der = first_block(data) if data.startswith(_PEM) else data
    try:
        return x509.load_der_x509_crl(der or b"")
    except (ValueError, x509.InvalidVersion) as error:
        raise BlockError("a revocation list cannot be read", cause=error) from error


def _key_identifier(authority: x509.Certificate) -> bytes | None:
    try:
        return authority.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    except x509.ExtensionNotFound:
        return None


def _is_signed(found: x509.CertificateRevocationList, authority: x509.Certificate) -> bool:
    try:
        return found.is_signature_valid(authority.public_key())  # type: ignore[arg-type]  # it refuses others
    except TypeError:
        return False
