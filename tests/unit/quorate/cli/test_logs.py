import logging
import sys

from quorate.cli.logs import PrintableFormatter


def formatted(message, *arguments, error=None):
    record = logging.LogRecord("gateway", logging.WARNING, __file__, 1, message, arguments, error)
    return PrintableFormatter("%(levelname)s %(name)s: %(message)s").format(record)


def test_what_others_wrote_adds_no_line_and_moves_no_cursor():
    reason = "it sleeps\n2026-11-23 ERROR gateway: members' ledgers diverge\r\x1b[2K\u202e"
    assert formatted("%s says nothing: %s", "BirchMSP", reason) == (
        "WARNING gateway: BirchMSP says nothing: it sleeps\\n2026-11-23 ERROR gateway: members' ledgers diverge"
        "\\r\\x1b[2K\\u202e"
    )


def test_a_traceback_keeps_its_lines():
    try:
        int("why")
    except ValueError:
        lines = formatted("it failed", error=sys.exc_info()).splitlines()
    assert lines[:2] == ["WARNING gateway: it failed", "Traceback (most recent call last):"]
    assert lines[-1] == "ValueError: invalid literal for int() with base 10: 'why'"
