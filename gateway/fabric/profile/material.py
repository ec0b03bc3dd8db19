"""Certificates and keys that a profile names or holds."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Final

from gateway.fabric.secret_file import read_pem, read_private_pem
from quorate.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.fabric.profile.document import Material

_BEGIN: Final = b"-----BEGIN "


def certificates(material: Material, base: Path, what: str) -> bytes:
    """Return certificates, PEM; relative paths begin at `base`."""
    return read_pem(_path(material, base, what)) if material.path else _inline(material, what)


def private_key(material: Material, base: Path, what: str, *, profile: Path, is_open: bool) -> bytes:
    """Return a private key, PEM.

    Parameters
    ----------
    material, base
        Where it is.
    what
        What errors call it.
    profile, is_open
        The file in which the text itself may stand, and whether others than its owner may read that file.

    Raises
    ------
    UsageError
        There is none, or others than its owner may read it.
    """
    if material.path:
        return read_private_pem(_path(material, base, what))
    if is_open:
        hint = f"Run `chmod 600 {profile}`; if others could read it before, issue a new key."
        raise UsageError(f"{what} stands in {profile}, which others than its owner may read", hint=hint)
    return _inline(material, what)


def _path(material: Material, base: Path, what: str) -> Path:
    if material.pem is not None or not material.path:
        raise UsageError(f"{what} must be given once, as a path or as PEM")
    return base / material.path


def _inline(material: Material, what: str) -> bytes:
    if material.pem is None:
        raise UsageError(f"{what} is neither a path nor PEM")
    texts = [material.pem] if isinstance(material.pem, str) else material.pem
    return b"".join(_pem(text, what) for text in texts)


def _pem(text: str, what: str) -> bytes:
    """Return PEM; fabric-sdk-py wraps it in base64 once more, the other SDKs do not."""
    data = text.strip().encode()
    if not data.startswith(_BEGIN):
        try:
            data = base64.b64decode(data, validate=True)
        except binascii.Error:
            raise UsageError(f"{what} is neither PEM nor base64 of PEM") from None
    if not data.startswith(_BEGIN):
        raise UsageError(f"{what} is base64, but not of PEM")
    return data if data.endswith(b"\n") else data + b"\n"
