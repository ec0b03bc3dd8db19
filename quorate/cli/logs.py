"""The log of a program that runs for long, on standard error: what others wrote can neither add a line nor hide one."""

from __future__ import annotations

import logging
import sys

from quorate.cli.terminal import printable


class PrintableFormatter(logging.Formatter):
    """Writes a record's own line as text that can be seen; a traceback below it keeps its lines.

    Names and reasons in messages come from other members, their peers and their gateways.
    """

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the base class's
        """Return the record's line."""
        return printable(super().formatMessage(record))


def log_to_stderr(level: int, form: str) -> None:
    """Log from this level on in this form, for the whole process."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(PrintableFormatter(form))
    logging.basicConfig(level=level, handlers=[handler])
