"""Asks a time-stamping authority (RFC 3161) to sign that the last header was there now."""

from __future__ import annotations

import urllib.request
from http.client import HTTPException
from typing import TYPE_CHECKING, Final
from urllib.error import URLError
from urllib.parse import urlsplit

from quorate.errors import UnreachableError, UsageError
from quorate.verify.bundle import names

if TYPE_CHECKING:
    from gateway.audit.staging import Staging
    from quorate.blocks.header import BlockHeader

_SECONDS: Final = 20.0
_MOST: Final = 64 * 1024


def add_timestamp(url: str, header: BlockHeader, staged: Staging) -> None:
    """Write the authority's token for a header into a bundle; whether it holds is the verifier's to say.

    Raises
    ------
    UsageError
        When the address is none, the extra is not installed, or the answer is too large.
    UnreachableError
        When the authority does not answer.
    """
    if urlsplit(url).scheme not in {"http", "https"}:
        raise UsageError(
            f"{url[:120]!r} is no address of a time-stamping authority", hint="Such as http://tsa.example/"
        )
    request = urllib.request.Request(  # noqa: S310 - the scheme was looked at
        url, data=_query(header), headers={"Content-Type": "application/timestamp-query"}
    )
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310 - as above
            token = answer.read(_MOST + 1)
    except (URLError, HTTPException, OSError) as error:
        raise UnreachableError(f"the time-stamping authority does not answer: {error}", cause=error) from error
    if not token or len(token) > _MOST:
        raise UsageError(f"the time-stamping authority answered with {len(token)} bytes")
    staged.write(names.timestamp_name(header.number), token)


def _query(header: BlockHeader) -> bytes:
    try:
        from rfc3161_client import HashAlgorithm, TimestampRequestBuilder  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        hint = "Install the extra: pip install 'quorate[timestamps]'"
        raise UsageError("time-stamps need the Python package rfc3161-client", hint=hint, cause=error) from error
    builder = TimestampRequestBuilder().data(header.encoded).hash_algorithm(HashAlgorithm.SHA256)
    found: bytes = builder.build().as_bytes()
    return found
