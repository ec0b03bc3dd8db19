"""What may be stored, and how large it is: decided from the ledger's terms before the first byte is accepted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.artifacts.access import Facts, is_named
from gateway.artifacts.label import Description, Kind, Label
from quorate.errors import ConflictError, DeniedError, StateError, UsageError
from quorate.records.study import UNAPPROVED
from quorate.tensors import Header, Schema, file_size

if TYPE_CHECKING:
    from quorate.records.round import RoundView
    from quorate.records.study import StudyView, Terms

_WRITABLE_ROUND = frozenset({"OPEN", "SEALED"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeLimits:
    """The most bytes of artefacts whose exact size no terms fix (yet)."""

    plan: int
    model: int
    evaluation: int

    def of(self, kind: Kind) -> int:
        """Return the most bytes of a kind."""
        match kind:
            case Kind.PLAN:
                return self.plan
            case Kind.EVALUATION:
                return self.evaluation
            case Kind.INITIAL_MODEL | Kind.FINAL_MODEL | Kind.UPDATE:
                return self.model


def exact_size(label: Label, terms: Terms, *, base: str | None = None) -> int | None:
    """Return the size that the terms fix for a tensor file; None for a plan or an evaluation set.

    Parameters
    ----------
    base
        Digest of the round's base model; needed for updates and final models.
    """
    header = _header(label, base)
    if header is None:
        return None
    schema = Schema.from_json([{"name": t.name, "shape": t.shape} for t in terms.model.tensors])
    return file_size(schema, header)


def admit(description: Description, facts: Facts, limits: SizeLimits) -> None:
    """Check that a client of the own organisation may store this.

    Raises
    ------
    DeniedError
        When it is not the own organisation's to store.
    StateError
        When study or round is not where it takes this.
    ConflictError
        When the ledger names other bytes in this place.
    UsageError
        When the size is not what the terms fix, or over the limit.
    """
    label = description.label
    match label.kind:
        case Kind.UPDATE:
            _admit_update(description, facts)
        case Kind.FINAL_MODEL:
            raise DeniedError("final models are computed by the gateway, not uploaded")
        case Kind.PLAN | Kind.INITIAL_MODEL | Kind.EVALUATION:
            _admit_named(description, facts, limits)


def admit_size(description: Description, study: StudyView | None, base: str | None, limits: SizeLimits) -> None:
    """Check the size alone; `UsageError` when it is not what the terms fix, or over the limit."""
    exact = exact_size(description.label, study.study.terms, base=base) if study else None
    if exact is not None and description.size != exact:
        raise UsageError(f"{description.label} has {description.size} bytes, and the terms make it exactly {exact}")
    limit = limits.of(description.label.kind)
    if exact is None and description.size > limit:
        raise UsageError(f"{description.label} has {description.size} bytes, more than the {limit} allowed")


def _admit_update(description: Description, facts: Facts) -> None:
    label = description.label
    if label.msp != facts.own:
        raise DeniedError(f"this gateway stores updates of {facts.own} only, not of {label.msp}")
    if facts.study is None or facts.round is None:
        raise StateError(f"study {label.study} has no round {label.round} yet, as far as this gateway knows")
    terms, round_ = facts.study.study.terms, facts.round.round
    if not any((p.msp, p.dataset) == (label.msp, label.dataset) for p in terms.participants):
        raise DeniedError(f"{label.msp}/{label.dataset} takes no part in study {label.study}")
    if round_.state not in _WRITABLE_ROUND:
        raise StateError(
            f"round {label.round} of {label.study} is {round_.state}, and takes updates while OPEN or SEALED"
        )
    committed = _committed(facts.round, label)
    if committed is not None and committed != description.digest:
        raise ConflictError(f"the ledger has a commit to {committed} in this place, not to {description.digest}")
    exact = exact_size(label, terms, base=round_.base)
    if description.size != exact:
        raise UsageError(f"{label} has {description.size} bytes, and the terms make it exactly {exact}")


def _admit_named(description: Description, facts: Facts, limits: SizeLimits) -> None:
    label, study = description.label, facts.study
    named = is_named(description.digest, label.kind, study)
    if study is not None and study.study.state not in UNAPPROVED and not named:
        raise ConflictError(f"the terms of {label.study} name other bytes as its {label.kind}")
    admit_size(description, study if named else None, None, limits)


def _committed(view: RoundView, label: Label) -> str | None:
    found = (c.update for c in view.commits if (c.msp, c.dataset) == (label.msp, label.dataset))
    return next(found, None)


def _header(label: Label, base: str | None) -> Header | None:
    match label.kind:
        case Kind.INITIAL_MODEL:
            return Header.initial_model(study=label.study)
        case Kind.UPDATE if label.msp and label.dataset and base:
            return Header.update(study=label.study, round=label.round, msp=label.msp, dataset=label.dataset, base=base)
        case Kind.FINAL_MODEL if base:
            return Header.model(study=label.study, round=label.round, base=base)
        case Kind.UPDATE | Kind.FINAL_MODEL:
            raise UsageError(f"the size of {label} depends on the digest of its base")
        case Kind.PLAN | Kind.EVALUATION:
            return None
