"""What a participation works with, gathered once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.artifacts.transfer import ArtifactClient
    from gateway.ledger import Ledger
    from participants.agent.journal import Journal
    from participants.agent.ledger_policy import LedgerPolicy
    from participants.agent.local_policy import LocalPolicy
    from participants.agent.models import ModelCache
    from participants.agent.trainer import Trainer
    from quorate.digest import Digest
    from quorate.identifiers import MspId


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentContext:
    """One agent: who it is, whom it asks, and where it remembers."""

    msp: MspId
    ledger: Ledger
    artifacts: ArtifactClient
    models: ModelCache
    trainer: Trainer
    journal: Journal
    policy: LocalPolicy
    ledger_policy: LedgerPolicy
    is_approved: Callable[[Digest], bool]
