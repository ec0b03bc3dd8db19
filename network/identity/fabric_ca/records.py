"""What is asked of a Fabric CA, and what it answers. Fields that other versions add are ignored."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr


class Kind(StrEnum):
    """What an identity is; the CA writes it into the certificate as the node OU."""

    CLIENT = "client"
    PEER = "peer"
    ADMIN = "admin"
    ORDERER = "orderer"


class Reason(StrEnum):
    """Why a certificate is revoked (RFC 5280, section 5.3.1), as Fabric CA spells it."""

    UNSPECIFIED = "unspecified"
    KEY_COMPROMISE = "keycompromise"
    AFFILIATION_CHANGED = "affiliationchanged"
    SUPERSEDED = "superseded"
    CESSATION_OF_OPERATION = "cessationofoperation"
    PRIVILEGE_WITHDRAWN = "privilegewithdrawn"


@dataclass(frozen=True, kw_only=True)
class Registration:
    """An identity to be registered.

    Attributes
    ----------
    name : str
        Its enrolment id, which becomes the common name of its certificates.
    kind : Kind
        What it is.
    affiliation : str
        Path such as ``hospital.radiology``, which must exist; empty for the registrar's own.
    attributes : mapping of str to str
        Written into every certificate (``ecert``), for chaincode to read.
    secret : SecretStr, optional
        Its enrolment secret; without one the CA makes one. Never shown.
    max_enrolments : int
        How often the secret may be used; -1 for any number.
    """

    name: str
    kind: Kind = Kind.CLIENT
    affiliation: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    secret: SecretStr | None = None
    max_enrolments: int = 1

    def content(self) -> dict[str, object]:
        """Return what the CA is told, the name left out."""
        return _content(self.kind, self.affiliation, self.attributes, self.secret, self.max_enrolments)


@dataclass(frozen=True, kw_only=True)
class Change:
    """What is to change about a registered identity; what is left out stays.

    Attributes are those of `Registration`. Only those attributes that are named change; one with an empty value goes.
    A new secret also unlocks an identity that was locked after wrong ones.
    """

    name: str
    kind: Kind | None = None
    affiliation: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    secret: SecretStr | None = None
    max_enrolments: int | None = None

    def content(self) -> dict[str, object]:
        """Return what the CA is told, the name left out."""
        return _content(self.kind, self.affiliation, self.attributes, self.secret, self.max_enrolments)


def _content(
    kind: Kind | None, affiliation: str, attributes: Mapping[str, str], secret: SecretStr | None, enrolments: int | None
) -> dict[str, object]:
    # To the CA an empty kind or affiliation and 0 enrolments mean: as it is.
    content: dict[str, object] = {
        "type": kind.value if kind else "",
        "affiliation": affiliation,
        "max_enrollments": enrolments or 0,
        "attrs": [{"name": name, "value": value, "ecert": True} for name, value in sorted(attributes.items())],
    }
    if secret is not None:
        content["secret"] = secret.get_secret_value()
    return content


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error


def _is_base64(text: str) -> str:
    _decoded(text)
    return text


_Base64 = Annotated[str, AfterValidator(_is_base64)]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, populate_by_name=True)


class CaInfo(_Record):
    """What a CA says of itself."""

    name: Annotated[str, Field(alias="CAName")]
    chain_base64: Annotated[_Base64, Field(alias="CAChain", repr=False)]
    version: Annotated[str, Field(alias="Version")] = ""

    @property
    def chain(self) -> bytes:
        """Its certificate and those above it, PEM."""
        return _decoded(self.chain_base64)


class Enrolled(_Record):
    """A certificate that was issued, not yet checked."""

    certificate_base64: Annotated[_Base64, Field(alias="Cert")]

    @property
    def certificate(self) -> bytes:
        """The certificate, PEM."""
        return _decoded(self.certificate_base64)


class Registered(_Record):
    """The secret of an identity that was registered."""

    secret: SecretStr


class RevokedCertificate(_Record):
    """A certificate by serial number and authority key identifier, both in hexadecimal without leading zeros."""

    serial: Annotated[str, Field(alias="Serial", pattern=r"^[0-9a-fA-F]{1,64}$")]
    aki: Annotated[str, Field(alias="AKI", pattern=r"^[0-9a-fA-F]{1,128}$")]


class Revoked(_Record):
    """What a revocation did: the certificates, and a revocation list if one was asked for."""

    certificates: Annotated[list[RevokedCertificate] | None, Field(alias="RevokedCerts")] = None
    crl_base64: Annotated[_Base64, Field(alias="CRL", repr=False)] = ""

    @property
    def crl(self) -> bytes:
        """The revocation list, PEM; empty if none was made."""
        return _decoded(self.crl_base64)


class Attribute(_Record):
    """An attribute of an identity."""

    name: str
    value: str
    ecert: bool = False


class Identity(_Record):
    """An identity as the CA's registry knows it."""

    id: str
    type: str
    affiliation: str
    attrs: list[Attribute] | None = None
    max_enrollments: int = 0

    @property
    def attributes(self) -> dict[str, str]:
        """Its attributes by name."""
        return {each.name: each.value for each in self.attrs or ()}


class Identities(_Record):
    """Identities that the registrar may see."""

    identities: list[Identity]


class _Certificate(_Record):
    pem: Annotated[str, Field(alias="PEM", max_length=64 * 1024)]


class Certificates(_Record):
    """Certificates in the CA's database."""

    certs: list[_Certificate]


class Affiliation(_Record):
    """An affiliation and those below it; each name is the whole path."""

    name: str
    affiliations: "list[Affiliation] | None" = None

    @property
    def paths(self) -> list[str]:
        """Its path and all below it; the root, which has none, is left out."""
        below = [path for each in self.affiliations or () for path in each.paths]
        return [self.name, *below] if self.name else below
