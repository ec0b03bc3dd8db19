"""What a round's aggregate is made of, as the ledger says: schema, base, updates, and where each file belongs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.artifacts.label import Description, Kind, Label
from quorate.aggregation import UpdateTerms
from quorate.errors import NotFoundError
from quorate.tensors import Header, Schema, file_size

if TYPE_CHECKING:
    from quorate.digest import Digest
    from quorate.records.round import Included, Round
    from quorate.records.study import StudyView


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """A sealed round's ingredients.

    Attributes
    ----------
    schema
        The model's schema, from the terms.
    base, base_header
        The model that the updates start from, and what its header must be.
    """

    study: StudyView
    round: Round
    schema: Schema
    base: Digest
    base_header: Header

    @classmethod
    def of(cls, study: StudyView, current: Round) -> Inputs:
        """Return the ingredients of a round.

        Raises
        ------
        NotFoundError
            When the round's base is not a model that this view of the study knows.
        """
        schema = schema_of(study)
        return cls(
            study=study,
            round=current,
            schema=schema,
            base=current.base,
            base_header=model_header(study, current.base),
        )

    def base_description(self) -> Description:
        """Return what to fetch for the base model."""
        return model_description(self.study, self.base)

    def update_terms(self, update: Included) -> UpdateTerms:
        """Return what the bytes of an included update must be."""
        header = Header.update(
            study=self.round.study, round=self.round.round, msp=update.msp, dataset=update.dataset, base=self.base
        )
        return UpdateTerms(schema=self.schema, header=header, bound=self.study.study.terms.bound)

    def update_description(self, update: Included) -> Description:
        """Return what to fetch for an included update."""
        terms = self.update_terms(update)
        label = Label(
            kind=Kind.UPDATE,
            study=self.round.study,
            round=self.round.round,
            msp=update.msp,
            dataset=update.dataset,
        )
        return Description(digest=update.update, size=file_size(self.schema, terms.header), label=label)

    @property
    def model_header(self) -> Header:
        """What the new model's header will be."""
        return Header.model(study=self.round.study, round=self.round.round, base=self.base)


def schema_of(study: StudyView) -> Schema:
    """Return the schema of a study's model."""
    return Schema.from_json([tensor.model_dump() for tensor in study.study.terms.model.tensors])


def model_header(study: StudyView, digest: Digest) -> Header:
    """Return the header of one of the study's models.

    Raises
    ------
    NotFoundError
        When it is neither the initial model nor a final one of this view.
    """
    name = study.study.study
    if digest == study.study.terms.model.initial:
        return Header.initial_model(name)
    for summary in study.rounds:
        if summary.model == digest:
            return Header.model(study=name, round=summary.round, base=summary.base)
    raise NotFoundError(f"{digest} is no model of study {name} that is known here")


def knows_model(study: StudyView, digest: Digest) -> bool:
    """Tell whether a digest is one of the study's models in this view."""
    return digest == study.study.terms.model.initial or any(summary.model == digest for summary in study.rounds)


def model_description(study: StudyView, digest: Digest) -> Description:
    """Return what to fetch for one of the study's models."""
    header = model_header(study, digest)
    if header.round == 0:
        label = Label(kind=Kind.INITIAL_MODEL, study=study.study.study)
    else:
        label = Label(kind=Kind.FINAL_MODEL, study=study.study.study, round=header.round)
    return Description(digest=digest, size=file_size(schema_of(study), header), label=label)
