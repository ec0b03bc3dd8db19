"""Reviews and their outcomes; the next step of one is prepared here, and taken by the officer's own command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, get_args

from gateway.portal.excerpt import excerpt
from quorate.errors import UsageError
from quorate.records.audit import Findings, RecordReview, ReviewState
from quorate.records.common import make

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.responses import Response

    from gateway.portal.visit import Visit

_SAID: Final = {"OPEN": (), "ASSIGNED": (), "CONCLUDED": ("meaning", "outcome")}
_FIELDS: Final = frozenset({"review", "subject", "state", "meaning", "outcome"})


async def show(visit: Visit) -> Response:
    """Show all reviews, and the form for the next step of one."""
    given = visit.query("organisation", "state", "subject", "review")
    asked = {name: value for name, value in given.items() if name != "review"}
    answer = await visit.ask("reviews", **asked)
    chosen = next(
        (row for row in answer.rows if row.review == given.get("review") and row.msp == visit.officer.msp), None
    )
    shown, left = excerpt(answer)
    return await visit.page(
        "reviews.html",
        answer=shown,
        left=left,
        chosen=chosen,
        given={name: given.get(name, "") for name in ("organisation", "state", "subject")},
        states=get_args(ReviewState),
        meanings=_choices("meaning"),
        outcomes=_choices("outcome"),
        may_prepare=visit.portal.doors is not None and visit.officer.role == "officer",
    )


async def prepare(visit: Visit) -> Response:
    """Show the command that does a review's next step; nothing is signed or sent from here."""
    step = step_of(visit.form)
    await visit.admit("reviews/prepare", **{name: step[name] for name in ("review", "subject", "state")})
    return await visit.page("prepared.html", step=step, command=command_of(step))


def step_of(form: Mapping[str, str]) -> dict[str, str]:
    """Return the step that a form describes, checked as the record that it will be.

    Raises
    ------
    UsageError
        When a field is missing, unknown or not of its form.
    """
    state = form.get("state", "")
    if state not in _SAID:
        raise UsageError("a review becomes open, assigned or concluded")
    if set(form) - _FIELDS:
        raise UsageError("the form has a field that no review has")
    said = {name: form.get(name, "") for name in _SAID[state]}
    for name, value in said.items():
        if not value:
            raise UsageError(f"a review that becomes {state.lower()} names its {name}")
    step = {name: form.get(name, "").strip() for name in ("review", "subject")}
    make(RecordReview, **step, state=state, findings=said)
    return {**step, "state": state, **said}


def command_of(step: Mapping[str, str]) -> str:
    """Return the officer's command for a step; what it names cannot hold what a shell takes for more than a word."""
    if step["state"] == "OPEN":
        return f"quorate audit review open {step['review']} {step['subject']} --profile officer.toml"
    who = "--reviewer WHO --key reviewers.key --profile officer.toml"
    if step["state"] == "ASSIGNED":
        return f"quorate audit review assign {step['review']} {who}"
    said = f"--meaning {step['meaning']} --outcome {step['outcome']} --note reasons.txt"
    return f"quorate audit review conclude {step['review']} {said} {who}"


def _choices(name: str) -> tuple[str, ...]:
    """Return the words that a field of the findings can have."""
    annotation = Findings.model_fields[name].annotation
    return tuple(value for part in get_args(annotation) for value in get_args(part))
