"""Tokens of time-stamping authorities (RFC 3161) over headers: that the ledger up to there is at least so old."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from cryptography import x509

from quorate.blocks.errors import BlockError
from quorate.errors import UsageError
from quorate.verify.bundle import names
from quorate.verify.bundle.token import require_one_form
from quorate.verify.report import Step
from quorate.verify.wording import count

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from types import ModuleType

    from quorate.verify.bundle.reader import Bundle
    from quorate.verify.findings import Findings
    from quorate.verify.steps.chain import Chain

_STEP = Step.WITNESSES
_SHA256 = x509.ObjectIdentifier("2.16.840.1.101.3.4.2.1")


def parse_roots(pem: bytes) -> tuple[x509.Certificate, ...]:
    """Return the authorities in a PEM text.

    Raises
    ------
    UsageError
        When it holds none.
    """
    try:
        return tuple(x509.load_pem_x509_certificates(pem))
    except ValueError as error:
        raise UsageError("the time-stamping authority's root is not readable PEM", cause=error) from error


def verify_timestamps(bundle: Bundle, chain: Chain, roots: Sequence[x509.Certificate], findings: Findings) -> None:
    """Compare every token with the header that it is about; say what nobody could compare."""
    tokens = [name for name in bundle.members if names.is_timestamp(name)]
    library = _library()
    if tokens and (library is None or not roots):
        why = "no root of an authority was given" if library else "the Python package rfc3161-client is not installed"
        findings.not_checked(_STEP, f"{count(len(tokens), 'time-stamp')} of headers", why=why)
        return
    for name in tokens:
        with findings.catching(_STEP, name):
            number = names.block_number(name)
            if number >= len(chain.headers):
                raise BlockError(f"the chain ends with block {len(chain.headers) - 1}")
            moment = verify_token(library, bundle.read(name), chain.headers[number].hash, roots)
            text = moment.astimezone(UTC).isoformat(timespec="seconds")
            findings.verified(_STEP, f"block {number} was there at {text}, as a time-stamping authority signed")


def _library() -> ModuleType | None:
    try:
        import rfc3161_client  # noqa: PLC0415 - an extra that few verifiers need
    except ModuleNotFoundError:
        return None
    return rfc3161_client


def verify_token(
    library: ModuleType | None, token: bytes, header_hash: bytes, roots: Sequence[x509.Certificate]
) -> datetime:
    """Return when an authority below one of the roots signed this hash, as its token says.

    Raises
    ------
    BlockError
        When the token does not hold.
    UsageError
        When there is no library to read it with.
    """
    if library is None:
        raise UsageError("the Python package rfc3161-client is not installed")
    try:
        response = library.decode_timestamp_response(token)
        if response.as_bytes() != token:
            raise BlockError("the time-stamp is not in its one form")
        require_one_form(token)
        if response.tst_info.message_imprint.hash_algorithm != _SHA256:
            raise BlockError("the time-stamp is over another hash than SHA-256")
        library.VerifierBuilder(roots=list(roots)).build().verify(response, header_hash)
        found: datetime = response.tst_info.gen_time
    except (ValueError, TypeError, library.VerificationError) as error:
        raise BlockError(f"the time-stamp does not hold: {error}", cause=error) from error
    return found
