"""Facts of privacy: what terms declare, what was charged, and what accounts say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.audit.compliance.facts.fact import Fact
from gateway.audit.trail.questions.privacy import protection as protection_of
from gateway.audit.trail.questions.privacy import recount, spending

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.audit.compliance.evidence import Evidence


def accounts(evidence: Evidence) -> Iterator[Fact]:
    """Yield every account over all studies, and whether it is what its history makes."""
    equal = {(row.msp, row.dataset): row.equal for row in recount(evidence.trail).rows}
    rows = [row for row in spending(evidence.trail).rows if row.study is None]
    for row in rows:
        again = "equal" if equal[row.msp, row.dataset] else "NOT EQUAL"
        words = f"ε {row.epsilon} of {row.cap} at δ {row.delta}; {row.charges} charges, {row.refused} refused"
        yield Fact(f"account {row.msp}/{row.dataset}", f"{words}; recomputed from its history: {again}")
    yield Fact("charges refused in all", str(sum(row.refused for row in rows)))


def protection(evidence: Evidence) -> Iterator[Fact]:
    """Yield for every seat of a study how it is protected, and whether charges were as declared."""
    for row in protection_of(evidence.trail).rows:
        words = f"unit {row.unit}, mechanism {row.mechanism}"
        if row.mechanism != "none":
            words += f", σ {row.noise_multiplier}, q {row.sample_rate}, clipping {row.clipping_norm}"
            words += f", {row.steps_per_round} steps a round"
        if row.charged_as_declared is not None:
            words += f"; {row.charges} charges, {'as' if row.charged_as_declared else 'NOT as'} declared"
        yield Fact(f"{row.study}: {row.msp}/{row.dataset}", words)
