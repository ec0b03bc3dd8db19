"""Consoles for people: what may be written where, and text from elsewhere made harmless."""

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console


def printable(text: str, *, keep: str = "") -> str:
    r"""Return `text` with every character that a terminal would act on written as an escape.

    Names and messages come from other members; control characters and changes of direction in them must not reach a
    terminal. Characters in `keep` (``"\n"``, say) stay.
    """
    if text.isprintable():
        return text
    return "".join(
        character
        if character.isprintable() or character in keep
        else character.encode("unicode_escape").decode("ascii")
        for character in text
    )


def output() -> "Console":
    """Return a console on standard output, for data. ``NO_COLOR`` is respected."""
    from rich.console import Console  # noqa: PLC0415 - `--help` must not pay for it

    return Console(highlight=False)


def messages() -> "Console":
    """Return a console on standard error, for everything that is not data. ``NO_COLOR`` is respected."""
    from rich.console import Console  # noqa: PLC0415 - `--help` must not pay for it

    return Console(stderr=True, highlight=False)


def is_live() -> bool:
    """Tell whether standard error is a terminal that a person watches: never under ``CI`` or a dumb terminal."""
    return sys.stderr.isatty() and not os.environ.get("CI") and os.environ.get("TERM") != "dumb"
