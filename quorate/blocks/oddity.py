"""Why programs may differ on what a certificate is worth.

Peers read certificates with Go's library, which reads some that ours refuses, and refuses some that ours reads. Of a
certificate in the narrow form that every authority in use writes, all say the same; of any other nothing is concluded.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import ExtendedKeyUsageOID

from quorate.blocks.certificate import ATTRIBUTES, first_certificate
from quorate.blocks.errors import BlockError
from quorate.blocks.pem import is_plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quorate.blocks.outline import Outline

_HANDLED: Final = frozenset({x509.BasicConstraints.oid, x509.KeyUsage.oid, x509.ExtendedKeyUsage.oid})
"""What may be critical."""
_X509: Final = "2.5.29."
"""X.509's own extensions: of any other, peers read only who issues what, and pass over what is not critical."""
_KNOWN: Final = _HANDLED | {
    ATTRIBUTES,
    x509.SubjectKeyIdentifier.oid,
    x509.AuthorityKeyIdentifier.oid,
    x509.SubjectAlternativeName.oid,
    x509.CRLDistributionPoints.oid,
    x509.AuthorityInformationAccess.oid,
    x509.CertificatePolicies.oid,
}
_SERVERS: Final = frozenset({ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE})
"""Fabric asks for no particular use, and to Go's library that means servers."""
_TEXT: Final = frozenset({_ASN1Type.UTF8String, _ASN1Type.PrintableString, _ASN1Type.IA5String})
_PRINTABLE: Final = re.compile(r"[A-Za-z0-9 '()+,./:=?*&-]*")
_HOST: Final = re.compile(r"[A-Za-z0-9*._-]+(@[A-Za-z0-9._-]+)?")
_URI: Final = re.compile(r"[a-z]+://[A-Za-z0-9]+([.-][A-Za-z0-9]+)*(/[A-Za-z0-9._/-]*)?")
_LARGEST: Final = 2**31 - 81
"""In an object identifier; the first two numbers share a place, and peers read places below 2^31 for most purposes."""
_LATEST: Final = 3
_MOMENT: Final = timedelta(seconds=1)


def oddity_of(outline: Outline) -> str:
    """Return what is odd about a member's certificate by itself, empty when nothing is."""
    if outline.version != _LATEST:
        return f"it is of version {outline.version}"
    if not is_plain(outline.pem):
        return "its PEM is written in an uncommon way"
    try:
        certificate = first_certificate(outline.pem)
    except BlockError:
        return "it is not written as X.509 demands"
    if certificate.serial_number <= 0:
        return "its serial number is not positive"
    if not all(_is_plain_text(attribute) for attribute in certificate.subject):
        return "its subject is written in an uncommon way"
    return _odd_key(certificate) or _odd_extension(certificate)


def oddity_of_chain(certificate: x509.Certificate, chain: Sequence[x509.Certificate], issuers: int) -> str:
    """Return what is odd about how a certificate hangs together with those above it, empty when nothing is.

    Parameters
    ----------
    issuers
        How many authorities of the organisation may have issued it.
    """
    if issuers != 1:
        return "more than one authority may have issued it"
    begins = certificate.not_valid_before_utc  # to which nothing can be added when it is the last moment of all
    if not all(
        found.not_valid_before_utc - begins <= _MOMENT <= found.not_valid_after_utc - begins
        for found in (certificate, *chain)
    ):
        return "its time does not begin within that of its authority"
    return next((f"an authority above it: {odd}" for found in chain if (odd := _odd_extension(found))), "")


def _is_plain_text(attribute: x509.NameAttribute[str | bytes]) -> bool:
    kind = attribute._type  # noqa: SLF001 - the library tells it nowhere else
    if kind not in _TEXT or not isinstance(attribute.value, str) or _is_large(attribute.oid):
        return False
    if kind is _ASN1Type.IA5String:
        return attribute.value.isascii()
    return kind is not _ASN1Type.PrintableString or _PRINTABLE.fullmatch(attribute.value) is not None


def _is_large(name: x509.ObjectIdentifier) -> bool:
    return any(int(number) > _LARGEST for number in name.dotted_string.split("."))


def _odd_key(certificate: x509.Certificate) -> str:
    plain = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return "" if plain in certificate.tbs_certificate_bytes else "its key is written in an uncommon way"


def _odd_extension(certificate: x509.Certificate) -> str:
    for extension in certificate.extensions:
        name = extension.oid.dotted_string
        if extension.oid not in _KNOWN and name.startswith(_X509):
            return f"it has the extension {name}"
        if _is_large(extension.oid):
            return "the name of an extension is too large a number"
        if extension.critical and extension.oid not in _HANDLED:
            return f"its extension {name} is critical"
        if not _is_plain(extension.value):
            return f"its extension {name} says something uncommon"
    return ""


def _is_plain(value: x509.ExtensionType) -> bool:
    if isinstance(value, x509.ExtendedKeyUsage):
        return not _SERVERS.isdisjoint(value) and not any(map(_is_large, value))
    if isinstance(value, x509.AuthorityInformationAccess):
        return not any(_is_large(description.access_method) for description in value)
    if isinstance(value, x509.CRLDistributionPoints):
        return all(point.relative_name is None for point in value)
    if isinstance(value, x509.SubjectAlternativeName):
        return all(_is_plain_name(name) for name in value)
    if isinstance(value, x509.CertificatePolicies):
        return len({policy.policy_identifier for policy in value}) == len(list(value))
    return True


def _is_plain_name(name: x509.GeneralName) -> bool:
    if isinstance(name, x509.DNSName | x509.RFC822Name):
        return _HOST.fullmatch(name.value) is not None
    if isinstance(name, x509.UniformResourceIdentifier):
        return _URI.fullmatch(name.value) is not None
    return True  # an address that the library has read, or what peers pass over
