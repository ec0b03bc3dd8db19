"""What a run of the demo found, and the summary document that scripts read."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from participants.demo.measure import RoundTimes
    from participants.demo.scenario import Scenario
    from quorate.records.privacy import Account

SCHEMA: Final = "quorate.demo/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """One data set's account at the end.

    Attributes
    ----------
    pld
        The tighter PLD value for the same parameters; None when it could not be computed, with `pld_note`.
    """

    account: Account
    pld: float | None
    pld_note: str

    @property
    def epsilon(self) -> float:
        """ε as the ledger computed it, rounded up in the ninth place."""
        return int(self.account.epsilon_nano) / 1e9

    @property
    def cap(self) -> float:
        """The cap's ε."""
        return int(self.account.cap_nano) / 1e9


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Shares of correct answers on the public evaluation set.

    Attributes
    ----------
    rounds
        After each final round.
    local
        Each member alone, under the same budget.
    """

    rounds: Sequence[float]
    centralised_no_dp: float
    centralised_same_epsilon: float
    local: Mapping[str, float]

    @property
    def federated(self) -> float:
        """Of the last final model."""
        return self.rounds[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """The evidence and what a verifier said of it."""

    bundle: Path
    verified: bool
    seconds: float
    checked: Sequence[str]
    not_checked: Sequence[str]
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """Everything that the summary and the report are made of. Times in seconds, sizes in bytes."""

    engine: str
    seed: int
    scenario: Scenario
    comparison: Comparison
    spent: Mapping[str, Spent]
    digest: str
    m: int
    attesters: int
    height: int
    genesis: str
    notice: str
    bytes_per_member_round: int
    audit: Audit
    memory_pss_bytes: int
    times: Sequence[RoundTimes]
    network_up: float
    first_training: float
    total: float

    def summary(self) -> dict[str, Any]:
        """Return the summary document, ``quorate.demo/1``."""
        return {
            "schema": SCHEMA,
            "engine": self.engine,
            "seed": self.seed,
            "dataset": {
                "name": self.scenario.name,
                "rows": self.scenario.rows,
                "source": self.scenario.source,
            },
            "members": list(self.scenario.members),
            "rounds": len(self.times),
            "strategy": "fedavg",
            "accuracy": {
                "federated": self.comparison.federated,
                "centralised_no_dp": self.comparison.centralised_no_dp,
                "centralised_same_epsilon": self.comparison.centralised_same_epsilon,
                "local": dict(self.comparison.local),
                "per_round": list(self.comparison.rounds),
            },
            "privacy": self._privacy(),
            "model": {
                "digest": self.digest,
                "rounds_final": len(self.times),
                "quorum": f"{self.m} of {self.attesters}",
            },
            "ledger": {
                "height": self.height,
                "genesis": self.genesis,
                "bytes_per_member_round": self.bytes_per_member_round,
            },
            "audit": {
                "bundle": str(self.audit.bundle),
                "verified": self.audit.verified,
                "verify_seconds": self.audit.seconds,
            },
            "memory_pss_bytes": self.memory_pss_bytes,
            "seconds": {
                "total": self.total,
                "network_up": self.network_up,
                "first_training": self.first_training,
                "round_median": median(each.total for each in self.times),
                "ledger_per_round_median": median(each.ledger for each in self.times),
                "training_per_round_median": median(each.training for each in self.times),
            },
        }

    def _privacy(self) -> dict[str, Any] | None:
        terms = self.scenario.privacy
        if not self.scenario.is_private:
            return None
        return {
            "delta": terms.delta,
            "noise_multiplier": terms.noise_multiplier,
            "sample_rate": terms.sample_rate,
            "steps_per_round": terms.steps_per_round,
            "members": {
                name: {"epsilon_ledger": spent.epsilon, "epsilon_pld": spent.pld, "cap": spent.cap}
                for name, spent in self.spent.items()
            },
        }
