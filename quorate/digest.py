"""SHA-256 digests as text: ``sha256:`` and 64 lowercase hexadecimal digits, and nothing else."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Final, NewType

from quorate.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

Digest = NewType("Digest", str)

PREFIX: Final = "sha256:"
SIZE: Final = 32

_FORM = re.compile(r"sha256:[0-9a-f]{64}")


def parse_digest(text: str) -> Digest:
    """Return `text` as a digest.

    Raises
    ------
    UsageError
        When the text is not in the one accepted form.
    """
    if not _FORM.fullmatch(text):
        raise UsageError(f"not a digest: {text[:80]!r}", hint="A digest is sha256: and 64 lowercase hex digits.")
    return Digest(text)


def digest_of(data: bytes | bytearray | memoryview) -> Digest:
    """Return the digest of bytes in memory."""
    return Digest(PREFIX + hashlib.sha256(data).hexdigest())


def digest_stream(chunks: Iterable[bytes | bytearray | memoryview]) -> Digest:
    """Return the digest of the concatenated chunks, holding one at a time."""
    state = hashlib.sha256()
    for chunk in chunks:
        state.update(chunk)
    return Digest(PREFIX + state.hexdigest())


def digest_from_raw(value: bytes) -> Digest:
    """Return the digest whose 32 bytes are `value`.

    Raises
    ------
    UsageError
        When there are not exactly 32 bytes.
    """
    if len(value) != SIZE:
        raise UsageError(f"a SHA-256 digest has {SIZE} bytes, not {len(value)}")
    return Digest(PREFIX + value.hex())


def hex_of(digest: Digest) -> str:
    """Return the 64 hexadecimal digits."""
    return digest.removeprefix(PREFIX)


def raw(digest: Digest) -> bytes:
    """Return the 32 bytes."""
    return bytes.fromhex(hex_of(digest))
