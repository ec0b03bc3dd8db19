"""Opens the trail's file and brings it to this version's tables."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Final

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import StaticPool, create_engine, event
from sqlalchemy.exc import SQLAlchemyError

from quorate.errors import StorageError, UnsupportedVersionError, UsageError

if TYPE_CHECKING:
    from sqlalchemy import Engine

_MIGRATIONS: Final = Path(__file__).with_name("migrations")
_COPY: Final = "Name a copy of a gateway's `audit/trail.db`."


def open_engine(path: Path | None) -> Engine:
    """Return an engine on the trail's file, made if there is none and readable by its owner only; None is in memory.

    Raises
    ------
    StorageError
        When the file cannot be opened or is no such file.
    UnsupportedVersionError
        When a newer version of Quorate has written it.
    """
    engine = _in_memory() if path is None else _on_disk(path)
    try:
        _migrate(engine)
    except SQLAlchemyError as error:
        hint = "Delete the file: the trail is made anew from the ledger."
        raise StorageError(f"{path} cannot be used as a trail: {_reason(error)}", hint=hint, cause=error) from error
    except CommandError as error:
        raise UnsupportedVersionError(
            f"{path} was written by a newer version of Quorate",
            hint="Use that version, or delete the file: the trail is made anew from the ledger.",
            cause=error,
        ) from error
    return engine


def require_trail(path: Path) -> None:
    """Return when a file is a trail. A file that is none is left as it is, where `open_engine` would make it one.

    Raises
    ------
    UsageError
    """
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            found = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    except sqlite3.Error as error:
        raise UsageError(f"{path} is no trail: {error}", hint=_COPY, cause=error) from error
    if not {"alembic_version", "blocks"} <= found:
        raise UsageError(f"{path} is no trail: it is another database", hint=_COPY)


def _in_memory() -> Engine:
    # One connection for all threads, since a database in memory is its connection's.
    return create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})


def _on_disk(path: Path) -> Engine:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))
    except OSError as error:
        raise StorageError(f"{path} cannot be opened: {error.strerror}", cause=error) from error
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": 30})
    event.listen(engine, "connect", _configure)
    return engine


def _configure(connection: sqlite3.Connection, _record: object) -> None:
    # What a power cut takes from the newest blocks is read from the ledger again.
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "cache_size=-32000"):
        connection.execute(f"PRAGMA {pragma}")


def _migrate(engine: Engine) -> None:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _reason(error: SQLAlchemyError) -> str:
    return str(error.__cause__ or error).splitlines()[0]
