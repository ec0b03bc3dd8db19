"""Reviews and their outcomes; the next step of one is prepared here, and signed by the officer's own command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, get_args

from gateway.portal.challenge import to_text
from quorate.digest import digest_of
from quorate.errors import UsageError
from quorate.records.audit import Findings, RecordReview
from quorate.records.common import make

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.responses import Response

    from gateway.portal.visit import Visit

_STATES: Final = ("OPEN", "ASSIGNED", "CONCLUDED")
_SAID: Final = {"OPEN": (), "ASSIGNED": ("reviewer",), "CONCLUDED": ("reviewer", "meaning", "outcome")}
_MOST_NOTE: Final = 16 * 1024


async def show(visit: Visit) -> Response:
    """Show all reviews, and the form for the next step of one."""
    given = visit.query("organisation", "state", "subject", "review")
    asked = {name: value for name, value in given.items() if name != "review"}
    answer = await visit.ask("reviews", **asked)
    chosen = next(
        (row for row in answer.rows if row.review == given.get("review") and row.msp == visit.officer.msp), None
    )
    return visit.page(
        "reviews.html",
        answer=answer,
        chosen=chosen,
        given={name: given.get(name, "") for name in ("organisation", "state", "subject")},
        states=_STATES,
        meanings=_choices("meaning"),
        outcomes=_choices("outcome"),
        may_prepare=visit.portal.doors is not None and visit.officer.role == "officer",
    )


async def prepare(visit: Visit) -> Response:
    """Show the document of a review's next step, and the command that signs it; nothing is sent from here."""
    document, note = document_of(visit.form)
    await visit.admit("reviews/prepare", review=document.review, subject=document.subject, state=document.state)
    return visit.page(
        "prepared.html",
        document=document,
        text=document.encode().decode(),
        note=note,
        command=f"quorate portal review --profile officer.toml {to_text(document)}",
    )


def document_of(form: Mapping[str, str]) -> tuple[RecordReview, str]:
    """Return the document that a form describes, and the text of which it holds the digest.

    Raises
    ------
    UsageError
        When a field is missing, unknown or not of its form.
    """
    known = {"review", "subject", "state", "reviewer", "meaning", "outcome", "note"}
    if set(form) - known:
        raise UsageError("the form has a field that no review has")
    state, note = form.get("state", ""), form.get("note", "").replace("\r\n", "\n").strip()
    if state not in _SAID:
        raise UsageError("a review becomes open, assigned or concluded")
    if len(note) > _MOST_NOTE:
        raise UsageError(f"the note has more than {_MOST_NOTE} characters")
    findings: dict[str, object] = {}
    for name in _SAID[state]:
        value = form.get(name, "").strip()
        if not value:
            raise UsageError(f"a review that becomes {state.lower()} names its {name}")
        findings[name] = value
    if note and state == "CONCLUDED":
        findings["note"] = digest_of(note.encode())
    document = make(
        RecordReview,
        review=form.get("review", "").strip(),
        subject=form.get("subject", "").strip(),
        state=state,
        findings=findings,
    )
    return document, note if state == "CONCLUDED" else ""


def _choices(name: str) -> tuple[str, ...]:
    """Return the words that a field of the findings can have."""
    annotation = Findings.model_fields[name].annotation
    return tuple(value for part in get_args(annotation) for value in get_args(part))
