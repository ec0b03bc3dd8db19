"""Contract `dataset`: data sets and the caps of their privacy budgets."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from quorate.records.common import Count, Decimal, Delta, DigestText, Document, Msp, Part, Stamp, Title, Word
from quorate.records.common import Dataset as DatasetName

Unit = Literal["record", "group"]
Adjacency = Literal["add-or-remove-one"]
Protection = Literal["dp", "unprotected"]
Purposes = Annotated[list[Word], Field(min_length=1, max_length=64)]


class Cap(Part):
    """The (ε, δ) that all charges of a data set together may not exceed."""

    epsilon: Decimal
    delta: Delta


class Register(Document):
    """Register a data set; the owner is the caller's organisation."""

    SCHEMA: ClassVar[str] = "quorate.dataset.register/1"
    dataset: DatasetName
    title: Title
    unit: Unit
    adjacency: Adjacency
    purposes: Purposes
    protection: Protection
    cap: Cap | None = None
    fingerprint: DigestText


class Revise(Document):
    """Change what may change: title, purposes, ε cap, fingerprint."""

    SCHEMA: ClassVar[str] = "quorate.dataset.revise/1"
    dataset: DatasetName
    title: Title
    purposes: Purposes
    cap: Cap | None = None
    fingerprint: DigestText


class Retire(Document):
    """Withdraw a data set from new studies for good."""

    SCHEMA: ClassVar[str] = "quorate.dataset.retire/1"
    dataset: DatasetName


class Get(Document):
    """Ask for one data set."""

    SCHEMA: ClassVar[str] = "quorate.dataset.get/1"
    msp: Msp
    dataset: DatasetName


class List(Document):
    """Ask for all data sets, or one owner's."""

    SCHEMA: ClassVar[str] = "quorate.dataset.list/1"
    msp: Msp | None = None


class Dataset(Document):
    """A registered data set."""

    SCHEMA: ClassVar[str] = "quorate.dataset/1"
    msp: Msp
    dataset: DatasetName
    title: Title
    unit: Unit
    adjacency: Adjacency
    purposes: Purposes
    protection: Protection
    cap: Cap | None = None
    fingerprint: DigestText
    state: Literal["ACTIVE", "RETIRED"]
    revision: Count
    registered: Stamp
    revised: Stamp | None = None


class Fingerprint(Document):
    """Which data set holds the data of a fingerprint; kept for ever, so that no data get a second budget."""

    SCHEMA: ClassVar[str] = "quorate.fingerprint/1"
    msp: Msp
    dataset: DatasetName
    fingerprint: DigestText


class Datasets(Document):
    """Answer to `List`."""

    SCHEMA: ClassVar[str] = "quorate.datasets/1"
    datasets: list[Dataset]
