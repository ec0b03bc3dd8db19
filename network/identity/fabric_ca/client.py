"""A client of Fabric CA's REST interface (fabric-ca-server 1.5)."""

import json
from collections.abc import Sequence
from types import TracebackType
from typing import Self, TypeVar
from urllib.parse import quote

from cryptography import x509
from pydantic import BaseModel, JsonValue, SecretStr, ValidationError

from network.identity.authority import Issued
from network.identity.fabric_ca import enrolment
from network.identity.fabric_ca.credential import Credential
from network.identity.fabric_ca.endpoint import Endpoint
from network.identity.fabric_ca.records import (
    Affiliation,
    CaInfo,
    Certificates,
    Change,
    Enrolled,
    Identities,
    Identity,
    Reason,
    Registered,
    Registration,
    Revoked,
)
from network.identity.fabric_ca.transport import Transport
from quorate.errors import IntegrityError, UsageError

_Record = TypeVar("_Record", bound=BaseModel)


class FabricCa:
    """One CA of a Fabric CA server. Use it in ``async with``.

    Every call has the endpoint's deadline. None is repeated by itself: an enrolment counts each time, and a
    registration that was repeated would say that the name exists.

    Errors of every call
    --------------------
    DeniedError
        The CA does not accept the secret or the certificate, or the registrar may not do this.
    NotFoundError, AlreadyExistsError, StateError, UsageError
        The CA refused for that reason; the message quotes its words, HTTP status and code.
    UnreachableError, TimedOutError
        There is no connection that the pinned root vouches for, the CA failed, or it did not answer in time.
    IntegrityError
        The answer is not what a Fabric CA would say, or not what was asked for.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._transport = Transport(endpoint)

    async def __aenter__(self) -> Self:
        await self._transport.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._transport.__aexit__(kind, error, trace)

    async def info(self) -> CaInfo:
        """Return what the CA says of itself."""
        return self._read(CaInfo, await self._transport.send("GET", "cainfo", query=self._query()))

    async def enrol(
        self,
        name: str,
        secret: SecretStr,
        *,
        organisation: str = "",
        names: x509.SubjectAlternativeName | None = None,
        profile: str = "",
        attributes: Sequence[str] | None = None,
    ) -> Issued:
        """Exchange an enrolment secret for a certificate.

        Parameters
        ----------
        name, secret
            What the identity was registered with.
        organisation : str
            Subject's organisation; the CA adds the units.
        names : SubjectAlternativeName, optional
            Names of a TLS server.
        profile : str
            The CA's signing profile; empty for its default one.
        attributes : sequence of str, optional
            Attributes that the certificate must carry; without it, those that were registered with ``ecert``.

        Returns
        -------
        Issued
            The certificate, checked, and its key, which was made here.
        """
        if ":" in name:
            raise UsageError(f"{name[:80]!r} cannot be enrolled: a name with a colon cannot be sent with its secret.")
        key, request = enrolment.new_request(name, organisation=organisation, names=names)
        answer = await self._transport.send(
            "POST", "enroll", body=self._signing(request, profile, attributes), login=(name, secret.get_secret_value())
        )
        return self._checked(answer, key, name)

    async def reenrol(
        self,
        credential: Credential,
        *,
        organisation: str = "",
        names: x509.SubjectAlternativeName | None = None,
        profile: str = "",
        attributes: Sequence[str] | None = None,
    ) -> Issued:
        """Exchange a certificate that is still valid for a new one, with a new key and the present attributes."""
        name = enrolment.common_name(credential.certificate)
        key, request = enrolment.new_request(name, organisation=organisation, names=names)
        body = self._signing(request, profile, attributes)
        return self._checked(
            await self._transport.send("POST", "reenroll", body=body, credential=credential), key, name
        )

    async def register(self, registrar: Credential, registration: Registration) -> SecretStr:
        """Register an identity and return its enrolment secret."""
        body = self._body(id=registration.name, **registration.content())
        answer = await self._transport.send("POST", "register", body=body, credential=registrar)
        return self._read(Registered, answer).secret

    async def modify(self, registrar: Credential, change: Change) -> Identity:
        """Change a registered identity; its certificates stay as they are until it enrols again."""
        path = f"identities/{quote(change.name, safe='')}"
        answer = await self._transport.send("PUT", path, body=self._body(**change.content()), credential=registrar)
        return self._read(Identity, answer)

    async def identity(self, registrar: Credential, name: str) -> Identity:
        """Return what the CA's registry knows about an identity."""
        path = f"identities/{quote(name, safe='')}"
        answer = await self._transport.send("GET", path, query=self._query(), credential=registrar)
        return self._read(Identity, answer)

    async def identities(self, registrar: Credential) -> list[Identity]:
        """Return the identities that the registrar may act on."""
        answer = await self._transport.send("GET", "identities", query=self._query(), credential=registrar)
        return self._read(Identities, answer).identities

    async def remove(self, registrar: Credential, name: str) -> Identity:
        """Remove an identity from the registry. Its certificates stay valid: `revoke` is for that.

        Servers refuse this unless their configuration allows it.
        """
        path = f"identities/{quote(name, safe='')}"
        answer = await self._transport.send("DELETE", path, query=self._query(), credential=registrar)
        return self._read(Identity, answer)

    async def revoke(
        self,
        registrar: Credential,
        *,
        name: str = "",
        serial: str = "",
        aki: str = "",
        reason: Reason = Reason.UNSPECIFIED,
        with_crl: bool = False,
    ) -> Revoked:
        """Revoke an identity with all its certificates (`name`), or one certificate (`serial` and `aki`, hexadecimal).

        Peers go on accepting what is revoked until they have the list: `network.identity.fabric_ca.revocation`.
        """
        if bool(name) == bool(serial or aki) or bool(serial) != bool(aki):
            raise UsageError("Revoke either an identity by name, or one certificate by serial number and AKI.")
        named = {"id": name} if name else {"serial": serial, "aki": aki}
        body = self._body(reason=reason.value, gencrl=with_crl, **named)
        return self._read(Revoked, await self._transport.send("POST", "revoke", body=body, credential=registrar))

    async def crl(self, registrar: Credential) -> bytes:
        """Return a new list of all revoked certificates that have not expired, PEM."""
        answer = await self._transport.send("POST", "gencrl", body=self._body(), credential=registrar)
        return self._read(Revoked, answer).crl

    async def certificates(self, registrar: Credential, name: str) -> list[bytes]:
        """Return the certificates that were issued to an identity, PEM."""
        query = self._query(id=name)
        answer = await self._transport.send("GET", "certificates", query=query, credential=registrar)
        return [each.pem.encode() for each in self._read(Certificates, answer).certs]

    async def affiliations(self, registrar: Credential) -> list[str]:
        """Return the paths of the affiliations that the registrar may act on."""
        answer = await self._transport.send("GET", "affiliations", query=self._query(), credential=registrar)
        return self._read(Affiliation, answer).paths

    async def add_affiliation(self, registrar: Credential, path: str) -> None:
        """Add an affiliation and those above it that do not exist."""
        query = self._query(force="true")
        answer = await self._transport.send(
            "POST", "affiliations", query=query, body=self._body(name=path), credential=registrar
        )
        self._read(Affiliation, answer)

    def _query(self, **more: str) -> dict[str, str]:
        return {"ca": self._endpoint.ca, **more} if self._endpoint.ca else more

    def _body(self, **content: object) -> bytes:
        if self._endpoint.ca:
            content["caname"] = self._endpoint.ca
        return json.dumps(content, separators=(",", ":")).encode()

    def _signing(self, request: str, profile: str, attributes: Sequence[str] | None) -> bytes:
        content: dict[str, object] = {"certificate_request": request}
        if profile:
            content["profile"] = profile
        if attributes is not None:
            content["attr_reqs"] = [{"name": name} for name in attributes]
        return self._body(**content)

    def _checked(self, answer: JsonValue, key: enrolment.Key, name: str) -> Issued:
        pem = self._read(Enrolled, answer).certificate
        return enrolment.check(pem, key, name=name, authorities=self._endpoint.authorities, where=self._endpoint.where)

    def _read(self, kind: type[_Record], answer: JsonValue) -> _Record:
        try:
            return kind.model_validate(answer)
        except ValidationError as error:
            # The rejected value stays out: it may be a secret.
            place = ".".join(str(part) for part in error.errors(include_input=False)[0]["loc"]) or "the whole"
            raise IntegrityError(
                f"The CA at {self._endpoint.where} is not understood: {place} of its answer is not as expected.",
                hint="Check its version: fabric-ca-server 1.5 is understood.",
            ) from None
