"""Checks an access log: that its entries are one chain, and that this chain is what the ledger's anchors say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.audit.access.entry import Entry, beginning
from quorate.canonical import require_canonical
from quorate.digest import digest_of
from quorate.errors import IntegrityError, QuorateError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from quorate.digest import Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchored:
    """What the ledger holds of a log: after so many entries, this was its head."""

    entries: int
    head: Digest
    block: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """Where a log stands.

    Attributes
    ----------
    anchored
        How many of its entries an anchor covers.
    """

    entries: int
    head: Digest
    anchored: int


def check_chain(msp: str, texts: Iterable[bytes], anchors: Sequence[Anchored]) -> Head:
    """Return where the log stands.

    Parameters
    ----------
    msp
        Whose log it is.
    texts
        Its entries as they are stored, from the first.
    anchors
        What the ledger holds of it.

    Raises
    ------
    IntegrityError
        When an entry is missing, was changed, moved or added, or an anchor says otherwise; names the entry.
    """
    expected = {anchor.entries: anchor for anchor in anchors}
    number, head = 0, beginning(msp)
    for text in texts:
        number += 1
        entry = _entry(number, text)
        if entry.number != number:
            raise IntegrityError(f"entry {entry.number} of the access log stands where entry {number} is due")
        if entry.previous != head:
            raise IntegrityError(f"entry {number} of the access log does not follow on the one before it")
        head = digest_of(text)  # it is the entry's one form
        anchor = expected.get(number)
        if anchor is not None and anchor.head != head:
            raise IntegrityError(
                f"entry {number} of the access log is not what block {anchor.block} anchored",
                hint="The log was altered after it was anchored: keep the file, and compare it with a backup.",
            )
    last = max(expected, default=0)
    if last > number:
        raise IntegrityError(
            f"the access log ends after {number} entries, and block {expected[last].block} anchored {last}",
            hint="Entries were removed, or an old copy of the file was put back.",
        )
    return Head(entries=number, head=head, anchored=last)


def _entry(number: int, text: bytes) -> Entry:
    try:
        return Entry.of(require_canonical(text))
    except QuorateError as error:
        raise IntegrityError(
            f"entry {number} of the access log cannot be read: {error.message}", cause=error
        ) from error
