"""As much of an answer as a page shows: what any submitter can add to, without end, makes no page without end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from gateway.audit.trail.questions import Answer

MOST: Final = 2000
"""Lines on a page. A page by number or place has fewer."""


def excerpt(answer: Answer[Any]) -> tuple[Answer[Any], int]:
    """Return an answer with its last lines only, of most the newest, and how many are left out before them."""
    left = max(len(answer.rows) - MOST, 0)
    return (answer.model_copy(update={"rows": answer.rows[left:]}) if left else answer), left
