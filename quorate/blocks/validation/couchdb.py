"""What peers refuse whose state is in CouchDB, and no others: keys and fields that CouchDB keeps for itself."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quorate.blocks.rwset import NamespaceSet

_ITS_OWN: Final = "_"
_VERSION: Final = "~version"
_SIGNS: Final = (b'"_', b'"~', b'"\\')
"""One of these stands in every document with such a field: its name's beginning, or that of an escape."""


def may_be_refused(sets: Sequence[NamespaceSet]) -> bool:
    """Tell whether a transaction writes what such peers refuse; the ledger does not say what peers have."""
    return any(
        not write.key or write.key.startswith(_ITS_OWN) or _has_its_fields(write.value or b"")
        for part in sets
        for write in part.writes
    )


def _has_its_fields(value: bytes) -> bool:
    if not any(sign in value for sign in _SIGNS) or not value.lstrip().startswith(b"{"):
        return False
    try:
        found = json.loads(
            value.decode("utf-8", "replace"), parse_float=_number, parse_int=_number, parse_constant=_number
        )
    except ValueError:
        return False  # and no fields then, but a value like any other
    except RecursionError:
        return True  # peers read deeper
    return any(name == _VERSION or name.startswith(_ITS_OWN) for name in found)


def _number(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("peers do not read such a number")
    return number
