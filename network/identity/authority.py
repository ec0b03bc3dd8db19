"""A certificate authority in a few lines: ECDSA over P-256, for development networks only."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

_ATTRIBUTES = ObjectIdentifier("1.2.3.4.5.6.7.8.1")  # Fabric CA's, read by every chaincode's client identity library
_LIFETIME = timedelta(days=3650)
_BACK_DATE = timedelta(minutes=5)  # for machines whose clocks differ a little


@dataclass(frozen=True, kw_only=True)
class Issued:
    """A new certificate and its private key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def new_authority(*, common_name: str, organisation: str) -> Issued:
    """Make a self-signed certificate authority that signs end entities only."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(common_name, organisation, unit=None)
    certificate = (
        _builder(name, name, key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    return Issued(certificate=certificate, key=key)


def new_member(
    authority: Issued, *, common_name: str, organisation: str, unit: str, attributes: dict[str, str] | None = None
) -> Issued:
    """Issue a certificate that signs for the organisation.

    Parameters
    ----------
    authority : Issued
        The organisation's certificate authority.
    common_name, organisation : str
        Subject of the certificate.
    unit : str
        Kind of member, as Fabric's node OUs name it: ``peer``, ``orderer``, ``admin`` or ``client``.
    attributes : dict of str to str, optional
        Attributes for chaincode to read, as Fabric CA writes them.
    """
    extensions: list[x509.ExtensionType] = []
    if attributes:
        value = json.dumps({"attrs": attributes}, separators=(",", ":")).encode()
        extensions.append(x509.UnrecognizedExtension(_ATTRIBUTES, value))
    return _issue(authority, _name(common_name, organisation, unit=unit), extensions)


def new_server(authority: Issued, *, common_name: str, organisation: str) -> Issued:
    """Issue a TLS server certificate for `common_name` and for this machine's own names."""
    return _new_tls(authority, common_name, organisation, ExtendedKeyUsageOID.SERVER_AUTH)


def new_client(authority: Issued, *, common_name: str, organisation: str) -> Issued:
    """Issue a TLS client certificate."""
    return _new_tls(authority, common_name, organisation, ExtendedKeyUsageOID.CLIENT_AUTH)


def new_node(authority: Issued, *, common_name: str, organisation: str) -> Issued:
    """Issue a TLS certificate for a node that others connect to and that connects to others of its kind."""
    usages = (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH)
    return _new_tls(authority, common_name, organisation, *usages)


def server_names(common_name: str) -> x509.SubjectAlternativeName:
    """Return the names that a TLS server of this machine answers to."""
    return x509.SubjectAlternativeName(
        [x509.DNSName("localhost"), x509.DNSName(common_name), x509.IPAddress(IPv4Address("127.0.0.1"))]
    )


def _new_tls(authority: Issued, common_name: str, organisation: str, *usages: ObjectIdentifier) -> Issued:
    extensions: list[x509.ExtensionType] = [x509.ExtendedKeyUsage(usages)]
    if ExtendedKeyUsageOID.SERVER_AUTH in usages:
        extensions.insert(0, server_names(common_name))
    return _issue(authority, _name(common_name, organisation, unit=None), extensions)


def _issue(authority: Issued, subject: x509.Name, extensions: Sequence[x509.ExtensionType]) -> Issued:
    key = ec.generate_private_key(ec.SECP256R1())
    identifier = authority.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    builder = (
        _builder(subject, authority.certificate.subject, key)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False)
    )
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return Issued(certificate=builder.sign(authority.key, hashes.SHA256()), key=key)


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.now(tz=UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACK_DATE)
        .not_valid_after(now + _LIFETIME)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _name(common_name: str, organisation: str, *, unit: str | None) -> x509.Name:
    attributes = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation)]
    if unit:
        attributes.append(x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, unit))
    attributes.append(x509.NameAttribute(NameOID.COMMON_NAME, common_name))
    return x509.Name(attributes)


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
