"""Which transactions a bundle is about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from quorate.blocks.lifecycle import NAMESPACE as LIFECYCLE
from quorate.blocks.rwset import split_composite_key
from quorate.errors import UsageError
from quorate.records.model import Model

if TYPE_CHECKING:
    from collections.abc import Iterator

    from quorate.blocks.rwset import Write
    from quorate.blocks.transaction import Action, Transaction

Kind: TypeAlias = Literal["ledger", "study", "rounds", "time"]

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

_ROUND_PARTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """What a bundle is asked to be about; the whole ledger unless narrowed.

    Attributes
    ----------
    study
        One study, with what its records rest on.
    first_round, last_round
        Rounds of that study. The rounds before them are what they rest on, and stay; only their artefacts do not.
    since, until
        Claimed times in Unix milliseconds, both included, of any study.
    """

    study: str | None = None
    first_round: int | None = None
    last_round: int | None = None
    since: int | None = None
    until: int | None = None

    def __post_init__(self) -> None:
        rounds = (self.first_round, self.last_round)
        times = (self.since, self.until)
        if any(rounds) and (self.study is None or None in rounds or not 1 <= rounds[0] <= rounds[1]):  # type: ignore[operator]
            raise UsageError("rounds are those of one study, from the first to the last")
        if times != (None, None) and self.study is not None:
            raise UsageError("a bundle is about a study or about a stretch of time, not both")
        if None not in times and self.since > self.until:  # type: ignore[operator]
            raise UsageError("the stretch of time ends before it begins")

    @property
    def kind(self) -> Kind:
        """What that is called."""
        if self.since is not None or self.until is not None:
            return "time"
        if self.last_round is not None:
            return "rounds"
        return "ledger" if self.study is None else "study"

    def has_time(self, claimed: int) -> bool:
        """Tell whether a claimed time is in the stretch."""
        return (self.since is None or claimed >= self.since) and (self.until is None or claimed <= self.until)

    def has_round(self, number: int) -> bool:
        """Tell whether a round is asked for, and not merely what those rest on."""
        return self.first_round is None or number >= self.first_round


WHOLE: Final = Extent()
"""The whole ledger."""


@dataclass(slots=True)
class InScope:
    """Tells what belongs, of transactions in their order.

    The charter, policies, data sets and definitions belong to every study; other studies' records to none but theirs.
    Rounds end with the opening of the next one.
    """

    chaincode: str
    extent: Extent
    _is_over: bool = False

    def has(self, transaction: Transaction) -> bool:
        """Tell whether a transaction belongs; configurations always do.

        Raises
        ------
        QuorateError
            When a key or a model's record, by which this is told, cannot be read.
        """
        action = transaction.action
        if action is None or self.extent.kind == "ledger":
            return True
        written = {found.namespace for found in action.sets if found.writes_anything}
        if LIFECYCLE in written:
            return True
        if self.chaincode not in written | {action.chaincode}:
            return False
        if self.extent.kind == "time":
            return self.extent.has_time(transaction.claimed_time)
        studies = set(self._studies(action))
        return not studies or (self.extent.study in studies and not self._is_behind(action))

    def concerns(self, transaction: Transaction) -> bool:
        """Tell whether a transaction is the chaincode's own, or writes its records, and belongs."""
        action = transaction.action
        if action is None:
            return False
        touches = any(found.namespace == self.chaincode and found.writes_anything for found in action.sets)
        return (touches or action.chaincode == self.chaincode) and self.has(transaction)

    def _is_behind(self, action: Action) -> bool:
        """Tell whether the study has gone on to a round behind the last."""
        last = self.extent.last_round
        if last is not None and not self._is_over:
            self._is_over = any(number > last for number in self._rounds(action))
        return self._is_over

    def _rounds(self, action: Action) -> Iterator[int]:
        for parts, _ in self._keys(action):
            if parts[:2] == ("round", self.extent.study) and len(parts) == _ROUND_PARTS:
                yield int(parts[2]) if parts[2].isascii() and parts[2].isdecimal() else 0

    def _studies(self, action: Action) -> Iterator[str]:
        for parts, write in self._keys(action):
            at = _STUDY_AT.get(parts[0])
            if at is not None and at < len(parts):
                yield parts[at]
            elif parts[0] == "model" and write.value is not None:
                yield Model.parse(write.value).study

    def _keys(self, action: Action) -> Iterator[tuple[tuple[str, ...], Write]]:
        for found in action.sets:
            if found.namespace == self.chaincode:
                for write in found.writes:
                    yield split_composite_key(write.key), write
