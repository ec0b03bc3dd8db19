"""What bytes that are here may be besides: pure functions.

Whoever proposes a study names digests as they like. Named as a plan, another study's update would otherwise be fetched
"from here", and from then on be served to those who proposed it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.artifacts.label import Kind, Label
from quorate.errors import IntegrityError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from quorate.digest import Digest

_MODELS: Final = frozenset({Kind.INITIAL_MODEL, Kind.FINAL_MODEL})


def require_alike(digest: Digest, held: Iterable[Label], label: Label) -> None:
    """Return when bytes that carry labels already can also be what the ledger calls them elsewhere.

    Files of tensors name their study and round, so only plans and evaluation sets can serve several studies. The same
    update may stand for two members of a round: that is a copy, which attesters must read to refuse it.

    Raises
    ------
    IntegrityError
        When they cannot; they stay what they were.
    """
    for known in held:
        if not _are_alike(known, label):
            raise IntegrityError(f"{digest} is here as {known}, so it cannot be {label}")


def _are_alike(known: Label, label: Label) -> bool:
    if Kind.UPDATE in {known.kind, label.kind}:
        return (known.kind, known.study, known.round) == (label.kind, label.study, label.round)
    if known.kind in _MODELS:
        return label.kind in _MODELS and known.study == label.study
    return True
