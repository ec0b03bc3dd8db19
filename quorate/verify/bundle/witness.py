"""witnesses/: what other members' gateways have seen of the ledger, each signed by its organisation.

A statement names headers, and the commit hashes that stand for all validation codes and writes up to their block. So it
says that there is no other chain, and what its own peer decided.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from itertools import pairwise
from typing import Annotated, ClassVar, Final, Self

from pydantic import Field, StringConstraints

from quorate.errors import UsageError
from quorate.records.common import DigestText, Document, Msp, Part, make

MAX_STATEMENT: Final = 64 << 20
MAX_SEEN: Final = 200_000

Block = Annotated[int, Field(ge=0, le=2**53 - 1)]
Time = Annotated[int, Field(ge=0, le=2**53 - 1)]
CommitHash = Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{64})?$")]


class Seen(Part):
    """A block as a gateway's own peer had it, and when the gateway saw it; the first block has no commit hash."""

    block: Block
    header: DigestText
    commit_hash: CommitHash
    observed_time: Time


class Statement(Document):
    """What an organisation's gateway says that it has seen."""

    SCHEMA: ClassVar[str] = "quorate.witness/1"
    channel: Annotated[str, StringConstraints(max_length=256)]
    msp: Msp
    certificate: Annotated[str, StringConstraints(max_length=16_384)]
    height: Annotated[int, Field(ge=1, le=2**53 - 1)]
    signed_time: Time
    seen: Annotated[list[Seen], Field(max_length=MAX_SEEN)]


class Witnessed(Document):
    """A statement with its signature: ECDSA over SHA-256 of its canonical form, or Ed25519."""

    SCHEMA: ClassVar[str] = "quorate.witnessed/1"
    statement: Statement
    signature: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9+/]{1,1024}={0,2}$")]

    @classmethod
    def signed(cls, statement: Statement, signature: bytes) -> Self:
        """Return a signed statement."""
        return make(cls, statement=statement, signature=b64encode(signature).decode("ascii"))

    @classmethod
    def read(cls, data: bytes) -> Self:
        """Return the signed statement in a file.

        Raises
        ------
        UsageError
            When it is none, is not in canonical form, or names blocks out of order or above its height.
        """
        found = cls.parse(data, limit=MAX_STATEMENT)
        blocks = [seen.block for seen in found.statement.seen]
        if found.encode() != data:
            raise UsageError("the statement is not in canonical form (RFC 8785)")
        if not blocks or any(one >= other for one, other in pairwise(blocks)) or blocks[-1] >= found.statement.height:
            raise UsageError("the statement names blocks out of order, none, or above its height")
        return found

    @property
    def raw_signature(self) -> bytes:
        """The signature's bytes.

        Raises
        ------
        UsageError
            When they are not encoded as they should be.
        """
        try:
            found = b64decode(self.signature, validate=True)
        except ValueError as error:
            raise UsageError("the statement's signature is not Base64", cause=error) from error
        if b64encode(found).decode("ascii") != self.signature:
            raise UsageError("the last digit of the statement's signature holds bits that say nothing")
        return found
