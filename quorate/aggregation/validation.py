"""Whether an update's bytes are what the terms and the commit ask for; the same answer for everybody, always."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from quorate.errors import UsageError
from quorate.fixedpoint import MAX_BOUND, require_range
from quorate.tensors import Reader, TensorFileError

if TYPE_CHECKING:
    from quorate.digest import Digest
    from quorate.fixedpoint import Integers
    from quorate.tensors import Header, Schema, Source


class Reason(StrEnum):
    """Why an update is invalid: the first of these that is wrong, in the order of the checks."""

    HEADER = "header"
    DTYPE = "dtype"
    KIND = "kind"
    STUDY = "study"
    ROUND = "round"
    MEMBER = "member"
    DATASET = "dataset"
    BASE = "base"
    NAMES = "names"
    SHAPES = "shapes"
    SIZE = "size"
    BOUND = "bound"


class InvalidUpdate(UsageError):  # noqa: N818 (a finding about somebody's bytes, recorded on the ledger as such)
    """An update breaks the format and is left out of its round.

    Parameters
    ----------
    reason
        What is wrong.
    message
        A sentence with what was found and what was expected.
    """

    meaning = "The update's bytes are not what the study's terms and the member's commit ask for."
    advice = "The round goes on without it; its member finds the reason in the round's record."

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason

    def __reduce__(self) -> tuple[type[InvalidUpdate], tuple[Reason, str]]:
        return type(self), (self.reason, self.message)


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateTerms:
    """What the terms and the commit say about one update.

    Parameters
    ----------
    schema
        The model's schema.
    header
        Study, round, member, data set and base of the update.
    bound
        The largest magnitude of an element, 1 to `quorate.fixedpoint.MAX_BOUND`.

    Raises
    ------
    UsageError
        When the header is a model's or the bound is out of range.
    """

    schema: Schema
    header: Header
    bound: int

    def __post_init__(self) -> None:
        if self.header.kind != "update":
            raise UsageError("only an update is validated against the terms of updates")
        if not 1 <= self.bound <= MAX_BOUND:
            raise UsageError(f"the bound {self.bound} is not between 1 and {MAX_BOUND}")


def validate_update(source: Source, *, terms: UpdateTerms, digest: Digest | None = None) -> None:
    """Return when the bytes are a valid update under `terms`.

    Whether they are the *right* bytes is another question: with `digest` it is asked too.

    Raises
    ------
    InvalidUpdate
        With the reason; a pure function of the bytes and the terms.
    IntegrityError
        When everything else is right but the bytes do not have the digest: fetch them elsewhere.
    """
    try:
        with Reader(source, terms.schema, terms.header, digest=digest) as reader:
            for chunk in reader.chunks():
                _require_bound(chunk, terms.bound)
    except TensorFileError as error:
        raise InvalidUpdate(Reason(error.fault), error.message) from error


def _require_bound(chunk: Integers, bound: int) -> None:
    try:
        require_range(chunk, bound, what="an element")
    except UsageError as error:
        raise InvalidUpdate(Reason.BOUND, error.message) from error
