"""Who may read which artefact: pure functions of what the ledger says. What no rule allows is denied."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from gateway.artifacts.label import Kind, Label
from quorate.records.study import UNAPPROVED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from quorate.digest import Digest
    from quorate.identifiers import MspId
    from quorate.records.round import RoundView
    from quorate.records.study import StudyView, Terms

ACTION: Final = "artifact.read"
_SEALED: Final = frozenset({"SEALED", "FINAL", "DISPUTED"})


@dataclass(frozen=True, slots=True)
class Decision:
    """What a policy set says, and which of its policies decided."""

    allowed: bool
    policies: tuple[str, ...] = ()


class Decider(Protocol):
    """The consortium's policy set, for what happens off the ledger. It can only narrow what the rules here allow."""

    def decide(self, *, action: str, reader: MspId, facts: Facts) -> Decision:
        """Decide whether an organisation may do something with what the facts are about.

        Parameters
        ----------
        action
            Such as ``artifact.read``.
        reader
            The organisation that asks.
        facts
            The study that it is about, and the members at this moment.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the ledger says about the study and the round of a label, as far as it is known here.

    `own` is the organisation whose gateway this is; `members` are the consortium's.
    """

    own: MspId
    members: frozenset[MspId] = frozenset()
    study: StudyView | None = None
    round: RoundView | None = None
    height: int = 0


def may_read(reader: MspId, digest: Digest, label: Label, facts: Facts) -> bool:
    """Tell whether an organisation may read an artefact that carries this label.

    - An update: its writer's organisation, at its own gateway, always; an attester of the round once the round's seal
      includes exactly these bytes under this writer. Nobody else, ever.
    - A plan, an initial model, an evaluation set: participants and attesters of the study whose terms name exactly
      these bytes, and the organisation that keeps them. Until the study is approved, only its proposer hands them out.
    - A final model: participants and attesters, once the round is final with exactly these bytes.
    """
    match label.kind:
        case Kind.UPDATE:
            return reader == label.msp == facts.own or _is_open_update(reader, digest, label, facts)
        case Kind.FINAL_MODEL:
            return _takes_part(reader, facts) and _is_final(digest, facts)
        case Kind.PLAN | Kind.INITIAL_MODEL | Kind.EVALUATION:
            handed_out = is_named(digest, label.kind, facts.study) and _is_offered(facts)
            return reader == facts.own or (handed_out and _takes_part(reader, facts))


def opening(labels: Iterable[Label], own: MspId) -> list[Label]:
    """Return the labels by which bytes may be opened, in order.

    What the own agent wrote is opened as its own update only, whoever else committed to the same bytes.
    """
    ordered = sorted(labels, key=str)
    return [label for label in ordered if label.msp == own] or ordered


def is_named(digest: Digest, kind: Kind, study: StudyView | None) -> bool:
    """Tell whether a study's terms name these bytes as their plan, initial model or evaluation set."""
    return study is not None and digest == named(study.study.terms).get(kind)


def named(terms: Terms) -> Mapping[Kind, str]:
    """Return the digests of the plan, the initial model and the evaluation set that terms name."""
    digests: dict[Kind, str] = {Kind.PLAN: terms.plan, Kind.INITIAL_MODEL: terms.model.initial}
    if terms.evaluation:
        digests[Kind.EVALUATION] = terms.evaluation.digest
    return digests


def _is_offered(facts: Facts) -> bool:
    """Tell whether this organisation offers what a study names: by proposing it, or once a vote has approved it.

    Anybody may propose a study that names another one's plan, which its members here hold, and name themselves.
    """
    if facts.study is None:
        return False
    study = facts.study.study
    return study.proposer == facts.own or study.state not in UNAPPROVED


def _takes_part(reader: MspId, facts: Facts) -> bool:
    if facts.study is None:
        return False
    terms = facts.study.study.terms
    return reader in terms.attesters or any(participant.msp == reader for participant in terms.participants)


def _is_open_update(reader: MspId, digest: Digest, label: Label, facts: Facts) -> bool:
    if facts.round is None:
        return False
    found = facts.round.round
    return (
        found.state in _SEALED
        and reader in found.attesters
        and any((i.msp, i.dataset, i.update) == (label.msp, label.dataset, digest) for i in found.included)
    )


def _is_final(digest: Digest, facts: Facts) -> bool:
    return facts.round is not None and facts.round.round.state == "FINAL" and facts.round.round.model == digest
