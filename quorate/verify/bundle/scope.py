"""Which transactions a bundle is about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from quorate.blocks.lifecycle import NAMESPACE as LIFECYCLE
from quorate.blocks.rwset import split_composite_key
from quorate.records.model import Model

if TYPE_CHECKING:
    from collections.abc import Iterator

    from quorate.blocks.transaction import Action

_STUDY_AT: Final = {
    "study": 1,
    "round": 1,
    "reserve": 1,
    "decline": 1,
    "commit": 1,
    "attest": 1,
    "accept": 1,
    "withdraw": 1,
    "vote": 2,
}
"""Where in keys of these kinds the study stands."""


@dataclass(frozen=True, slots=True)
class InScope:
    """Tells what belongs: everything, or one study with what its records rest on.

    The charter, policies, data sets and definitions belong to every study; other studies' records to none but theirs.
    """

    chaincode: str
    study: str | None = None

    def has(self, action: Action | None) -> bool:
        """Tell whether a transaction belongs; configurations always do.

        Raises
        ------
        QuorateError
            When a key or a model's record, by which this is told, cannot be read.
        """
        if action is None or self.study is None:
            return True
        written = {found.namespace for found in action.sets if found.writes_anything}
        if LIFECYCLE in written:
            return True
        if self.chaincode not in written | {action.chaincode}:
            return False
        studies = set(self._studies(action))
        return not studies or self.study in studies

    def concerns(self, action: Action) -> bool:
        """Tell whether a transaction is the chaincode's own, or writes its records, and belongs."""
        touches = any(found.namespace == self.chaincode and found.writes_anything for found in action.sets)
        return (touches or action.chaincode == self.chaincode) and self.has(action)

    def _studies(self, action: Action) -> Iterator[str]:
        for found in action.sets:
            if found.namespace == self.chaincode:
                for write in found.writes:
                    parts = split_composite_key(write.key)
                    at = _STUDY_AT.get(parts[0])
                    if at is not None and at < len(parts):
                        yield parts[at]
                    elif parts[0] == "model" and write.value is not None:
                        yield Model.parse(write.value).study
