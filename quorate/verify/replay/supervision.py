"""Rules of contract `audit`: reviews, and commitments to access logs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quorate.records.audit import Anchor, AnchorAccessLog, RecordReview, Review
from quorate.records.common import make
from quorate.verify.replay import keys
from quorate.verify.replay.errors import require

if TYPE_CHECKING:
    from quorate.records.common import Document
    from quorate.verify.replay.call import Call

_NEXT = {
    None: {"OPEN", "ASSIGNED", "CONCLUDED"},
    "OPEN": {"ASSIGNED", "CONCLUDED"},
    "ASSIGNED": {"ASSIGNED", "CONCLUDED"},
    "CONCLUDED": set[str](),
}
_SAID = {
    "OPEN": (set[str](), set[str]()),
    "ASSIGNED": ({"reviewer"}, {"reviewer"}),
    "CONCLUDED": ({"reviewer", "meaning", "outcome"}, {"reviewer", "meaning", "outcome", "note"}),
}
"""What a state says about a review at least, and at most."""


def record_review(call: Call) -> dict[str, Document]:
    """Return what `RecordReview` writes."""
    asked = call.asked(RecordReview)
    key = keys.review(call.msp, asked.review)
    before = call.world.get(Review, key)
    least, most = _SAID[asked.state]
    said = asked.findings.model_dump(exclude_none=True).keys()
    require(least <= said <= most, f"the findings are not those of a review that is {asked.state}")
    state = None if before is None else before.state
    require(asked.state in _NEXT[state], f"a review that is {state} became {asked.state}")
    require(before is None or before.subject == asked.subject, "a review came to be about something else")
    fields: dict[str, object] = {"opened": call.stamp if before is None else before.opened}
    if before is not None and before.assigned is not None:
        fields["assigned"] = before.assigned
    if asked.state != "OPEN":
        fields[asked.state.lower()] = call.stamp
    record = make(
        Review,
        msp=call.msp,
        review=asked.review,
        subject=asked.subject,
        state=asked.state,
        findings=asked.findings,
        **fields,
    )
    return {key: record}


def anchor_access_log(call: Call) -> dict[str, Document]:
    """Return what `AnchorAccessLog` writes."""
    asked, key = call.asked(AnchorAccessLog), keys.anchor(call.msp)
    before = call.world.get(Anchor, key)
    require(before is None or before.entries < asked.entries, "an access log shrank, or changed without growing")
    return {key: make(Anchor, msp=call.msp, entries=asked.entries, head=asked.head, anchored=call.stamp)}
