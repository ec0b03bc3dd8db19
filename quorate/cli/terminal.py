"""Consoles for people: what may be written where, and text from elsewhere made harmless."""

import os
import sys
from io import TextIOWrapper
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


def open_streams() -> None:
    """Let standard streams take any text, as UTF-8 whatever the locale, and open those that were closed to nothing.

    Otherwise the next file or socket that is opened would be what a library takes for a standard stream. A standard
    output that was closed stays None.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest free number, which is this one
    if sys.stdin is None:
        sys.stdin = os.fdopen(0, encoding="utf-8")
    if sys.stderr is None:
        sys.stderr = os.fdopen(2, "w", encoding="utf-8")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


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
