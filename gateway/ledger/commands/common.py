"""What the ledger's commands share: the profile option, running to the end, reading documents, printing records."""

from __future__ import annotations

import asyncio
import json
import tomllib
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from gateway.ledger.session import Profile, open_session
from quorate import canonical
from quorate.cli.files import read_bounded
from quorate.cli.output import Format, format_option, print_document
from quorate.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from quorate.records.common import Document

_LIMIT: Final = 256 * 1024


def ledger_command(group: click.Group, name: str) -> Callable[[Callable[..., Coroutine[Any, Any, Any]]], click.Command]:
    """Make a coroutine of (session, format_, …) a command of `group` with ``--profile`` and ``--format``."""

    def decorate(function: Callable[..., Coroutine[Any, Any, Any]]) -> click.Command:
        @wraps(function)
        def run(profile: Path, **arguments: Any) -> Any:  # noqa: ANN401 (whatever the command returns)
            return asyncio.run(_in_session(function, profile, arguments))

        command = group.command(name)(format_option(run))
        command.params.append(_profile_option())
        return command

    return decorate


def _profile_option() -> click.Option:
    return click.Option(
        ["--profile"],
        type=click.Path(path_type=Path, dir_okay=False),
        envvar="QUORATE_PROFILE",
        required=True,
        help="The profile (TOML) that says who you are and where your gateway is; also QUORATE_PROFILE.",
    )


async def _in_session(function: Callable[..., Coroutine[Any, Any, Any]], path: Path, arguments: dict[str, Any]) -> Any:  # noqa: ANN401
    async with open_session(Profile.load(path)) as session:
        return await function(session, **arguments)


def read_document(path: Path) -> dict[str, canonical.JSON]:
    """Return the object in a JSON or TOML file, without floats.

    Raises
    ------
    UsageError
        When the file cannot be read or holds anything else.
    """
    data = read_bounded(path, limit=_LIMIT, what="a document")
    if path.suffix == ".toml":
        data = _toml_as_json(path, data)
    try:
        value = canonical.loads(data, limit=_LIMIT)
    except UsageError as error:
        raise UsageError(f"{path}: {error}", cause=error) from error
    if not isinstance(value, dict):
        raise UsageError(f"{path} does not hold an object")
    return value


def _toml_as_json(path: Path, data: bytes) -> bytes:
    try:
        return json.dumps(tomllib.loads(data.decode())).encode()
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, TypeError) as error:
        raise UsageError(f"{path} is not TOML that JSON can say: {error}", cause=error) from error


def print_record(record: Document, format_: Format) -> None:
    """Print one record as the ledger holds it."""
    print_document(record.as_json(), format_=format_)
