"""The agent's configuration: one TOML file, overridden by ``QUORATE_AGENT_…`` in the environment."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from gateway.service.config import Address, File, Seconds, Section
from gateway.service.settings import FileSettings
from participants.agent.local_policy import LocalPolicy
from participants.data.bindings import DataBinding
from quorate.records.common import Dataset, Msp

PREFIX: Final = "QUORATE_AGENT_"


class GatewaySection(Section):
    """The own organisation's gateway, and the pair for mutual TLS with it."""

    endpoint: Address
    tls_ca: File
    client_certificate: File
    client_key: File


class IdentitySection(Section):
    """What the agent signs transactions with: a client of role agent."""

    certificate: File
    key: File


class TrainingSection(Section):
    """How rounds are trained.

    Attributes
    ----------
    seconds
        How long one round may take before the training process is ended.
    accelerator, devices
        Lightning's own flags.
    """

    seconds: Seconds = 3600.0
    accelerator: Literal["auto", "cpu", "gpu"] = "cpu"
    devices: Annotated[int, Field(ge=1)] = 1


class DatasetSection(Section):
    """A data set of this agent: its name on the ledger, and where its records are."""

    id: Dataset
    binding: Annotated[DataBinding, Field(discriminator="kind")]


class AgentConfig(FileSettings):
    """Everything that an agent needs to know.

    Attributes
    ----------
    state
        The directory of journal and fetched models; only the owner may read it.
    plans
        The directory of the plans that the operator approved (``quorate plan approve``).
    on_refusal
        ``stop`` ends the agent with exit code 6 when the ledger refuses a charge; ``continue`` goes on with others.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX)

    msp_id: Msp
    state: File
    plans: File
    channel: str = "quorate"
    chaincode: str = "quorate"
    on_refusal: Literal["stop", "continue"] = "stop"
    gateway: GatewaySection
    identity: IdentitySection
    policy: LocalPolicy = LocalPolicy()
    training: TrainingSection = TrainingSection()
    datasets: Annotated[tuple[DatasetSection, ...], Field(min_length=1, max_length=64)]
