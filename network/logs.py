"""Reading a log: what is there, and what is still being written."""

from collections.abc import Iterator
from pathlib import Path

from network import signals
from network.pidfile import ProcessRecord
from quorate.errors import NotFoundError

_CHUNK = 64 * 1024
_LOOK_AGAIN_S = 0.2


def read_log(path: Path) -> Iterator[str]:
    """Yield a log's text in pieces.

    Raises
    ------
    NotFoundError
        If there is no such log.
    """
    yield from _pieces(path, writer=None)


def writer_of(path: Path) -> ProcessRecord | None:
    """Return the process that writes a log, by the pid file beside it; None if it was ended in order."""
    return ProcessRecord.load(path.with_suffix(".pid"))


def follow_log(path: Path, writer: ProcessRecord | None) -> Iterator[str]:
    """Yield a log's text in pieces, then what is added to it, until its writer has ended.

    Errors are those of `read_log`.
    """
    yield from _pieces(path, writer=writer)


def _pieces(path: Path, *, writer: ProcessRecord | None) -> Iterator[str]:
    try:
        file = path.open(encoding="utf-8", errors="replace", newline="")
    except FileNotFoundError as error:
        hint = "Start the network: quorate network up"
        raise NotFoundError(f"There is no log {path}.", hint=hint, cause=error) from error
    with file:
        while True:
            # Asked before reading, so that the last words of a writer that ends meanwhile are read too.
            ended = writer is None or signals.wait_until_gone(writer, timeout_s=_LOOK_AGAIN_S)
            while piece := file.read(_CHUNK):
                yield piece
            if ended:
                return
