"""What the command line asks of a CA: one connection each, files written for their owner only."""

import asyncio
import os
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import Final, TypeVar

from cryptography import x509
from cryptography.x509.oid import NameOID
from pydantic import SecretStr

from gateway.fabric.secret_file import read_pem
from network.identity.authority import Issued
from network.identity.fabric_ca.client import FabricCa
from network.identity.fabric_ca.credential import Credential
from network.identity.fabric_ca.profile import CaProfile
from network.identity.fabric_ca.records import Change, Identity, Kind, Reason, Registration
from network.identity.fabric_ca.revocation import check_crl
from network.identity.layout import KeyPair
from network.identity.store import put, write_private
from network.identity.wanted import ROLE_ATTRIBUTE
from quorate.blocks.certificate import role_of
from quorate.errors import AlreadyExistsError, StorageError, UsageError

_MAX_SECRET: Final = 1024
_OTHERS: Final = 0o077

_Result = TypeVar("_Result")


def info(profile: Path) -> Mapping[str, str]:
    """Return what a CA says of itself."""
    found = _ask(CaProfile.load(profile), lambda ca: ca.info())
    (*_, root) = x509.load_pem_x509_certificates(found.chain)
    return {"name": found.name, "version": found.version, "root": root.subject.rfc4514_string()}


def register(
    profile: Path,
    name: str,
    *,
    secret_file: Path,
    kind: str,
    role: str | None,
    attributes: Mapping[str, str],
    affiliation: str,
    max_enrolments: int,
) -> None:
    """Register an identity and write its secret to a new file."""
    found = CaProfile.load(profile)
    wanted = Registration(
        name=name,
        kind=Kind(kind),
        affiliation=affiliation,
        attributes={**attributes, **({ROLE_ATTRIBUTE: role} if role else {})},
        max_enrolments=max_enrolments,
    )
    registrar = found.credential()
    _refuse_existing(secret_file)
    secret = _ask(found, lambda ca: ca.register(registrar, wanted))
    write_private(secret_file.absolute(), secret.get_secret_value().encode())


def renew_secret(profile: Path, name: str, *, secret_file: Path, max_enrolments: int | None) -> None:
    """Give an identity a new secret and write it to a new file."""
    found = CaProfile.load(profile)
    registrar, secret = found.credential(), SecretStr(secrets.token_urlsafe(32))
    _refuse_existing(secret_file)
    change = Change(name=name, secret=secret, max_enrolments=max_enrolments)
    _ask(found, lambda ca: ca.modify(registrar, change))
    write_private(secret_file.absolute(), secret.get_secret_value().encode())


def enrol(
    profile: Path, name: str, *, secret_file: Path, out: Path, organisation: str, hosts: Sequence[str], signing: str
) -> Mapping[str, str]:
    """Exchange a secret for a certificate and a key, written to a new folder."""
    found = CaProfile.load(profile)
    secret = SecretStr(_read_secret(secret_file))
    pair = _new_pair(out)
    names = _server_names(hosts)
    issued = _ask(found, lambda ca: ca.enrol(name, secret, organisation=organisation, names=names, profile=signing))
    put(pair, issued)
    return _described(issued, pair)


def reenrol(profile: Path, current: Path, *, out: Path, signing: str) -> Mapping[str, str]:
    """Exchange a certificate for a new one with a new key, written to a new folder; the old pair stays as it is."""
    found = CaProfile.load(profile)
    credential, pair = Credential.load(KeyPair(current)), _new_pair(out)
    before = x509.load_pem_x509_certificate(credential.certificate)
    names, organisation = _names_of(before), _organisation_of(before)
    issued = _ask(found, lambda ca: ca.reenrol(credential, organisation=organisation, names=names, profile=signing))
    put(pair, issued)
    return _described(issued, pair)


def revoke(profile: Path, *, name: str, certificate: Path | None, reason: str, crl: Path | None) -> list[str]:
    """Revoke an identity or one certificate, write the new revocation list if asked, and return the serial numbers."""
    found = CaProfile.load(profile)
    registrar, why = found.credential(), Reason(reason)
    serial, aki = _numbers_of(certificate) if certificate else ("", "")
    with_crl = crl is not None
    revoked = _ask(
        found,
        lambda ca: ca.revoke(registrar, name=name, serial=serial, aki=aki, reason=why, with_crl=with_crl),
    )
    if crl is not None and revoked.crl:
        _write_crl(found, revoked.crl, crl)
    return [each.serial for each in revoked.certificates or ()]


