"""Options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import click

if TYPE_CHECKING:
    from collections.abc import Callable

Decorator: TypeAlias = "Callable[[Callable[..., Any]], Callable[..., Any]]"
_ANYBODY: Final = "The profile (TOML) that says who you are and where your gateway is; also QUORATE_PROFILE."
_OFFICER: Final = "The profile (TOML) of your organisation's officer; also QUORATE_PROFILE."


def profile_option(*, officer: bool = False, required: bool = True) -> Decorator:
    """Give a command ``--profile``, of an officer where only an officer can use it."""
    return click.option(
        "--profile",
        type=click.Path(path_type=Path, dir_okay=False),
        envvar="QUORATE_PROFILE",
        required=required,
        help=_OFFICER if officer else _ANYBODY,
    )


def genesis_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command ``--genesis`` and ``--trust-bundle-genesis``, one of which a bundle is verified by."""
    trust = click.option(
        "--trust-bundle-genesis",
        is_flag=True,
        help="Take the bundle's own genesis; the report then says that nothing ties it to a ledger you know.",
    )
    pin = click.option(
        "--genesis", metavar="sha256:…", help="Digest of the ledger's first header, from elsewhere than the bundle."
    )
    return pin(trust(command))
