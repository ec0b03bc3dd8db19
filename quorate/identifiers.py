"""Names that appear in keys of the ledger and in paths, checked before they are used in either."""

from __future__ import annotations

import re
from typing import Final, NewType

from quorate.errors import UsageError

MspId = NewType("MspId", str)
StudyId = NewType("StudyId", str)
DatasetId = NewType("DatasetId", str)
RoundNumber = NewType("RoundNumber", int)

MAX_ROUND: Final = 999_999

_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_MSP_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,63}")


def parse_id(text: str) -> str:
    """Return `text` if it may name a study, a data set or anything else that members name.

    Raises
    ------
    UsageError
        When it is not 1 to 64 of ``a-z 0-9 . _ -``, beginning with a letter or digit.
    """
    if not _ID.fullmatch(text):
        raise UsageError(
            f"not an id: {text[:80]!r}",
            hint="An id has 1 to 64 of a-z 0-9 . _ - and begins with a letter or digit.",
        )
    return text


def parse_study_id(text: str) -> StudyId:
    """Return `text` as the id of a study; raise `UsageError` as `parse_id` does."""
    return StudyId(parse_id(text))


def parse_dataset_id(text: str) -> DatasetId:
    """Return `text` as the id of a data set; raise `UsageError` as `parse_id` does."""
    return DatasetId(parse_id(text))


def parse_msp_id(text: str) -> MspId:
    """Return `text` as the MSP id of an organisation.

    Raises
    ------
    UsageError
        When it is not 1 to 64 of ``A-Z a-z 0-9 . -``, beginning with a letter or digit.
    """
    if not _MSP_ID.fullmatch(text):
        raise UsageError(
            f"not an MSP id: {text[:80]!r}",
            hint="An MSP id has 1 to 64 of A-Z a-z 0-9 . - and begins with a letter or digit.",
        )
    return MspId(text)


def parse_round(number: int) -> RoundNumber:
    """Return `number` as the number of a round, counted from one.

    Raises
    ------
    UsageError
        When it is not between 1 and `MAX_ROUND`.
    """
    if not 1 <= number <= MAX_ROUND:
        raise UsageError(f"not a round number: {number}", hint=f"Rounds are numbered from 1 to {MAX_ROUND}.")
    return RoundNumber(number)