def crl(profile: Path, *, out: Path) -> Mapping[str, object]:
    """Write a new revocation list to a file, in place of what is there."""
    found = CaProfile.load(profile)
    registrar = found.credential()
    return _write_crl(found, _ask(found, lambda ca: ca.crl(registrar)), out)


def identities(profile: Path, name: str | None) -> list[Identity]:
    """Return one identity, or all that the registrar may act on."""
    found = CaProfile.load(profile)
    registrar = found.credential()
    if name is not None:
        return [_ask(found, lambda ca: ca.identity(registrar, name))]
    return _ask(found, lambda ca: ca.identities(registrar))


def _ask(profile: CaProfile, call: Callable[[FabricCa], Awaitable[_Result]]) -> _Result:
    async def ask() -> _Result:
        async with FabricCa(profile.endpoint()) as ca:
            return await call(ca)

    return asyncio.run(ask())


def _write_crl(profile: CaProfile, pem: bytes, out: Path) -> Mapping[str, object]:
    (authority, *_) = profile.endpoint().authorities
    found = check_crl(pem, authority)
    write_private(out.absolute(), pem)
    until = found.next_update_utc
    return {"file": str(out), "revoked": len(found), "next_update": until.isoformat() if until else None}


def _read_secret(path: Path) -> str:
    try:
        with path.open("rb") as file:
            mode, data = os.fstat(file.fileno()).st_mode, file.read(_MAX_SECRET + 1)
        secret = data.decode().rstrip("\r\n")
    except OSError as error:
        raise StorageError(f"Cannot read {path}: {error.strerror}.", cause=error) from error
    except UnicodeDecodeError:
        raise UsageError(f"{path} does not hold a secret in UTF-8.") from None
    if mode & _OTHERS:
        hint = f"Run `chmod 600 {path}`; if others could read it before, ask for a new secret."
        raise UsageError(f"The secret in {path} may be read by others than its owner.", hint=hint)
    if not secret or len(data) > _MAX_SECRET:
        raise UsageError(f"{path} does not hold a secret of 1 to {_MAX_SECRET} bytes.")
    return secret


def _refuse_existing(path: Path) -> None:
    if path.exists():
        raise AlreadyExistsError(f"{path} exists and is kept as it is.", hint="Name another place, or move it away.")


def _new_pair(directory: Path) -> KeyPair:
    pair = KeyPair(directory.absolute())
    for path in (pair.cert, pair.key):
        _refuse_existing(path)
    return pair


def _described(issued: Issued, pair: KeyPair) -> Mapping[str, str]:
    certificate = issued.certificate
    return {
        "subject": certificate.subject.rfc4514_string(),
        "serial": f"{certificate.serial_number:x}",
        "role": role_of(certificate),
        "not_after": certificate.not_valid_after_utc.isoformat(),
        "certificate": str(pair.cert),
        "key": str(pair.key),
    }


def _server_names(hosts: Sequence[str]) -> x509.SubjectAlternativeName | None:
    return x509.SubjectAlternativeName([_general_name(host) for host in hosts]) if hosts else None


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        pass
    try:
        return x509.DNSName(host)
    except ValueError as error:
        raise UsageError(f"{host!r} is neither a host name nor an address.", cause=error) from error


def _names_of(certificate: x509.Certificate) -> x509.SubjectAlternativeName | None:
    try:
        return certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return None


def _organisation_of(certificate: x509.Certificate) -> str:
    found = certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    return str(found[0].value) if found else ""


def _numbers_of(path: Path) -> tuple[str, str]:
    try:
        certificate = x509.load_pem_x509_certificate(read_pem(path))
        issuer = certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
    except (ValueError, x509.ExtensionNotFound) as error:
        raise UsageError(f"{path} is not a certificate that a Fabric CA issued.", cause=error) from error
    return f"{certificate.serial_number:x}", (issuer or b"").hex()
