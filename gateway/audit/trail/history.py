"""Every version of every record that the ledger has had, typed, each with the transaction that wrote it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from sqlalchemy import and_, func, select, tuple_

from gateway.audit.trail.tables import TRANSACTIONS, WRITES
from quorate.errors import IntegrityError, UnsupportedVersionError, UsageError
from quorate.records.common import Document

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import RowMapping

    from gateway.audit.trail.store import Trail

D = TypeVar("D", bound=Document)

Place = tuple[int, int]
"""A block and a position in it: the order of everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written(Generic[D]):
    """A version of a record, and what wrote it."""

    key: str
    place: Place
    transaction: str
    msp: str
    role: str
    certificate: str
    claimed_time: int
    record: D

    @property
    def block(self) -> int:
        """The number of the block."""
        return self.place[0]


def written(trail: Trail, form: type[D], *under: str, until: Place | None = None) -> list[Written[D]]:
    """Return every version of the records under a key, in the order of the ledger.

    Parameters
    ----------
    form
        What all of them are.
    under
        The first parts of their keys.
    until
        The last place to look at; the newest by default.

    Raises
    ------
    IntegrityError
        When something else stands under such a key.
    UnsupportedVersionError
        When a newer version of Quorate wrote one.
    """
    return [_version(form, row) for row in _rows(trail, under, until)]


def newest(trail: Trail, form: type[D], *under: str, until: Place | None = None) -> list[Written[D]]:
    """Return the last version of each record under a key, sorted by key; errors as `written`."""
    rows = _rows(trail, under, until, last_only=True)
    return [_version(form, row) for row in sorted(rows, key=lambda row: str(row["key"]))]


def _rows(
    trail: Trail, under: tuple[str, ...], until: Place | None, *, last_only: bool = False
) -> Sequence[RowMapping]:
    beginning = "~".join(under)
    is_under = (WRITES.c.key == beginning) | and_(WRITES.c.key >= f"{beginning}~", WRITES.c.key < f"{beginning}\x7f")
    wanted = select(WRITES).where(WRITES.c.kind == under[0], is_under, WRITES.c.value.is_not(None))
    if until is not None:
        wanted = wanted.where(tuple_(WRITES.c.block, WRITES.c.position) <= tuple_(*until))
    if last_only:
        place = (WRITES.c.block.desc(), WRITES.c.position.desc())
        wanted = wanted.add_columns(func.row_number().over(partition_by=WRITES.c.key, order_by=place).label("back"))
    found = wanted.subquery()
    is_same = and_(found.c.block == TRANSACTIONS.c.block, found.c.position == TRANSACTIONS.c.position)
    query = (
        select(found, *(TRANSACTIONS.c[name] for name in ("id", "msp", "role", "certificate", "claimed_time")))
        .join(TRANSACTIONS, is_same)
        .order_by(found.c.block, found.c.position, found.c.key)
    )
    if last_only:
        query = query.where(found.c.back == 1)
    with trail.engine.connect() as connection:
        return connection.execute(query).mappings().all()


def _version(form: type[D], row: RowMapping) -> Written[D]:
    return Written(
        key=row["key"],
        place=(row["block"], row["position"]),
        transaction=row["id"],
        msp=row["msp"] or "",
        role=row["role"] or "",
        certificate=row["certificate"] or "",
        claimed_time=row["claimed_time"] or 0,
        record=_parse(form, row["key"], row["block"], row["value"]),
    )


def _parse(form: type[D], key: str, block: int, value: str) -> D:
    try:
        return form.parse(value.encode())
    except UnsupportedVersionError as error:
        raise UnsupportedVersionError(f"{key} in block {block}: {error.message}", cause=error) from error
    except UsageError as error:
        raise IntegrityError(f"{key} in block {block} is not a record: {error.message}", cause=error) from error
