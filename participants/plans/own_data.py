"""An author's own CSV files as the records of simulated members, and those on which their model is measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from participants.data.csvfile import read_csv
from participants.data.partition import divide
from participants.data.records import concatenate_records, records_of, require_records
from quorate.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from participants.data.records import Records
    from participants.plans.inputs import Inputs

MEMBERS: Final = 4
_MISSING: Final = frozenset({"", "?", "NA"})


def read_records(inputs: Inputs, path: Path) -> Records:
    """Return the records of a CSV file as a plan reads them; `DataError` when it does not fit the plan."""
    return require_records(records_of(read_csv(path, missing=_MISSING), inputs))


def shared_out(
    inputs: Inputs, files: Sequence[Path], *, members: int | None, seed: int
) -> tuple[list[Records], Records]:
    """Return each member's records, and those for evaluation: a fifth that no member has.

    One file is divided unevenly among `members`. Of several, each is a member's own.

    Raises
    ------
    DataError
        When a file does not fit the plan.
    UsageError
        When there are other `members` than files, or too few records.
    """
    read = [read_records(inputs, path) for path in files]
    if len(read) == 1:
        division = divide(read[0].targets, members=MEMBERS if members is None else members, seed=seed)
        return [read[0].take(rows) for rows in division.members], read[0].take(division.evaluation)
    if members not in {None, len(read)}:
        raise UsageError(
            f"{members} members cannot have {len(read)} files", hint="Leave --members out: each file is a member's own."
        )
    divisions = [divide(records.targets, members=1, seed=seed) for records in read]
    own = [records.take(division.members[0]) for records, division in zip(read, divisions, strict=True)]
    held_out = [records.take(division.evaluation) for records, division in zip(read, divisions, strict=True)]
    return own, concatenate_records(held_out)
