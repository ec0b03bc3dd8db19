"""One call of the chaincode, as a rule sees it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from quorate.records.common import Closed
from quorate.records.consortium import Charter
from quorate.records.round import Round
from quorate.records.study import Study
from quorate.verify.replay import keys
from quorate.verify.replay.errors import RuleError, require

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quorate.records.common import Document, Stamp
    from quorate.verify.replay.world import World

Q = TypeVar("Q", bound="Document")

_DEFAULT_SKEW = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """Who called which function with what, on which state.

    Attributes
    ----------
    written
        What the transaction wrote, for the few parts that no rule can derive.
    whole
        Whether the state is that of the whole ledger, so that what is absent does not exist.
    """

    function: str
    request: Document
    stamp: Stamp
    world: World
    written: Mapping[str, bytes]
    whole: bool

    @property
    def msp(self) -> str:
        """The caller's organisation."""
        return self.stamp.msp

    @property
    def time(self) -> int:
        """When, as the caller claims."""
        return self.stamp.claimed_time

    def asked(self, kind: type[Q]) -> Q:
        """Return the request, which the table of functions has made of this kind."""
        if not isinstance(self.request, kind):
            raise RuleError(f"{self.function} takes no {kind.SCHEMA}")
        return self.request

    def wrote(self, kind: type[Q], key: str) -> Q | None:
        """Return what the transaction wrote at a key, for what no rule can derive; None when it wrote nothing."""
        return kind.parse(self.written[key]) if key in self.written else None

    def closed(self, reason: str) -> Closed:
        """Say that something ends with this call, why, and by whom."""
        return Closed(reason=reason, stamp=self.stamp)

    def charter(self) -> Charter:
        """Return the charter in force."""
        return self.world.need(Charter, keys.charter())

    def skew(self) -> int:
        """Return the clock skew in force."""
        charter = self.world.get(Charter, keys.charter())
        return _DEFAULT_SKEW if charter is None else charter.clock_skew_ms

    def study(self, name: str) -> Study:
        """Return a study."""
        return self.world.need(Study, keys.study(name))

    def running(self, name: str) -> Study:
        """Return a study that is running."""
        study = self.study(name)
        require(study.state == "RUNNING", f"study {name} is {study.state}, and the step expects RUNNING")
        return study

    def round(self, name: str, number: int, *states: str) -> Round:
        """Return a round that is in one of these states, in any when none is given."""
        found = self.world.need(Round, keys.round_(name, number))
        require(
            not states or found.state in states,
            f"round {number} of {name} is {found.state}, and the step expects {' or '.join(states)}",
        )
        return found
