"""The files of a bundle: which names there can be, and in which order they stand."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from quorate.digest import hex_of
from quorate.errors import UsageError

if TYPE_CHECKING:
    from quorate.digest import Digest

MANIFEST: Final = "manifest.json"
SIGNATURE: Final = "manifest.sig"
HEADERS: Final = "headers.bin"
EVENTS: Final = "events.jsonl"
REPORT: Final = "report.html"

_ID = r"[a-z0-9][a-z0-9._-]{0,63}"
_KINDS: Final = tuple(
    re.compile(pattern)
    for pattern in (
        re.escape(MANIFEST),
        re.escape(SIGNATURE),
        re.escape(HEADERS),
        r"blocks/(0|[1-9][0-9]{0,15})\.block",
        r"witnesses/[A-Za-z0-9][A-Za-z0-9.-]{0,63}\.json",
        r"timestamps/(0|[1-9][0-9]{0,15})\.tsr",
        re.escape(EVENTS),
        rf"proofs/{_ID}/[0-9]{{6}}\.json",
        r"artifacts/[0-9a-f]{64}",
        re.escape(REPORT),
    )
)


def order(name: str) -> tuple[int, int, str]:
    """Return by what names are sorted in a bundle: first their kind, then a block's number, then the text.

    Raises
    ------
    UsageError
        When no file of a bundle has such a name; so there is no path but those below.
    """
    for kind, pattern in enumerate(_KINDS):
        if match := pattern.fullmatch(name):
            number = int(match[1]) if match.groups() else 0
            return kind, number, name
    raise UsageError(f"no file of a bundle is called {name[:120]!r}")


def block_name(number: int) -> str:
    """Return the name of a whole block."""
    return f"blocks/{number}.block"


def is_block(name: str) -> bool:
    """Tell whether a file's name is that of a whole block."""
    return name.startswith("blocks/")


def block_number(name: str) -> int:
    """Return the number in the name of a whole block."""
    return order(name)[1]


def artifact_name(digest: Digest) -> str:
    """Return the name of an update or a model."""
    return f"artifacts/{hex_of(digest)}"


def witness_name(msp: str) -> str:
    """Return the name of a member's statement."""
    return f"witnesses/{msp}.json"


def is_witness(name: str) -> bool:
    """Tell whether a file's name is that of a statement."""
    return name.startswith("witnesses/")


def timestamp_name(number: int) -> str:
    """Return the name of a time-stamp of a block's header."""
    return f"timestamps/{number}.tsr"


def is_timestamp(name: str) -> bool:
    """Tell whether a file's name is that of a time-stamp."""
    return name.startswith("timestamps/")


def proofs_name(study: str, round_: int) -> str:
    """Return the name of the inclusion proofs of a round."""
    return f"proofs/{study}/{round_:06d}.json"
