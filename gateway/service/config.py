"""The gateway's configuration: one TOML file, overridden by ``QUORATE_GATEWAY_…`` in the environment.

Unknown keys are refused. Paths in the file are relative to it. Secrets are in files that are named here, never here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_settings import SettingsConfigDict

from gateway.artifacts.bounds import SizeLimits
from gateway.service.settings import FileSettings
from quorate.errors import QuorateError
from quorate.identifiers import MspId, parse_msp_id

MIB = 1024 * 1024
PREFIX = "QUORATE_GATEWAY_"


def _msp(text: str) -> MspId:
    try:
        return parse_msp_id(text)
    except QuorateError as error:
        raise ValueError(error.message) from error


Address = Annotated[str, Field(pattern=r"^([A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:]{2,45}\]):[0-9]{1,5}$")]
File = Path
"""A path in the file is relative to the file."""
Seconds = Annotated[float, Field(gt=0, le=86_400)]
Bytes = Annotated[int, Field(ge=1)]


class Section(BaseModel):
    """A table of the file."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class PeerSection(Section):
    """The organisation's own Fabric peers: one, and others that are asked when it cannot be reached."""

    endpoint: Address
    others: tuple[Address, ...] = ()
    tls_ca: File
    server_name: str = ""


class IdentitySection(Section):
    """What the gateway signs transactions with: a client of role aggregator."""

    certificate: File
    key: File


class TlsSection(Section):
    """The server's pair, the pair shown to other gateways and the peer, and the organisation's own TLS root."""

    certificate: File
    key: File
    client_certificate: File
    client_key: File
    ca: File


FunctionName = Annotated[str, Field(pattern=r"^[a-z]+:[A-Za-z]+$")]


class CallerSection(Section):
    """What the holder of one TLS certificate may have relayed, and nothing else."""

    certificate: Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
    functions: tuple[FunctionName, ...] = ()
    events: bool = False
    blocks: bool = False


class LimitsSection(Section):
    """Bounds on what callers may ask for."""

    message_bytes: Annotated[int, Field(ge=64 * 1024, le=100 * MIB)] = 4 * MIB
    calls_per_second: Annotated[float, Field(gt=0)] = 1000.0
    burst: Annotated[int, Field(ge=1)] = 2000
    calls_at_once: Annotated[int, Field(ge=1)] = 256
    streams_at_once: Annotated[int, Field(ge=1)] = 16
    peer_calls_at_once: Annotated[int, Field(ge=1)] = 320
    peer_streams_at_once: Annotated[int, Field(ge=1)] = 80
    transfers_at_once: Annotated[int, Field(ge=1)] = 16
    fetches_at_once: Annotated[int, Field(ge=1)] = 4
    plan_bytes: Bytes = 64 * MIB
    model_bytes: Bytes = 4096 * MIB
    evaluation_bytes: Bytes = 256 * MIB
    disk_reserve_bytes: Annotated[int, Field(ge=0)] = 256 * MIB
    functions: tuple[FunctionName, ...] | None = None
    unlisted_callers: bool = True

    @property
    def sizes(self) -> SizeLimits:
        """The limits of artefacts whose size no terms fix."""
        return SizeLimits(plan=self.plan_bytes, model=self.model_bytes, evaluation=self.evaluation_bytes)


class TimeoutsSection(Section):
    """Seconds. Callers' own deadlines hold where they are shorter."""

    evaluate: Seconds = 15.0
    endorse: Seconds = 30.0
    submit: Seconds = 15.0
    commit_status: Seconds = 120.0
    queue: Seconds = 5.0
    drain: Seconds = 10.0
    reconnect: Seconds = 86_400.0
    unfinished_upload: Annotated[float, Field(gt=0)] = 7 * 86_400.0


class RetentionSection(Section):
    """How long artefacts stay.

    Updates until their round or their study has ended, or with everything else of an ended study for some more days.
    """

    updates_until: Annotated[str, Field(pattern=r"^(round|study|days)$")] = "round"
    ended_study_days: Annotated[float, Field(ge=0)] = 90.0


class AuditSection(Section):
    """How often the access log's head is written to the ledger: after so many entries, or minutes after one."""

    anchor_entries: Annotated[int, Field(ge=1)] = 100
    anchor_minutes: Annotated[float, Field(gt=0, le=10_080)] = 60.0


class PortalSection(Section):
    """Where officers' browsers find the portal, and its TLS pair; without this table there is no portal.

    `origin` is its address as people type it, when that is not ``https://`` and `listen`.
    """

    listen: Address
    certificate: File
    key: File
    origin: Annotated[str, Field(pattern=r"^https://[A-Za-z0-9.:\[\]_-]{1,300}$")] | None = None
    session_minutes: Annotated[float, Field(ge=1, le=720)] = 30.0


class GatewayConfig(FileSettings):
    """Everything that an organisation's gateway needs to know."""

    msp_id: Annotated[str, AfterValidator(_msp)]
    listen: Address = "127.0.0.1:7443"
    announce: Address | None = None
    state: File
    objects: str = ""
    channel: Annotated[str, Field(pattern=r"^[a-z][a-z0-9.-]{0,248}$")] = "quorate"
    chaincode: Annotated[str, Field(pattern=r"^[A-Za-z0-9]+([-_][A-Za-z0-9]+)*$")] = "quorate"
    reflection: bool = False
    peer: PeerSection
    identity: IdentitySection
    tls: TlsSection
    limits: LimitsSection = LimitsSection()
    timeouts: TimeoutsSection = TimeoutsSection()
    retention: RetentionSection = RetentionSection()
    audit: AuditSection = AuditSection()
    portal: PortalSection | None = None
    callers: tuple[CallerSection, ...] = ()

    model_config = SettingsConfigDict(env_prefix=PREFIX)

    @model_validator(mode="after")
    def _callers_are_listed_once(self) -> Self:
        if len({caller.certificate for caller in self.callers}) != len(self.callers):
            raise ValueError("callers lists a certificate twice")
        return self

    @property
    def msp(self) -> MspId:
        """The organisation."""
        return MspId(self.msp_id)
