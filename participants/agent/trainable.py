"""What this program could not train whatever it was charged for: found before the charge, which nobody gives back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from participants.data.bindings import CsvBinding
from participants.training.terms import PrivacyTerms
from quorate.errors import UsageError

if TYPE_CHECKING:
    from participants.data.bindings import DataBinding
    from quorate.records.study import Terms


def objection(terms: Terms, binding: DataBinding) -> str | None:
    """Return why these terms cannot be trained under on this data, as a sentence, or None when they can."""
    if terms.privacy.mechanism == "none":
        return None
    try:
        PrivacyTerms.parse(terms.privacy.model_dump())
    except UsageError as error:
        return f"this program cannot train under the terms: {error.message}"
    if terms.unit == "group" and not (isinstance(binding, CsvBinding) and binding.group):
        return "the study protects groups, and the data binding does not name the column of the group"
    return None
