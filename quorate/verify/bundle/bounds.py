"""How large a bundle and its parts may be; asked before anything is read into memory."""

from __future__ import annotations

from typing import Final

from quorate.errors import UsageError
from quorate.verify.bundle import names

_MIB: Final = 1 << 20

MAX_FILES: Final = 1_000_000
MAX_BLOCK: Final = 128 * _MIB
MAX_HEADER: Final = 256 * 1024
"""One block's header with its orderers' signatures."""

MAX_LINE: Final = _MIB
"""One line of the events."""

_LIMITS: Final = {
    names.MANIFEST: 128 * _MIB,
    names.SIGNATURE: 1024,
    names.HEADERS: 4096 * _MIB,
    names.EVENTS: 16_384 * _MIB,
    names.REPORT: 64 * _MIB,
    "blocks": MAX_BLOCK,
    "witnesses": 64 * _MIB,
    "timestamps": 64 * 1024,
    "proofs": _MIB,
    "artifacts": 64 * 1024 * _MIB,
}


def require_size(name: str, size: int) -> None:
    """Return when a file of this name may be so large.

    Raises
    ------
    UsageError
        When it may not.
    """
    limit = _LIMITS[name if name in _LIMITS else name.split("/", 1)[0]]
    if size > limit:
        raise UsageError(f"{name} has {size} bytes, more than the {limit} allowed")
