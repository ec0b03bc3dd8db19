"""From one secret per reservation to the generators of one release: HKDF-SHA256, then ChaCha20."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from quorate.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from quorate.digest import Digest

SECRET_SIZE: Final = 32
_KEY_SIZE: Final = 32
_NONCE: Final = bytes(16)  # every key is used for one stream only
_CHUNK: Final = 1 << 20


class Purpose(StrEnum):
    """What a generator is for; each has a key of its own."""

    NOISE = "quorate.noise/1"
    SAMPLING = "quorate.sampling/1"
    MODEL = "quorate.model-randomness/1"


@dataclass(frozen=True, kw_only=True)
class ReleaseContext:
    """Which release a secret is used for. With another study, round, base or data set, all keys are others."""

    study: str
    round: int
    base: Digest
    msp: str
    dataset: str

    def encode(self) -> bytes:
        """Return the fields, each prefixed with its length, so that no two contexts look alike."""
        fields = (self.study, str(self.round), self.base, self.msp, self.dataset)
        return b"".join(struct.pack(">Q", len(text.encode())) + text.encode() for text in fields)


def derive(secret: bytes, context: ReleaseContext, purpose: Purpose) -> bytes:
    """Return the 32-byte key of one purpose within one release (RFC 5869).

    Raises
    ------
    UsageError
        When the secret does not have `SECRET_SIZE` bytes.
    """
    if len(secret) != SECRET_SIZE:
        raise UsageError(f"a training secret has {SECRET_SIZE} bytes, not {len(secret)}")
    info = purpose.encode() + b"\0" + context.encode()
    return HKDF(algorithm=SHA256(), length=_KEY_SIZE, salt=None, info=info).derive(secret)


class KeyStream:
    """Uniform 64-bit integers from ChaCha20 (RFC 8439) under one key.

    A stream gives the same integers on every machine, in whatever portions they are taken.
    """

    def __init__(self, key: bytes) -> None:
        # The cipher's own state goes on from call to call, so portions never repeat.
        self._encryptor = Cipher(algorithms.ChaCha20(key, _NONCE), mode=None).encryptor()
        self._zeros = bytes(_CHUNK)

    def uint64(self, count: int) -> NDArray[np.uint64]:
        """Return the next `count` integers, each uniform on 0 … 2^64 - 1."""
        out = bytearray(8 * count)
        view = memoryview(out)
        for start in range(0, len(out), _CHUNK):
            part = view[start : start + _CHUNK]
            self._encryptor.update_into(self._zeros[: len(part)], part)
        return np.frombuffer(out, dtype="<u8")
