"""The parts of a time-stamp (RFC 3161, RFC 5652) that its signature leaves out: they can be said in one way only."""

from __future__ import annotations

from typing import Final

from quorate.blocks.der import INTEGER, OCTET_STRING, SEQUENCE, Elements
from quorate.blocks.errors import BlockError

_SET, _CERTIFICATES, _REVOCATIONS = 0x31, 0xA0, 0xA1
_CONTENT = _SIGNED = 0xA0
_OF_SIGNED_DATA: Final = b"\x03"
_OF_SIGNER: Final = b"\x01"
_PKCS1: Final = "2a864886f70d0101"
_ALGORITHMS: Final = {
    bytes.fromhex(f"60864801650304020{digest}"): {
        bytes.fromhex(f"300a06082a8648ce3d04030{ecdsa}"),
        bytes.fromhex(f"300d0609{_PKCS1}010500"),
        bytes.fromhex(f"300d0609{_PKCS1}{rsa}0500"),
    }
    for digest, ecdsa, rsa in ((1, 2, "0b"), (2, 3, "0c"), (3, 4, "0d"))
}
"""By digest (SHA-256, 384, 512): ECDSA, and RSA by either of its names."""


def require_one_form(response: bytes) -> None:
    """Return when versions and signature algorithm of a time-stamp are those that it must have.

    Raises
    ------
    BlockError
        When they are not, it has another number of signers than one, or it is no time-stamp.
    """
    whole = Elements(response).enter()
    whole.take(SEQUENCE)  # the authority's status, which the library reads
    token = whole.enter()
    token.take_whole(token.next_tag or 0)
    data = token.enter(_CONTENT).enter()
    _require(data.take(INTEGER) == _OF_SIGNED_DATA, "its version")
    data.take(_SET)
    data.take(SEQUENCE)
    for tag in (_CERTIFICATES, _REVOCATIONS):
        if data.next_tag == tag:
            data.take(tag)
    signers = data.enter(_SET)
    _require_signer(signers.enter())
    _require(signers.next_tag is None, "the number of its signers")


def _require_signer(signer: Elements) -> None:
    _require(signer.take(INTEGER) == _OF_SIGNER, "its signer's version")
    signer.take(SEQUENCE)
    digest = signer.enter()
    allowed = _ALGORITHMS.get(digest.take(digest.next_tag or 0), set())
    signer.take(_SIGNED)
    _require(signer.take_whole(SEQUENCE) in allowed, "its signature's algorithm")
    signer.take(OCTET_STRING)
    _require(signer.next_tag is None, "what stands behind its signature")


def _require(holds: bool, what: str) -> None:  # noqa: FBT001 - the question is the argument
    if not holds:
        raise BlockError(f"{what} is none that a time-stamp has")
