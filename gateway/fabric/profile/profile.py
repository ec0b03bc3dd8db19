"""A connection profile, and from it what `gateway.fabric.connect` takes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self, TypeVar

from gateway.fabric.endpoint import Endpoint, Tls
from gateway.fabric.identity import Identity
from gateway.fabric.private_key_signer import PrivateKeySigner
from gateway.fabric.profile import material
from gateway.fabric.profile.document import Document, read_document
from quorate.errors import NotFoundError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.fabric.profile.document import Material, NodePart, OrganisationPart

T = TypeVar("T")
_SCHEME: Final = re.compile(r"(?:(?P<scheme>[a-z][a-z0-9+.-]*)://)?(?P<address>[^/]+)/?")
_ADMIN: Final = "Admin"


@dataclass(frozen=True, kw_only=True)
class Organisation:
    """One organisation of a profile.

    Attributes
    ----------
    name, msp_id
        Its name in the profile, its MSP id.
    peers, orderers, certificate_authorities
        Names in the profile.
    users
        Whose certificate and key the profile names.
    """

    name: str
    msp_id: str
    peers: tuple[str, ...]
    orderers: tuple[str, ...]
    certificate_authorities: tuple[str, ...]
    users: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class CertificateAuthority:
    """A certificate authority's server: where it is, and whom it takes for its registrar.

    `name` is empty for the server's only authority; `tls_roots` is empty for the system's.
    """

    url: str
    name: str
    tls_roots: bytes
    registrars: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ConnectionProfile:
    """A connection profile that has been read. Files that it names are read when they are asked for.

    `is_open` says whether others than its owner may read the file; then keys that stand in it are refused.
    """

    path: Path
    base: Path
    document: Document = field(repr=False)
    is_open: bool = False

    @classmethod
    def load(cls, path: Path, *, base: Path | None = None) -> Self:
        """Read a profile.

        Parameters
        ----------
        path
            The file: YAML if its name ends in ``.yaml`` or ``.yml``, else JSON.
        base
            Where relative paths in it begin; the current directory unless given, as in fabric-sdk-py.

        Raises
        ------
        UsageError
            It is no connection profile.
        StorageError
            It cannot be read.
        """
        document, is_open = read_document(path)
        return cls(path=path, base=base or Path.cwd(), document=document, is_open=is_open)

    @property
    def organisations(self) -> tuple[str, ...]:
        """The names of the organisations."""
        return tuple(self.document.organizations)

    def organisation(self, name: str = "") -> Organisation:
        """Return an organisation by its name or MSP id; without one, the client's own.

        Raises
        ------
        NotFoundError
            The profile has none of that name.
        """
        key, part = self._organisation(name)
        admin = part.signed_cert is not None and _ADMIN not in part.users
        return Organisation(
            name=key,
            msp_id=part.mspid,
            peers=part.peers,
            orderers=part.orderers,
            certificate_authorities=part.certificate_authorities,
            users=(*part.users, *([_ADMIN] if admin else [])),
        )

    def peer(self, name: str, *, tls: Tls | None = None) -> Endpoint:
        """Return where a peer is.

        Parameters
        ----------
        name
            Its name in the profile.
        tls
            Whose client certificate and key to show; those of the profile unless given.

        Raises
        ------
        NotFoundError
            The profile has none of that name.
        UsageError
            Its address or TLS is not usable; there is no connection without TLS.
        """
        return self._endpoint(_found(self.document.peers, name, "peer", self.path), name, tls)

    def orderer(self, name: str, *, tls: Tls | None = None) -> Endpoint:
        """Return where an orderer is; parameters and errors are those of `peer`."""
        return self._endpoint(_found(self.document.orderers, name, "orderer", self.path), name, tls)

    def user(self, organisation: str, name: str) -> tuple[Identity, PrivateKeySigner]:
        """Return the identity and the signer of somebody whose certificate and key the profile names.

        Raises
        ------
        NotFoundError
            There is nobody of that name.
        UsageError
            A file is not what it should be, or the key is open to others or belongs to another certificate.
        """
        _, part = self._organisation(organisation)
        certificate, key = self._credentials(part, organisation, name)
        what = f"{name} of {part.mspid} in {self.path}"
        identity = Identity(part.mspid, material.certificates(certificate, self.base, f"the certificate of {what}"))
        pem = self._key(key, f"the key of {what}")
        signer = PrivateKeySigner.from_pem(pem, name=f"the key of {what}")
        if signer.public_key != identity.x509.public_key():
            raise UsageError(f"the key of {what} does not belong to the certificate")
        return identity, signer

    def certificate_authority(self, name: str) -> CertificateAuthority:
        """Return where a certificate authority is.

        Raises
        ------
        NotFoundError
            The profile has none of that name.
        UsageError
            It is not reached by HTTPS.
        """
        part = _found(self.document.certificate_authorities, name, "certificate authority", self.path)
        if not part.url.startswith("https://"):
            raise UsageError(f"{name} in {self.path} is not reached by https:// but {part.url[:100]!r}")
        return CertificateAuthority(
            url=part.url.rstrip("/"),
            name=part.name,
            tls_roots=self._roots(part.tls_roots, name),
            registrars=tuple(registrar.enrol_id for registrar in part.registrar),
        )

    def _organisation(self, name: str) -> tuple[str, OrganisationPart]:
        wanted = name or self.document.client.organization
        for key, part in self.document.organizations.items():
            if wanted in {key, part.mspid}:
                return key, part
        return wanted, _found(self.document.organizations, wanted, "organisation", self.path)

    def _credentials(self, part: OrganisationPart, organisation: str, name: str) -> tuple[Material, Material]:
        if name in part.users:
            return part.users[name].cert, part.users[name].private_key
        if name == _ADMIN and part.signed_cert and part.admin_private_key:
            return part.signed_cert, part.admin_private_key
        hint = "Take the identity from a wallet, or from its certificate and key files."
        known = ", ".join(part.users) or "nobody"
        raise NotFoundError(f"{self.path} names {known} for {organisation or part.mspid}, not {name!r}", hint=hint)

    def _endpoint(self, part: NodePart, name: str, tls: Tls | None) -> Endpoint:
        if not self._is_tls(part.url, part.tls_roots):
            raise UsageError(
                f"{name} in {self.path} is {part.url[:100]!r}, which is not TLS",
                hint="Give it an address without grpc:// and tlsCACerts; there is no connection without TLS.",
            )
        certificate, key = (tls.certificate, tls.key) if tls else self._client(part, name)
        address = _SCHEME.fullmatch(part.url)
        return Endpoint(
            address["address"] if address else part.url,
            Tls(
                roots=self._roots(part.tls_roots, name),
                certificate=certificate,
                key=key,
                server_name=part.server_name,
            ),
        )

    @staticmethod
    def _is_tls(url: str, roots: Material | None) -> bool:
        found = _SCHEME.fullmatch(url)
        return found is not None and (found["scheme"] == "grpcs" or (found["scheme"] is None and roots is not None))

    def _client(self, part: NodePart, name: str) -> tuple[bytes, bytes]:
        if part.client_certificate is None or part.client_key is None:
            return b"", b""
        return (
            material.certificates(part.client_certificate, self.base, f"the TLS client certificate for {name}"),
            self._key(part.client_key, f"the TLS client key for {name}"),
        )

    def _key(self, key: Material, what: str) -> bytes:
        return material.private_key(key, self.base, what, profile=self.path, is_open=self.is_open)

    def _roots(self, roots: Material | None, name: str) -> bytes:
        return material.certificates(roots, self.base, f"the TLS root of {name}") if roots else b""


def _found(parts: Mapping[str, T], name: str, kind: str, path: Path) -> T:
    if name not in parts:
        known = ", ".join(parts) or "none"
        raise NotFoundError(f"{path} has no {kind} {name!r}", hint=f"It has: {known}.")
    return parts[name]
