"""What is signed of a message: the hash functions of the official clients, by the same names.

Peers verify ECDSA signatures over SHA-256 unless their own MSP configuration (BCCSP) names another hash, and Ed25519
signatures over the message itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TypeAlias

Hash: TypeAlias = Callable[[bytes], bytes]
"""From a message to what is signed of it."""


def none(message: bytes) -> bytes:
    """Return the message itself, as Ed25519 wants it."""
    return message


def sha256(message: bytes) -> bytes:
    """Return the SHA-256 of the message."""
    return hashlib.sha256(message).digest()


def sha384(message: bytes) -> bytes:
    """Return the SHA-384 of the message."""
    return hashlib.sha384(message).digest()


def sha3_256(message: bytes) -> bytes:
    """Return the SHA3-256 of the message."""
    return hashlib.sha3_256(message).digest()


def sha3_384(message: bytes) -> bytes:
    """Return the SHA3-384 of the message."""
    return hashlib.sha3_384(message).digest()
