"""How to reach a running network: what ``quorate network up`` writes for everyone who connects to it."""

import json
import os
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from network.identity import OrganisationPaths
from quorate.digest import Digest, parse_digest
from quorate.errors import NotFoundError, UsageError

_MAXIMUM_BYTES = 256 * 1024


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PeerConnection(_Record):
    """One peer of an organisation."""

    name: str
    address: str
    server_name: str = "localhost"


class OrganisationConnection(_Record):
    """One organisation's peers and where its certificates and keys lie. `address` is the first peer's."""

    name: str
    msp_id: str
    address: str
    server_name: str = "localhost"
    directory: Path
    tls_ca: Path
    identities: Path
    peers: tuple[PeerConnection, ...] = ()

    @property
    def paths(self) -> OrganisationPaths:
        """The organisation's certificates and keys, by purpose."""
        return OrganisationPaths(self.directory)


class OrdererConnection(_Record):
    """One node of the orderer: where it takes transactions and delivers blocks."""

    name: str
    msp_id: str
    address: str
    server_name: str = "localhost"
    tls_ca: Path


class Connection(_Record):
    """A running network. `orderer` is the first node of `orderers`; `pid` is there where one process is the network."""

    schema_: Annotated[Literal["quorate.connection/1"], Field(alias="schema")] = "quorate.connection/1"
    engine: Literal["embedded", "native", "compose"]
    channel: str
    chaincode: str
    genesis: str
    notice: str
    pid: int | None = None
    organisations: tuple[OrganisationConnection, ...]
    orderer: OrdererConnection
    orderers: tuple[OrdererConnection, ...] = ()

    @property
    def genesis_digest(self) -> Digest:
        """Digest of the genesis block's header: what a verifier pins."""
        return parse_digest(self.genesis)

    def organisation(self, name: str) -> OrganisationConnection:
        """Return an organisation by its name or its MSP id.

        Raises
        ------
        NotFoundError
            If the network has none of that name.
        """
        for organisation in self.organisations:
            if name in {organisation.name, organisation.msp_id}:
                return organisation
        known = ", ".join(organisation.name for organisation in self.organisations)
        raise NotFoundError(f"The network has no organisation {name!r}.", hint=f"It has: {known}.")

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a connection file.

        Raises
        ------
        NotFoundError
            If there is none: the network is not up.
        UsageError
            If it is not a connection file of this version.
        """
        try:
            with path.open("rb") as file:
                return cls.model_validate_json(file.read(_MAXIMUM_BYTES))
        except FileNotFoundError as error:
            hint = "Start the network: quorate network up"
            raise NotFoundError(f"There is no {path}.", hint=hint, cause=error) from error
        except (OSError, ValidationError) as error:
            raise UsageError(f"{path} is not a connection file of this version.", cause=error) from error

    def save(self, path: Path) -> None:
        """Write the file, whole or not at all."""
        text = json.dumps(self.model_dump(mode="json", by_alias=True), indent=2)
        temporary = path.with_name(f".{path.name}.{os.getpid()}")
        temporary.write_text(text + "\n", encoding="utf-8")
        temporary.replace(path)
