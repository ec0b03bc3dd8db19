"""PEM as peers read it: the first block in a text that holds one, whatever stands around it."""

from __future__ import annotations

import re
from base64 import b64decode
from typing import Final

_BEGIN: Final = b"-----BEGIN "
_END: Final = b"\n-----END "
_DASHES: Final = b"-----"
_BLANK: Final = b" \t"
_DIGITS: Final = re.compile(rb"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
"""Base64; the library's own check passes over padding that is too long."""
_PLAIN: Final = re.compile(
    rb"-----BEGIN CERTIFICATE-----\r?\n((?:[A-Za-z0-9+/=]+\r?\n)+)-----END CERTIFICATE-----[ \t]*(?:\r?\n|\Z)"
)


def first_block(text: bytes) -> bytes | None:
    """Return what the first block of a text holds, None when it has no block.

    Step by step what Go's ``pem.Decode`` does, in time that grows with the text and not faster: a member writes what
    it likes around its certificate, and another block than peers take would be another certificate.
    """
    at = 0
    while (end := text.find(_END, at)) >= 0:
        after = end + len(_END)
        begin = text.rfind(_BEGIN, at, end)
        if begin == at or (begin > at and text[begin - 1 : begin] == b"\n"):
            found, read = _content(text, begin + len(_BEGIN), end)
            if found is not None or read > after:
                return found
        at = after
    return None


def is_plain(text: bytes) -> bool:
    """Tell whether a text begins with a certificate in the form that all write, so that every reader finds that one."""
    found = _PLAIN.match(text)
    return found is not None and _DIGITS.fullmatch(found[1].translate(None, b"\r\n")) is not None


def _content(text: bytes, at: int, end: int) -> tuple[bytes | None, int]:
    """Return what the block holds whose type stands here, None when it is none, and how far that was read."""
    after = end + len(_END)
    kind, at = _line(text, at)
    if not kind.endswith(_DASHES):
        return None, at
    body = _after_headers(text, at)
    if body > max(end, at) or not _ends(text, after, kind):
        return None, body
    digits = text[body:end].translate(None, b" \t\r\n")
    return b64decode(digits) if _DIGITS.fullmatch(digits) else None, body


def _after_headers(text: bytes, at: int) -> int:
    while at < len(text):
        line, following = _line(text, at)
        if b":" not in line:
            break
        at = following
    return at


def _ends(text: bytes, at: int, kind: bytes) -> bool:
    """Tell whether the line that ends a block names its type and nothing else."""
    return text.startswith(kind, at) and not _line(text, at + len(kind))[0]


def _line(text: bytes, at: int) -> tuple[bytes, int]:
    """Return a line without the blanks at its end, and where the next one begins."""
    end = text.find(b"\n", at)
    if end < 0:
        return text[at:].rstrip(_BLANK), len(text)
    stop = end - 1 if end > at and text[end - 1 : end] == b"\r" else end
    return text[at:stop].rstrip(_BLANK), end + 1
