"""Every question by its name: its number on the officers' list, what it asks, and what may narrow it.

One table serves the gateway, the command line and the portal.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from gateway.audit.trail.questions.agreement import agreement
from gateway.audit.trail.questions.approvals import approvals
from gateway.audit.trail.questions.changes import deletions, modifications
from gateway.audit.trail.questions.limits import not_proven, verifiable
from gateway.audit.trail.questions.members import members_at
from gateway.audit.trail.questions.models import descends_from, lineage, recomputable
from gateway.audit.trail.questions.policies import policy_history
from gateway.audit.trail.questions.privacy import protection, recount, spending, spending_curve
from gateway.audit.trail.questions.refusals import RefusalKind, refusals
from gateway.audit.trail.questions.supervision import reads_of_trail, reviews
from quorate.canonical import MAX_INTEGER
from quorate.errors import NotFoundError, UsageError
from quorate.records.audit import ReviewState, Subject
from quorate.records.common import DigestText, Msp, Round, Study

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gateway.audit.trail.observations import Observing
    from gateway.audit.trail.questions.agreement import Hearsay
    from gateway.audit.trail.questions.answer import Answer
    from gateway.audit.trail.questions.changes import Deleted
    from gateway.audit.trail.questions.models import Holdings
    from gateway.audit.trail.questions.supervision import Reads
    from gateway.audit.trail.store import Trail

_Time = Annotated[int, Field(ge=0, le=MAX_INTEGER)]


class Asked(BaseModel):
    """What narrows a question; each takes some of these."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    study: Study | None = None
    round: Round | None = None
    organisation: Msp | None = None
    model: DigestText | None = None
    artifact: DigestText | None = None
    subject: Subject | None = None
    state: ReviewState | None = None
    kind: RefusalKind | None = None
    since: _Time | None = None
    until: _Time | None = None
    at: Annotated[str, StringConstraints(pattern=r"^(before|after)-[0-9]{1,15}$")] | None = None
    limit: Annotated[int, Field(ge=1, le=1000)] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What an organisation's gateway knows besides the ledger; a bundle has none of it."""

    reads: Reads | None = None
    deleted: Deleted | None = None
    holdings: Holdings | None = None
    hearsay: Hearsay | None = None
    observing: Observing | None = None
    unchecked: tuple[tuple[str, str], ...] = ()


NOTHING: Final = Memory()


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question that can be asked.

    Attributes
    ----------
    number
        On the list of what an officer must be able to answer.
    takes
        The parts of `Asked` that may narrow it; those in `needs` must.
    """

    name: str
    number: int
    words: str
    takes: tuple[str, ...]
    needs: tuple[str, ...]
    answer: Callable[[Trail, dict[str, Any], Memory], Answer[Any]]


def _plain(function: Callable[..., Answer[Any]]) -> Callable[[Trail, dict[str, Any], Memory], Answer[Any]]:
    return lambda trail, asked, _memory: function(trail, **asked)


def _question(
    number: int,
    name: str,
    words: str,
    answer: Callable[[Trail, dict[str, Any], Memory], Answer[Any]],
    *,
    takes: str = "",
    needs: str = "",
) -> Question:
    return Question(
        name=name,
        number=number,
        words=words,
        takes=(*needs.split(), *takes.split()),
        needs=tuple(needs.split()),
        answer=answer,
    )


_ALL: Final = (
    _question(
        1,
        "members",
        "Who was a member when a round was opened, and who admitted or removed them",
        _plain(members_at),
        takes="study round",
    ),
    _question(
        2,
        "policies",
        "Who proposed and approved each policy set, by which quorum, and its effect",
        _plain(policy_history),
    ),
    _question(
        3,
        "approvals",
        "Which pseudonym exercised an approval, with what meaning",
        _plain(approvals),
        takes="study organisation",
    ),
    _question(4, "lineage", "What produced a released model", _plain(lineage), needs="model"),
    _question(
        5,
        "recompute",
        "Whether the aggregates can be recomputed",
        lambda trail, asked, memory: recomputable(trail, **asked, holdings=memory.holdings),
        takes="study",
    ),
    _question(6, "descendants", "What descends from an update or a model", _plain(descends_from), needs="artifact"),
    _question(
        7,
        "spending",
        "ε and δ spent per data set, in all and per study, what is left, and attempts to exceed",
        _plain(spending),
        takes="study organisation",
    ),
    _question(
        7,
        "spending-curve",
        "Every charge and every refused one, in order",
        _plain(spending_curve),
        takes="organisation",
    ),
    _question(8, "recount", "Whether the accounts are what their history makes", _plain(recount)),
    _question(
        9,
        "protection",
        "The unit of privacy, and clipping and noise as declared against as charged",
        _plain(protection),
        takes="study",
    ),
    _question(
        10,
        "refusals",
        "Which updates and attempts were refused, late or left out, and why",
        _plain(refusals),
        takes="study organisation kind",
    ),
    _question(
        11,
        "agreement",
        "Where organisations diverged, which blocks are missing, and which clocks are off",
        lambda trail, asked, memory: agreement(trail, **asked, hearsay=memory.hearsay),
    ),
    _question(12, "modifications", "Substantial modifications in a period", _plain(modifications), takes="since until"),
    _question(
        13,
        "reads",
        "Who read or exported the trail, with which filter, at which height",
        lambda trail, asked, memory: reads_of_trail(trail, **asked, reads=memory.reads),
        takes="organisation at limit",
    ),
    _question(
        14,
        "reviews",
        "Which records were reviewed, by which pseudonym, with what outcome",
        _plain(reviews),
        takes="organisation state subject",
    ),
    _question(
        15,
        "deletions",
        "What was deleted off the ledger or retired on it, on which basis",
        lambda trail, asked, memory: deletions(trail, **asked, deleted=memory.deleted),
    ),
    _question(16, "verifiability", "What a third party needs to verify without the members", _plain(verifiable)),
    _question(
        17,
        "limits",
        "What is not proven",
        lambda trail, asked, memory: not_proven(trail, **asked, unchecked=memory.unchecked),
    ),
)

QUESTIONS: Final[Mapping[str, Question]] = MappingProxyType({question.name: question for question in _ALL})
"""Every question."""


def question_named(name: str) -> Question:
    """Return the question of a name; `NotFoundError` when there is none."""
    if name not in QUESTIONS:
        raise NotFoundError(f"there is no question {name[:64]!r}", hint=f"There are: {', '.join(QUESTIONS)}.")
    return QUESTIONS[name]


def ask(trail: Trail, name: str, asked: Mapping[str, object], memory: Memory = NOTHING) -> Answer[Any]:
    """Return the answer to a question.

    Parameters
    ----------
    name
        One of `QUESTIONS`.
    asked
        What narrows it, as plain values; None stands for nothing.

    Raises
    ------
    UsageError
        When it is narrowed by what it does not take, lacks what it needs, or a value is malformed.
    NotFoundError
        When there is no such question, or nothing on the ledger that it asks about.
    """
    question = question_named(name)
    given = {key: value for key, value in asked.items() if value is not None}
    for key in given:
        if key not in question.takes:
            raise UsageError(f"the question {name} is not narrowed by {key[:32]!r}")
    for key in question.needs:
        if key not in given:
            raise UsageError(f"the question {name} needs {key!r}")
    try:
        checked = Asked.model_validate(given, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise UsageError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}", cause=error) from error
    if ("round" in given) != ("study" in given) and "round" in question.takes:
        raise UsageError("a round is a study's: name both")
    return question.answer(trail, {key: getattr(checked, key) for key in given}, memory)
