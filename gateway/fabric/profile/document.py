"""The file of a connection profile, as far as it matters here: what else stands in it is left alone."""

from __future__ import annotations

import json
import os
from pathlib import Path  # noqa: TC003 - pydantic reads the annotations
from typing import Annotated, Any, Final

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from quorate.errors import StorageError, UsageError

MAX_PROFILE_BYTES: Final = 1024 * 1024
_OTHERS: Final = 0o077
_OVERRIDES: Final = ("grpc.ssl_target_name_override", "ssl-target-name-override", "hostnameOverride")


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Material(_Part):
    """A certificate or key: a file, or the text itself."""

    path: str | None = None
    pem: str | list[str] | None = Field(default=None, repr=False)


def _as_material(value: object) -> object:
    # fabric-sdk-py takes a bare string for a path.
    return {"path": value} if isinstance(value, str) else value


MaterialField = Annotated[Material, BeforeValidator(_as_material)]


class User(_Part):
    """Somebody of an organisation."""

    cert: MaterialField
    private_key: MaterialField = Field(repr=False)


class OrganisationPart(_Part):
    """What a profile says of an organisation."""

    mspid: str
    peers: tuple[str, ...] = ()
    orderers: tuple[str, ...] = ()
    certificate_authorities: tuple[str, ...] = Field(default=(), alias="certificateAuthorities")
    users: dict[str, User] = {}
    signed_cert: MaterialField | None = Field(default=None, alias="signedCert")
    admin_private_key: MaterialField | None = Field(default=None, alias="adminPrivateKey", repr=False)


class NodePart(_Part):
    """A peer or an orderer."""

    url: str
    grpc_options: dict[str, Any] = Field(default={}, alias="grpcOptions")
    tls_roots: MaterialField | None = Field(default=None, alias="tlsCACerts")
    client_certificate: MaterialField | None = Field(default=None, alias="clientCert")
    client_key: MaterialField | None = Field(default=None, alias="clientKey", repr=False)

    @property
    def server_name(self) -> str:
        """The name that the node's certificate carries, when it is not the host of the address."""
        return next((str(self.grpc_options[key]) for key in _OVERRIDES if self.grpc_options.get(key)), "")


class Registrar(_Part):
    """Who registers identities at a certificate authority. The secret is not read from profiles."""

    enrol_id: str = Field(validation_alias=AliasChoices("enrollId", "enrollmentID"))


def _as_list(value: object) -> object:
    return [value] if isinstance(value, dict) else value


class CertificateAuthorityPart(_Part):
    """A certificate authority's server."""

    url: str
    name: str = Field(default="", alias="caName")
    tls_roots: MaterialField | None = Field(default=None, alias="tlsCACerts")
    registrar: Annotated[tuple[Registrar, ...], BeforeValidator(_as_list)] = ()


class ClientPart(_Part):
    """Whose profile it is."""

    organization: str = ""


class Document(_Part):
    """The whole profile."""

    name: str = ""
    client: ClientPart = ClientPart()
    organizations: dict[str, OrganisationPart]
    peers: dict[str, NodePart] = {}
    orderers: dict[str, NodePart] = {}
    certificate_authorities: dict[str, CertificateAuthorityPart] = Field(default={}, alias="certificateAuthorities")


def read_document(path: Path) -> tuple[Document, bool]:
    """Return what a profile says, and whether others than the file's owner may read or change it.

    Raises
    ------
    UsageError
        It is too large, neither JSON nor YAML, or lacks what a profile must have.
    StorageError
        It cannot be read.
    """
    try:
        with path.open("rb") as file:
            is_open = bool(os.fstat(file.fileno()).st_mode & _OTHERS)
            data = file.read(MAX_PROFILE_BYTES + 1)
    except OSError as error:
        raise StorageError(f"cannot read {path}: {error.strerror}", cause=error) from error
    if len(data) > MAX_PROFILE_BYTES:
        raise UsageError(f"{path} is larger than {MAX_PROFILE_BYTES} bytes", hint="Is it a connection profile?")
    try:
        return Document.model_validate(_parsed(data, path)), is_open
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the whole"
        # No cause: it would quote the profile, in which keys and secrets may stand.
        raise UsageError(f"{path} is no connection profile: {place}: {first['msg']}") from None


def _parsed(data: bytes, path: Path) -> object:
    if path.suffix.lower() in {".yaml", ".yml"}:
        return _from_yaml(data, path)
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        raise UsageError(f"{path} is not JSON", hint="A profile in YAML needs a name that ends in .yaml.") from None


def _from_yaml(data: bytes, path: Path) -> object:
    try:
        import yaml  # noqa: PLC0415 - an extra brings it
    except ImportError as error:
        hint = "pip install 'quorate[network]'; or write the profile as JSON."
        raise UsageError(f"{path} is YAML, which this installation cannot read", hint=hint, cause=error) from error
    try:
        return yaml.safe_load(data)
    except (yaml.YAMLError, ValueError, RecursionError):
        raise UsageError(f"{path} is not YAML") from None
