"""Contract `privacy`: accounts, charges, and what a study would cost."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from quorate import canonical
from quorate.records.common import Count, Dataset, Decimal, Delta, Document, Msp, Nano, Part, Rate, Stamp
from quorate.records.common import Round as RoundText
from quorate.records.common import Study as StudyName

Steps = Annotated[int, Field(ge=1, le=1_000_000_000)]


class Charge(Part):
    """A Poisson-subsampled Gaussian mechanism, run for a number of steps."""

    noise_multiplier: Decimal
    sample_rate: Rate
    steps: Annotated[int, Field(ge=1, le=canonical.MAX_INTEGER)]


class Reserve(Document):
    """Charge a round to the own account before any record is touched."""

    SCHEMA: ClassVar[str] = "quorate.privacy.reserve/1"
    study: StudyName
    round: RoundText
    dataset: Dataset


class AccountQuery(Document):
    """Ask for an account."""

    SCHEMA: ClassVar[str] = "quorate.privacy.account/1"
    msp: Msp
    dataset: Dataset


class QuoteQuery(Document):
    """Ask what a study, or a mechanism on one data set, would cost."""

    SCHEMA: ClassVar[str] = "quorate.privacy.quote/1"
    study: StudyName | None = None
    msp: Msp | None = None
    dataset: Dataset | None = None
    noise_multiplier: Decimal | None = None
    sample_rate: Rate | None = None
    steps: Steps | None = None


class Reservation(Document):
    """A granted charge, or the record of a refused one."""

    SCHEMA: ClassVar[str] = "quorate.reservation/1"
    study: StudyName
    round: RoundText
    msp: Msp
    dataset: Dataset
    status: Literal["GRANTED", "REFUSED"]
    charge: Charge
    delta: Delta
    epsilon_before_nano: Nano
    epsilon_after_nano: Nano
    cap_nano: Nano
    reserved: Stamp


class Account(Document):
    """What was charged to a data set, in nano-RDP per order and as a histogram."""

    SCHEMA: ClassVar[str] = "quorate.account/1"
    msp: Msp
    dataset: Dataset
    delta: Delta
    cap_nano: Nano
    rdp_nano: dict[str, Nano]
    histogram: list[Charge]
    charges: Count
    epsilon_nano: Nano
    order: Count
    updated: Stamp


class QuoteLine(Part):
    """What would be spent on one data set."""

    msp: Msp
    dataset: Dataset
    epsilon_now_nano: Nano
    epsilon_after_nano: Nano
    cap_nano: Nano
    fits: bool


class LedgerQuote(Document):
    """Answer to `QuoteQuery`."""

    SCHEMA: ClassVar[str] = "quorate.ledger_quote/1"
    quotes: list[QuoteLine]
