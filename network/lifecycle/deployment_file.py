"""A deployment written down: what all members agree on, and how to reach the peers of those who run it from here."""

import tomllib
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from gateway.fabric.endpoint import Tls
from gateway.fabric.identity import FileIdentity, Identity
from gateway.fabric.profile import ConnectionProfile, FileSystemWallet, Organisation
from gateway.fabric.signer import Signer
from network.lifecycle.collection import Collection, collection_package
from network.lifecycle.definition import Definition
from network.lifecycle.endorsement_policy import endorsement_policy
from network.lifecycle.member import Member
from network.lifecycle.package import ChaincodePackage, service_package
from quorate.errors import NotFoundError, UsageError

_MAX_BYTES: Final = 256 * 1024


class _Section(BaseModel):
    # Paths and tuples come from TOML as strings and arrays, so it is not strict.
    model_config = ConfigDict(extra="forbid", frozen=True)


class AdminSection(_Section):
    """Who installs and approves: somebody of the profile, of a wallet, or two files."""

    user: str = ""
    wallet: Path | None = None
    name: str = ""
    certificate: Path | None = None
    key: Path | None = None

    @model_validator(mode="after")
    def _is_one_of_three(self) -> Self:
        ways = [bool(self.user), bool(self.wallet and self.name), bool(self.certificate and self.key)]
        given = [self.user, self.wallet, self.name, self.certificate, self.key]
        if sum(ways) != 1 or sum(map(bool, given)) != (1 if self.user else 2):
            raise ValueError("give either user, or wallet and name, or certificate and key")
        return self

    def load(self, profile: ConnectionProfile, organisation: Organisation, base: Path) -> tuple[Identity, Signer]:
        """Return the identity and its signer."""
        if self.wallet:
            return FileSystemWallet(base / self.wallet).load(self.name, msp_id=organisation.msp_id)
        if self.certificate and self.key:
            files = {"certificate": base / self.certificate, "key": base / self.key}
            return FileIdentity(msp_id=organisation.msp_id, **files).load()
        return profile.user(organisation.name, self.user)


class ClientTlsSection(_Section):
    """What is shown to peers that ask for a client certificate."""

    certificate: Path
    key: Path

    def load(self, base: Path) -> Tls:
        """Return the certificate and the key."""
        return Tls.from_files(certificate=base / self.certificate, key=base / self.key)


class ServiceSection(_Section):
    """The chaincode service of an organisation, as its own peers reach it."""

    address: str
    root: Path
    certificate: Path
    key: Path
    server_name: str = ""

    def package(self, label: str, base: Path) -> ChaincodePackage:
        """Return the package that leads peers to the service."""
        tls = Tls.from_files(
            roots=base / self.root,
            certificate=base / self.certificate,
            key=base / self.key,
            server_name=self.server_name,
        )
        return service_package(label, self.address, tls)


class MemberSection(_Section):
    """An organisation that this file speaks for."""

    profile: Path
    profile_base: Path | None = None
    organisation: str = ""
    peers: tuple[str, ...] = ()
    admin: AdminSection
    tls: ClientTlsSection | None = None
    service: ServiceSection | None = None
    package: Path | None = None

    @model_validator(mode="after")
    def _has_one_package(self) -> Self:
        if self.service and self.package:
            raise ValueError("give either service or package; with neither, the member approves and runs nothing")
        return self

    def open(self, base: Path) -> tuple[ConnectionProfile, Organisation]:
        """Return the profile and the organisation in it; no key is read."""
        path = base / self.profile
        paths_begin = base / self.profile_base if self.profile_base else path.parent
        profile = ConnectionProfile.load(path, base=paths_begin)
        return profile, profile.organisation(self.organisation)

    def member(self, profile: ConnectionProfile, organisation: Organisation, label: str, base: Path) -> Member:
        """Return the organisation with its peers and its package.

        Raises
        ------
        UsageError, NotFoundError, StorageError
            A certificate, a key or the package is not what it should be.
        """
        identity, signer = self.admin.load(profile, organisation, base)
        tls = self.tls.load(base) if self.tls else None
        names = self.peers or organisation.peers
        return Member(
            identity=identity,
            signer=signer,
            peers=tuple(profile.peer(name, tls=tls) for name in names),
            package=self._package(label, base),
        )

    def _package(self, label: str, base: Path) -> ChaincodePackage | None:
        if self.service:
            return self.service.package(label, base)
        return ChaincodePackage.load(base / self.package) if self.package else None


class CollectionSection(_Section):
    """Private data; see `Collection`."""

    name: str
    members: str
    required_peers: int = 0
    maximum_peers: int = 1
    blocks_to_live: int = 0
    member_only_read: bool = True
    member_only_write: bool = True
    endorsement: str = ""


class DeploymentFile(_Section):
    """A deployment. Everything above `members` must be the same in the files of all members."""

    schema_: Annotated[Literal["quorate.deployment/1"], Field(alias="schema")] = "quorate.deployment/1"
    channel: str
    chaincode: str
    version: str
    sequence: int | None = None
    policy: str | None = None
    collections: tuple[CollectionSection, ...] = ()
    label: str = ""
    timeout_s: Annotated[float, Field(gt=0, le=3600)] = 120.0
    members: Annotated[tuple[MemberSection, ...], Field(min_length=1, max_length=64)]

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a deployment.

        Raises
        ------
        UsageError
            The file cannot be read, is too large, is not TOML, or describes no deployment.
        """
        try:
            with path.open("rb") as file:
                data = file.read(_MAX_BYTES + 1)
            if len(data) > _MAX_BYTES:
                raise UsageError(f"{path} is larger than {_MAX_BYTES} bytes.", hint="Is it a deployment file?")
            return cls.model_validate(tomllib.loads(data.decode()))
        except OSError as error:
            raise UsageError(f"Cannot read {path}: {error.strerror}.", cause=error) from error
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            place = ".".join(str(part) for part in first["loc"]) or "the whole"
            said = first["msg"].removeprefix("Value error, ")
            raise UsageError(f"{path}: {place}: {said}.", cause=error) from error
        except ValueError as error:
            raise UsageError(f"{path} is not TOML: {error}.", cause=error) from error

    def definition(self) -> Definition:
        """Return what all members approve; its sequence is still to be found."""
        return Definition(
            name=self.chaincode,
            version=self.version,
            sequence=self.sequence or 1,
            policy=endorsement_policy(self.policy),
            collections=collection_package(Collection(**each.model_dump()) for each in self.collections),
        )

    def load_members(self, base: Path, only: tuple[str, ...] = ()) -> tuple[Member, ...]:
        """Return the members, or only those of these MSP ids; the keys of others are not read.

        Raises
        ------
        NotFoundError
            The file speaks for no such member.
        UsageError, StorageError
            A file is not what it should be.
        """
        opened = [(section, *section.open(base)) for section in self.members]
        names = [organisation.msp_id for _, _, organisation in opened]
        if len(set(names)) != len(names):
            raise UsageError("The deployment names a member twice.")
        for name in only:
            if name not in names:
                raise NotFoundError(f"The deployment has no member {name!r}.", hint=f"It has: {', '.join(names)}.")
        label = self.label or f"{self.chaincode}_{self.version}"
        return tuple(
            section.member(profile, organisation, label, base)
            for section, profile, organisation in opened
            if not only or organisation.msp_id in only
        )
