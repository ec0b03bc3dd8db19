"""Text of a ledger on a page: what does not print, or turns the direction of writing, is spelled out."""

from __future__ import annotations

import json


def plain(text: str) -> str:
    """Return text in which only printable characters are left as they are."""
    return "".join(each if each.isprintable() else json.dumps(each)[1:-1] for each in text)
