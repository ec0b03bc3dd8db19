"""Which hosts a TLS certificate is for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography import x509

from gateway.fabric.tls_files import read_certificates

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def names_of(certificate: x509.Certificate) -> tuple[str, ...]:
    """Return the names and addresses in a certificate's subject alternative names; none when it has no such."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    return (*names.get_values_for_type(x509.DNSName), *map(str, names.get_values_for_type(x509.IPAddress)))


def names_in(path: Path) -> tuple[str, ...]:
    """Return the names of the first certificate in a PEM file; errors as `read_certificates`."""
    return names_of(x509.load_pem_x509_certificates(read_certificates(path))[0])


def host_of(address: str) -> str:
    """Return the host of ``host:port``, an IPv6 address without its brackets."""
    return address.rpartition(":")[0].strip("[]")


def is_named(host: str, names: Iterable[str]) -> bool:
    """Tell whether a host is one of a certificate's names; a wildcard stands for one label."""
    wanted = host.lower()
    return any(wanted == name.lower() or _matches(wanted, name.lower()) for name in names)


def _matches(host: str, name: str) -> bool:
    return name.startswith("*.") and host.partition(".")[2] == name[2:]
