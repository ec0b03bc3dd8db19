"""What this institution allows, over and above the ledger: it can only narrow what the ledger permits."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field

from quorate.records.common import Decimal, Study, Word

if TYPE_CHECKING:
    from collections.abc import Callable

    from quorate.digest import Digest
    from quorate.records.study import Terms


class LocalPolicy(BaseModel):
    """Rules of the local operator; everything that is not narrowed here is as the ledger allows.

    Attributes
    ----------
    studies
        The only studies to take part in; empty for every study that the own steward has accepted.
    purposes
        The only purposes to train for; empty for any.
    require_privacy
        Refuse studies without differential privacy.
    minimum_noise_multiplier
        Refuse studies with less noise.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    studies: tuple[Study, ...] = ()
    purposes: tuple[Word, ...] = ()
    require_privacy: bool = False
    minimum_noise_multiplier: Decimal = Field(default="0")

    def objection(self, study: str, terms: Terms, *, is_approved: Callable[[Digest], bool]) -> str | None:
        """Return why this round may not be joined, as a sentence, or None when it may.

        Parameters
        ----------
        is_approved
            Tells whether the local operator has approved a plan.
        """
        if self.studies and study not in self.studies:
            return f"study {study} is not among the studies that the local policy names"
        if self.purposes and terms.purpose not in self.purposes:
            return f"purpose {terms.purpose} is not among the purposes that the local policy names"
        if not is_approved(terms.plan):
            return f"plan {terms.plan} has not been approved here (quorate plan approve)"
        return self._privacy_objection(terms)

    def _privacy_objection(self, terms: Terms) -> str | None:
        noise = terms.privacy.noise_multiplier
        if terms.privacy.mechanism == "none":
            return "the local policy requires differential privacy" if self.require_privacy else None
        if noise is None or Fraction(noise) < Fraction(self.minimum_noise_multiplier):
            return f"noise multiplier {noise} is below the local minimum of {self.minimum_noise_multiplier}"
        return None
