"""What an officer signs to log in, and the answer that carries the signature.

What is signed begins with words that begin nothing else which a Fabric identity signs: an answer is of no use on a
ledger. It names the portal, the channel and its end, so that it is of no use elsewhere or later either.
"""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Annotated, ClassVar, Final, TypeVar

from pydantic import Field, StringConstraints

from quorate.errors import UsageError
from quorate.records.common import Document, Hex, Milliseconds, Msp, make

_DOMAIN: Final = b"quorate portal login\x00"
_LIMIT: Final = 16 * 1024

D = TypeVar("D", bound=Document)

Origin = Annotated[str, StringConstraints(pattern=r"^https?://[A-Za-z0-9.:\[\]_-]{1,300}$")]


class Challenge(Document):
    """What the login page shows.

    Attributes
    ----------
    origin
        The portal's own address, as its configuration states it.
    """

    SCHEMA: ClassVar[str] = "quorate.portal.challenge/1"
    channel: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9.-]{0,248}$")]
    msp: Msp
    origin: Origin
    nonce: Hex
    expires: Milliseconds

    @property
    def signed_bytes(self) -> bytes:
        """What is signed."""
        return _DOMAIN + self.encode()


class Answer(Document):
    """A signed challenge."""

    SCHEMA: ClassVar[str] = "quorate.portal.answer/1"
    nonce: Hex
    msp: Msp
    certificate: Annotated[str, Field(max_length=8192)]
    signature: Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{2}){1,512}$")]


def to_text(document: Document) -> str:
    """Return a document as one word that can be copied."""
    return urlsafe_b64encode(document.encode()).decode("ascii").rstrip("=")


def challenge_of(text: str) -> Challenge:
    """Return the challenge in a word; `UsageError` when there is none."""
    return _parsed(Challenge, text, "challenge")


def answer_of(text: str) -> Answer:
    """Return the answer in a word; `UsageError` when there is none."""
    return _parsed(Answer, text, "answer")


def make_answer(challenge: Challenge, *, msp: str, certificate: str, signature: bytes) -> Answer:
    """Return the answer to a challenge."""
    return make(Answer, nonce=challenge.nonce, msp=msp, certificate=certificate, signature=signature.hex())


def _parsed(kind: type[D], text: str, what: str) -> D:
    data = _bytes(text, what)
    try:
        return kind.parse(data, limit=_LIMIT)
    except UsageError as error:
        raise UsageError(f"this is no {what}: {error}", hint=f"Copy the whole {what}.", cause=error) from error


def _bytes(text: str, what: str) -> bytes:
    word = "".join(text.split())
    if not word or len(word) > _LIMIT:
        raise UsageError(f"this is no {what}", hint=f"Copy the whole {what}.")
    try:
        return urlsafe_b64decode(word + "=" * (-len(word) % 4))
    except (binascii.Error, ValueError) as error:
        raise UsageError(f"this is no {what}", hint=f"Copy the whole {what}.", cause=error) from error
