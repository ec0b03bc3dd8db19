"""Reviewers as keyed pseudonyms: only who has the organisation's key can tell who it was, and without it nobody can."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import unicodedata
from typing import TYPE_CHECKING, Final

from gateway.fabric.secret_file import read_private_pem, write_new_secret
from quorate.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_TAG: Final = b"quorate reviewer 1\n"
_BYTES: Final = 32
_LONGEST: Final = 200


def pseudonym(key: bytes, msp: str, name: str) -> str:
    """Return a person's pseudonym, 64 hexadecimal digits: HMAC-SHA256 over organisation and name.

    Parameters
    ----------
    key
        The organisation's, 32 bytes.
    name
        What the organisation calls the person, such as an employee number; white space around it does not matter.

    Raises
    ------
    UsageError
        When there is no name, or it is longer than 200 characters.
    """
    plain = unicodedata.normalize("NFC", name.strip())
    if not 0 < len(plain) <= _LONGEST:
        raise UsageError(f"a reviewer's name has from 1 to {_LONGEST} characters")
    return hmac.new(key, _TAG + msp.encode() + b"\n" + plain.encode(), hashlib.sha256).hexdigest()


def resolve(key: bytes, msp: str, names: Iterable[str]) -> dict[str, str]:
    """Return which of the names stands behind each pseudonym."""
    return {pseudonym(key, msp, name): name.strip() for name in names}


def new_key(path: Path) -> None:
    """Write a new key to a file that only its owner can read.

    Raises
    ------
    AlreadyExistsError
        When there is such a file: with another key, the pseudonyms so far could not be resolved.
    StorageError
        When it cannot be written.
    """
    write_new_secret(
        path,
        secrets.token_hex(_BYTES).encode() + b"\n",
        hint="One key serves the organisation; whoever destroys it makes its reviewers unknown for good.",
    )


def read_key(path: Path) -> bytes:
    """Return the key in a file.

    Raises
    ------
    UsageError
        When others than its owner may read it, or it is no key.
    StorageError
        When it cannot be read.
    """
    text = read_private_pem(path).strip()
    try:
        key = bytes.fromhex(text.decode("ascii"))
    except (ValueError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is not a reviewers' key", cause=error) from error
    if len(key) != _BYTES:
        raise UsageError(f"{path} holds {len(key)} bytes, and a reviewers' key has {_BYTES}")
    return key
