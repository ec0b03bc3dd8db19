"""The chaincode's state as far as it has been replayed."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from quorate.verify.replay import keys
from quorate.verify.replay.errors import RuleError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from quorate.records.common import Document

R = TypeVar("R", bound="Document")


class World:
    """Records by key. Nothing gets in but what the rules have led to."""

    def __init__(self) -> None:
        self._records: dict[str, Document] = {}

    def get(self, kind: type[R], key: str) -> R | None:
        """Return a record, None when there is none."""
        found = self._records.get(key)
        if found is None or isinstance(found, kind):
            return found
        raise RuleError(f"{keys.readable(key)} holds a {found.SCHEMA}, not a {kind.SCHEMA}")

    def need(self, kind: type[R], key: str) -> R:
        """Return a record.

        Raises
        ------
        RuleError
            When there is none.
        """
        found = self.get(kind, key)
        if found is None:
            raise RuleError(f"it rests on {keys.readable(key)}, which no earlier transaction wrote")
        return found

    def apply(self, writes: Mapping[str, Document]) -> None:
        """Take over what a transaction wrote."""
        self._records.update(writes)

    def all(self, kind: type[R]) -> Iterator[R]:
        """Yield every record of a kind."""
        for found in self._records.values():
            if isinstance(found, kind):
                yield found
