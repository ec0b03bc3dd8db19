"""Takes blocks into the trail, each with what it says or not at all."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Protocol, Self

from sqlalchemy import func, insert, select
from sqlalchemy.exc import SQLAlchemyError

from gateway.audit.trail.rows import BlockRows, header_rows, rows_of
from gateway.audit.trail.schema import open_engine
from gateway.audit.trail.tables import BLOCKS, CONFIGURATIONS, EVENTS, TRANSACTIONS, WRITES
from quorate.blocks.config import ChannelConfig
from quorate.errors import IntegrityError, StorageError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from pathlib import Path

    from sqlalchemy import Connection, Engine, Table

    from quorate.blocks.header import BlockHeader

_BATCH: Final = 64
"""Blocks that are written in one transaction of the database."""


class Observer(Protocol):
    """Remembers when the own organisation first saw each block, whatever becomes of the trail."""

    def times(self, blocks: Collection[int]) -> Mapping[int, int]:
        """Return Unix milliseconds for those of the blocks that were seen as they came."""
        ...


class _Nobody:
    def times(self, _blocks: Collection[int]) -> Mapping[int, int]:
        return MappingProxyType({})


class Trail:
    """Every block of a channel as rows. One writer at a time; any number of readers beside it.

    Parameters
    ----------
    engine
        What `open_engine` returned.
    chaincode
        The name of Quorate's chaincode on the channel.
    observer
        Says when blocks were first seen; by default nobody saw any.
    """

    def __init__(self, engine: Engine, *, chaincode: str = "quorate", observer: Observer | None = None) -> None:
        self.engine = engine
        self.chaincode = chaincode
        self._observer = observer or _Nobody()
        self._configuration: tuple[int, ChannelConfig] | None = None

    @classmethod
    def open(cls, path: Path | None, *, chaincode: str = "quorate", observer: Observer | None = None) -> Self:
        """Open the trail in a file, or one in memory.

        Raises
        ------
        StorageError
            When the file cannot be opened or is no trail.
        UnsupportedVersionError
            When a newer version of Quorate has written it.
        """
        return cls(open_engine(path), chaincode=chaincode, observer=observer)

    def observed(self, blocks: Iterable[int]) -> Mapping[int, int]:
        """Return when the own organisation first saw blocks, Unix milliseconds; those are left out that it did not."""
        return self._observer.times(frozenset(blocks))

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()

    @property
    def height(self) -> int:
        """How many blocks there are."""
        with self.engine.connect() as connection:
            return _height(connection)

    @property
    def genesis(self) -> str | None:
        """Digest of the first block's header; None before there is one."""
        with self.engine.connect() as connection:
            found = connection.execute(select(BLOCKS.c.hash).where(BLOCKS.c.number == 0)).scalar()
        return None if found is None else str(found)

    @property
    def head(self) -> str | None:
        """Digest of the newest block's header; None before there is one."""
        with self.engine.connect() as connection:
            return connection.execute(select(BLOCKS.c.hash).order_by(BLOCKS.c.number.desc()).limit(1)).scalar()

    def hashes(self) -> dict[int, tuple[str, str | None]]:
        """Return the digest of each block's header, and its commit hash where it is known."""
        query = select(BLOCKS.c.number, BLOCKS.c.hash, BLOCKS.c.commit_hash)
        with self.engine.connect() as connection:
            return {number: (digest, commit) for number, digest, commit in connection.execute(query)}

    def append(self, blocks: Iterable[bytes]) -> int:
        """Take whole blocks in their order, beginning at `height`, and return the height after them.

        What was taken before an error stays taken.

        Raises
        ------
        BlockError
            When one is no block in its one form.
        IntegrityError
            When one is not the next, or does not follow on the one before.
        StorageError
            When they cannot be written.
        """
        batch: list[BlockRows] = []
        for data in blocks:
            batch.append(rows_of(data, chaincode=self.chaincode))
            if len(batch) >= _BATCH:
                self._take(batch)
                batch = []
        self._take(batch)
        return self.height

    def append_header(self, header: BlockHeader) -> None:
        """Take a block of which only the header is known; errors as `append`."""
        self._take([header_rows(header)])

    def configuration(self) -> ChannelConfig | None:
        """Return the channel's configuration in force; None before there is one.

        Raises
        ------
        BlockError
            When it cannot be read.
        """
        newest = select(func.max(CONFIGURATIONS.c.block))
        with self.engine.connect() as connection:
            block = connection.execute(newest).scalar()
            if block is None:
                return None
            if self._configuration is None or self._configuration[0] != block:
                entry = connection.execute(
                    select(CONFIGURATIONS.c.entry).where(CONFIGURATIONS.c.block == block)
                ).scalar_one()
                self._configuration = block, ChannelConfig(entry)
        return self._configuration[1]

    def _take(self, batch: list[BlockRows]) -> None:
        if not batch:
            return
        try:
            with self.engine.begin() as connection:
                _check_links(connection, batch)
                _insert(connection, BLOCKS, [rows.block for rows in batch])
                _insert(connection, CONFIGURATIONS, [row for rows in batch for row in rows.configurations])
                _insert(connection, TRANSACTIONS, [row for rows in batch for row in rows.transactions])
                _insert(connection, EVENTS, _numbered(connection, batch))
                # An altered chaincode may write keys that read alike: the last one stands, and the trail goes on.
                _insert(connection, WRITES, [row for rows in batch for row in rows.writes], how="OR REPLACE")
        except SQLAlchemyError as error:
            raise StorageError(f"the trail cannot be written: {error.__cause__ or error}", cause=error) from error


def _height(connection: Connection) -> int:
    newest = connection.execute(select(func.max(BLOCKS.c.number))).scalar()
    return 0 if newest is None else int(newest) + 1


def _check_links(connection: Connection, batch: list[BlockRows]) -> None:
    height = _height(connection)
    known = connection.execute(select(BLOCKS.c.hash).where(BLOCKS.c.number == height - 1)).scalar() or ""
    for rows in batch:
        if rows.number != height:
            raise IntegrityError(f"block {rows.number} came where block {height} was due")
        if rows.previous != known:
            raise IntegrityError(f"block {rows.number} does not follow on block {height - 1} as the trail has it")
        known, height = rows.block["hash"], height + 1


def _numbered(connection: Connection, batch: list[BlockRows]) -> list[dict[str, object]]:
    last = connection.execute(select(func.max(EVENTS.c.sequence))).scalar() or 0
    events = (row for rows in batch for row in rows.events)
    return [{**row, "sequence": sequence} for sequence, row in enumerate(events, last + 1)]


def _insert(connection: Connection, table: Table, rows: list[dict[str, object]], *, how: str = "") -> None:
    if rows:
        connection.execute(insert(table).prefix_with(how) if how else insert(table), rows)
