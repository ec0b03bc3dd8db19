"""What a verification found: three lists, and nothing between them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from quorate.canonical import JSON
    from quorate.verify.checkpoint import Checkpoint

SCHEMA: Final = "quorate.verification/1"


class Step(StrEnum):
    """The steps, in their order."""

    BOUNDS = "bounds"
    GENESIS = "genesis"
    HEADERS = "headers"
    WITNESSES = "witnesses"
    BLOCKS = "blocks"
    TRANSACTIONS = "transactions"
    VALIDITY = "validity"
    REPLAY = "replay"
    ARTIFACTS = "artifacts"


@dataclass(frozen=True, slots=True)
class Verified:
    """Something that was found to be so."""

    step: Step
    message: str


@dataclass(frozen=True, slots=True)
class Failure:
    """Something that was found not to be so, and where."""

    step: Step
    place: str
    message: str


@dataclass(frozen=True, slots=True)
class NotChecked:
    """Something that nobody may conclude from this report, and why."""

    step: Step
    message: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The outcome of a verification.

    Attributes
    ----------
    verified, failed, not_checked
        The three lists, in the order of the steps.
    checkpoint
        Of a whole ledger that verified, what to remember of it.
    """

    verified: tuple[Verified, ...]
    failed: tuple[Failure, ...]
    not_checked: tuple[NotChecked, ...]
    checkpoint: Checkpoint | None = None

    @property
    def result(self) -> str:
        """``verified`` when nothing failed, else ``failed``."""
        return "failed" if self.failed else "verified"

    def as_json(self) -> dict[str, JSON]:
        """Return the report in the form that scripts read."""
        return {
            "schema": SCHEMA,
            "result": self.result,
            "verified": [asdict(found) for found in self.verified],
            "failed": [asdict(found) for found in self.failed],
            "not_checked": [asdict(found) for found in self.not_checked],
        }
