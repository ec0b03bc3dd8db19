"""Questions 4, 5 and 6: what produced a model, whether it can be recomputed, and what descends from an update."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from gateway.audit.trail.history import newest, written
from gateway.audit.trail.questions.answer import Answer, DatedRow, stamps
from quorate.errors import NotFoundError
from quorate.records.model import Model
from quorate.records.round import Attestation, Round
from quorate.records.study import Study

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.audit.trail.history import Written
    from gateway.audit.trail.store import Trail


class Holdings(Protocol):
    """Tells what artefacts are at hand."""

    def holds(self, digest: str) -> bool:
        """Tell whether an artefact is at hand, whole."""
        ...


class ModelRow(DatedRow):
    """A model, and what produced it.

    Attributes
    ----------
    distance
        How many rounds from the model that was asked about; 0 is that model.
    updates
        The digests of the updates, in the order of the aggregation, and from whom each is.
    left_out
        Whose update was not used, and why.
    """

    distance: int
    model: str
    study: str
    round: int
    state: str
    base: str
    updates: tuple[str, ...]
    contributors: tuple[str, ...]
    left_out: tuple[str, ...]
    attested_by: tuple[str, ...]
    plan: str
    terms_digest: str
    rule: str
    parameters: dict[str, object]
    policy_version: int


class LineageAnswer(Answer[ModelRow]):
    """A model and its ancestors, the model first.

    Attributes
    ----------
    initial
        The model at the beginning, which no round made.
    """

    initial: str

    def edges(self) -> list[tuple[str, str, str]]:
        """Return the graph: from, to, and ``base`` or ``update``."""
        found = []
        for row in self.rows:
            found.append((row.base, row.model, "base"))
            found += [(update, row.model, "update") for update in row.updates]
        return found


class RecomputeRow(DatedRow):
    """Whether a final model can be recomputed.

    Attributes
    ----------
    equal
        How many attesters recomputed it and found the same, of those needed.
    at_hand, missing
        Which of the artefacts that it takes are here; None when that is not known, as in a bundle without artefacts.
    command
        What recomputes it.
    """

    model: str
    study: str
    round: int
    base: str
    updates: tuple[str, ...]
    rule: str
    equal: int
    needed: int
    at_hand: bool | None
    missing: tuple[str, ...]
    command: str


class RecomputeAnswer(Answer[RecomputeRow]):
    """The final models of all studies, or of one."""


class DescendantRow(DatedRow):
    """A model that something went into.

    Attributes
    ----------
    how
        ``contains it`` or ``is built on`` another model of the list.
    """

    distance: int
    model: str
    study: str
    round: int
    state: str
    how: str


class DescendantsAnswer(Answer[DescendantRow]):
    """What would have to be withdrawn with an update or a model, nearest first."""

    artifact: str


def lineage(trail: Trail, *, model: str) -> LineageAnswer:
    """Tell what produced a model: its rounds, updates, plan, parameters, rule and policy version, down to the first.

    Raises
    ------
    NotFoundError
        When no such model is final.
    """
    models = _models(trail)
    if model not in models:
        raise NotFoundError(f"the ledger has no final model {model}")
    studies = _terms(trail)
    chain: list[Written[Model]] = []
    at = model
    while at in models and len(chain) < len(models):
        chain.append(models[at])
        at = models[at].record.base
    dates = stamps(trail, chain)
    rows = [_model_row(found, distance, studies, dates[found.place]) for distance, found in enumerate(chain)]
    return LineageAnswer(question="lineage", height=trail.height, rows=tuple(rows), initial=at)


def recomputable(trail: Trail, *, study: str | None = None, holdings: Holdings | None = None) -> RecomputeAnswer:
    """Tell of every final model whether what recomputes it is at hand, and who has done so already."""
    rounds = {
        (found.record.study, found.record.round): found.record
        for found in newest(trail, Round, "round")
        if study is None or found.record.study == study
    }
    attested = written(trail, Attestation, "attest")
    models = [found for found in _models(trail).values() if (found.record.study, found.record.round) in rounds]
    terms, dates = _terms(trail), stamps(trail, models)
    rows = []
    for found in models:
        record = found.record
        round_ = rounds[record.study, record.round]
        wanted = [record.base, *(update.update for update in record.updates)]
        missing = [] if holdings is None else [digest for digest in wanted if not holdings.holds(digest)]
        rows.append(
            RecomputeRow(
                **dates[found.place],
                model=record.digest,
                study=record.study,
                round=record.round,
                base=record.base,
                updates=tuple(update.update for update in record.updates),
                rule=terms[record.terms_digest].terms.aggregation.rule if record.terms_digest in terms else "",
                equal=len(
                    {
                        one.record.msp
                        for one in attested
                        if (one.record.study, one.record.round) == (record.study, record.round)
                        and (one.record.attempt, one.record.model) == (round_.attempt, record.digest)
                    }
                ),
                needed=round_.m,
                at_hand=None if holdings is None else not missing,
                missing=tuple(missing),
                command=f"quorate round recompute {record.study} {record.round}",
            )
        )
    note = (
        "Attesters hold that they recomputed a model; the commands here do it again from the artefacts, which each "
        "organisation keeps as long as its rules say. `quorate audit verify` does it with a bundle that carries them."
    )
    return RecomputeAnswer(question="recompute", height=trail.height, rows=tuple(rows), notes=(note,))


def descends_from(trail: Trail, *, artifact: str) -> DescendantsAnswer:
    """Tell which models an update or a model went into, directly or through others: the blast radius.

    Raises
    ------
    NotFoundError
        When no model was made from it.
    """
    models = _models(trail)
    known = {digest for found in models.values() for digest in (found.record.digest, found.record.base)}
    known |= {update.update for found in models.values() for update in found.record.updates}
    if artifact not in known:
        raise NotFoundError(f"no final model is or was made from {artifact}")
    reached = {artifact: 0}
    order = sorted(models.values(), key=lambda found: found.place)
    rows = []
    dates = stamps(trail, order)
    for found in order:  # a model stands on the ledger after what it is made from
        record = found.record
        direct = any(update.update == artifact for update in record.updates)
        if record.digest in reached or not (direct or record.base in reached):
            continue
        reached[record.digest] = 1 if direct else reached[record.base] + 1
        rows.append(
            DescendantRow(
                **dates[found.place],
                distance=reached[record.digest],
                model=record.digest,
                study=record.study,
                round=record.round,
                state=record.state,
                how="contains it" if direct else f"is built on {record.base}",
            )
        )
    return DescendantsAnswer(question="descendants", height=trail.height, rows=tuple(rows), artifact=artifact)


def _models(trail: Trail) -> dict[str, Written[Model]]:
    """Return every final model as it is now, dated when it became final, in the order of the ledger."""
    first: dict[str, Written[Model]] = {}
    last: dict[str, Model] = {}
    for found in written(trail, Model, "model"):
        first.setdefault(found.record.digest, found)
        last[found.record.digest] = found.record
    return {digest: replace(found, record=last[digest]) for digest, found in first.items()}


def _terms(trail: Trail) -> dict[str, Study]:
    return {found.record.terms_digest: found.record for found in written(trail, Study, "study")}


def _model_row(found: Written[Model], distance: int, studies: Mapping[str, Study], date: dict[str, Any]) -> ModelRow:
    record = found.record
    study = studies.get(record.terms_digest)
    return ModelRow(
        **date,
        distance=distance,
        model=record.digest,
        study=record.study,
        round=record.round,
        state=record.state,
        base=record.base,
        updates=tuple(update.update for update in record.updates),
        contributors=tuple(f"{update.msp}/{update.dataset}" for update in record.updates),
        left_out=tuple(f"{one.msp}/{one.dataset}: {one.reason}" for one in record.excluded),
        attested_by=tuple(record.attested_by),
        plan=record.plan,
        terms_digest=record.terms_digest,
        rule="" if study is None else study.terms.aggregation.rule,
        parameters={} if study is None else _parameters(study),
        policy_version=record.policy_version,
    )


def _parameters(study: Study) -> dict[str, object]:
    terms = study.terms
    return {
        "scale_bits": terms.scale_bits,
        "bound": terms.bound,
        "minimum_commits": terms.minimum_commits,
        "m": terms.m,
        "privacy": terms.privacy.model_dump(mode="json", exclude_none=True),
        **terms.aggregation.parameters,
    }
