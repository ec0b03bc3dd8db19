"""One description of organisations, orderer and channel, for every engine."""

import re
import tomllib
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from quorate.errors import UsageError

_MAXIMUM_BYTES = 256 * 1024
_SMARTBFT_NODES = 4
_NEVER_A_MAJORITY = 2

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$")]
"""A short name that may stand in a path and in a DNS name."""

FabricName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9.-]{0,62}$")]
"""A name that Fabric accepts for a channel and for a chaincode."""

MspName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]{0,63}$")]
Port = Annotated[int, Field(ge=0, le=65535)]


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Batch(_Record):
    """When the orderer cuts a block: after this time, or at this many transactions or bytes, whichever is first."""

    timeout_ms: Annotated[int, Field(ge=1, le=60_000)] = 10
    max_count: Annotated[int, Field(ge=1, le=10_000)] = 200
    max_bytes: Annotated[int, Field(ge=64 * 1024, le=64 * 1024 * 1024)] = 2 * 1024 * 1024


class Node(_Record):
    """An organisation that runs one node. Port 0 means any free one, kept from then on."""

    name: Name
    msp_id: MspName
    port: Port = 0


class Organisation(Node):
    """A member: its CA, its peers, its identities. `port` is the first peer's.

    `clock_offset_ms` and `lag_blocks` make its peer's clock wrong and its peer late, as real peers are; they are for
    tests and understood by the embedded engine only.
    """

    peers: Annotated[int, Field(ge=1, le=4)] = 1
    clock_offset_ms: Annotated[int, Field(ge=-86_400_000, le=86_400_000)] = 0
    lag_blocks: Annotated[int, Field(ge=0, le=64)] = 0


class Orderer(Node):
    """The ordering organisation and how many nodes it runs. `port` is the first node's."""

    name: Name = "orderer"
    msp_id: MspName = "OrdererMSP"
    nodes: Annotated[int, Field(ge=1, le=7)] = 1


class Topology(_Record):
    """A ledger: its channel, its chaincode, who is in it, and what it runs on.

    `consensus`, `ca`, the numbers of peers and of orderer nodes are for the engines of real Fabric; the embedded one
    runs one peer per organisation and one orderer, which behave as those of `fabric_version`.
    """

    schema_: Annotated[Literal["quorate.topology/1"], Field(alias="schema")] = "quorate.topology/1"
    channel: FabricName = "quorate"
    chaincode: FabricName = "quorate"
    chaincode_version: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.+-]{1,64}$")] = "0.1.0"
    fabric_version: Literal["3.1", "2.5"] = "3.1"
    consensus: Literal["raft", "smartbft"] = "raft"
    ca: Literal["development", "fabric-ca"] = "development"
    batch: Batch = Batch()
    organisations: Annotated[tuple[Organisation, ...], Field(min_length=1, max_length=64, strict=False)]
    orderer: Orderer = Orderer()

    @model_validator(mode="after")
    def _names_are_used_once(self) -> Self:
        nodes = (*self.organisations, self.orderer)
        for what, values in (
            ("name", [node.name for node in nodes]),
            ("MSP id", [node.msp_id.lower() for node in nodes]),
            ("port", [node.port for node in nodes if node.port]),
        ):
            if len(set(values)) != len(values):
                raise ValueError(f"each {what} may be used only once")
        return self

    @model_validator(mode="after")
    def _orderers_can_agree(self) -> Self:
        nodes = self.orderer.nodes
        if self.consensus == "smartbft" and self.fabric_version == "2.5":
            raise ValueError("Fabric 2.5 has no SmartBFT: choose Raft, or Fabric 3.1")
        if self.consensus == "smartbft" and nodes < _SMARTBFT_NODES:
            raise ValueError(f"SmartBFT needs at least {_SMARTBFT_NODES} orderer nodes, not {nodes}")
        if self.consensus == "raft" and nodes == _NEVER_A_MAJORITY:
            raise ValueError("Raft with two orderer nodes stops when either does: choose one, or at least three")
        return self

    @property
    def orderers_stand_in(self) -> bool:
        """Whether any one of several orderer nodes can take a transaction for the others; of SmartBFT most must."""
        return self.consensus == "raft" and self.orderer.nodes > 1

    @classmethod
    def for_members(cls, members: Sequence[str], *, batch: Batch | None = None) -> Self:
        """Return the default topology for members known by what people call them.

        ``"Alder"`` becomes the organisation ``alder`` with the MSP id ``AlderMSP``.

        Raises
        ------
        UsageError
            If a name has no letter or digit left to build a name from, or two members would get the same one.
        """
        organisations = []
        for member in members:
            plain = unicodedata.normalize("NFKD", member.replace("ß", "ss")).encode("ascii", "ignore").decode()
            words = re.findall(r"[A-Za-z0-9]+", plain)
            name, msp_id = "-".join(words).lower(), "".join(word[0].upper() + word[1:] for word in words) + "MSP"
            organisations.append({"name": name, "msp_id": msp_id})
        return cls._checked({"organisations": organisations, "batch": batch or Batch()}, "these members")

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a topology file.

        Raises
        ------
        UsageError
            If the file cannot be read, is too large, is not TOML, or does not describe a topology.
        """
        try:
            with path.open("rb") as file:
                data = file.read(_MAXIMUM_BYTES + 1)
            if len(data) > _MAXIMUM_BYTES:
                raise UsageError(f"{path} is larger than {_MAXIMUM_BYTES} bytes.", hint="Is it a topology file?")
            document = tomllib.loads(data.decode())
        except OSError as error:
            hint = "Make one: quorate network init"
            raise UsageError(f"Cannot read {path}: {error.strerror}.", hint=hint, cause=error) from error
        except ValueError as error:
            hint = "Write it as TOML in UTF-8; `quorate network init` makes an example."
            raise UsageError(f"{path} is not TOML: {error}.", hint=hint, cause=error) from error
        return cls._checked(document, str(path))

    @classmethod
    def _checked(cls, document: dict[str, object], where: str) -> Self:
        try:
            return cls.model_validate(document)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            place = ".".join(str(part) for part in first["loc"]) or "the whole"
            raise UsageError(f"{where}: {place}: {first['msg']}.", cause=error) from error

    def to_toml(self) -> str:
        """Return the text of a topology file that loads to this topology."""
        return "\n".join(
            [
                "# A ledger for `quorate network up`. Ports of 0 are chosen at the first start and kept.",
                *_assignments(self, leave_out={"batch", "organisations", "orderer"}),
                "\n[batch]",
                *_assignments(self.batch),
                *(
                    line
                    for organisation in self.organisations
                    for line in ("\n[[organisations]]", *_assignments(organisation))
                ),
                "\n[orderer]",
                *_assignments(self.orderer),
                "",
            ]
        )


def _assignments(record: _Record, *, leave_out: set[str] | None = None) -> list[str]:
    # The models' patterns leave no character in a string that TOML would want escaped.
    fields = record.model_dump(by_alias=True, exclude=leave_out)
    return [f'{key} = "{value}"' if isinstance(value, str) else f"{key} = {value}" for key, value in fields.items()]
