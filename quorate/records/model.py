"""Contract `model`: final models and where they come from."""

from __future__ import annotations

from typing import ClassVar, Literal

from quorate.records.common import Dataset, DigestText, Document, Msp, Part, Stamp, Version, Weight
from quorate.records.common import Round as RoundText
from quorate.records.common import Study as StudyName
from quorate.records.round import Exclusion


class Update(Part):
    """An update that went into a model."""

    msp: Msp
    dataset: Dataset
    update: DigestText
    weight: Weight


class Get(Document):
    """Ask for a model."""

    SCHEMA: ClassVar[str] = "quorate.model.get/1"
    model: DigestText


class LineageQuery(Document):
    """Ask for a model's ancestors."""

    SCHEMA: ClassVar[str] = "quorate.model.lineage/1"
    model: DigestText


class Retire(Document):
    """Withdraw a model from use."""

    SCHEMA: ClassVar[str] = "quorate.model.retire/1"
    model: DigestText
    reason: DigestText


class Model(Document):
    """A final model."""

    SCHEMA: ClassVar[str] = "quorate.model/1"
    digest: DigestText
    study: StudyName
    round: RoundText
    base: DigestText
    terms_digest: DigestText
    plan: DigestText
    policy_version: Version
    updates: list[Update]
    excluded: list[Exclusion]
    attested_by: list[Msp]
    state: Literal["FINAL", "RETIRED"]
    finalized: Stamp
    retired: Stamp | None = None
    retired_reason: DigestText | None = None


class Lineage(Document):
    """Answer to `LineageQuery`: the model first, its oldest ancestor last."""

    SCHEMA: ClassVar[str] = "quorate.lineage/1"
    models: list[Model]
    initial: DigestText
