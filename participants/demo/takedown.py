"""Ending what `--keep` left running: by recorded processes only, never a stranger with the same number."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from network.engine import driver_of
from network.home import NetworkHome
from participants.demo.processes import stop_recorded
from quorate.errors import NotFoundError

if TYPE_CHECKING:
    from pathlib import Path


def take_down(directory: Path) -> None:
    """End agents, gateways and ledger of a demo's directory, in this order.

    Raises
    ------
    NotFoundError
        When the directory is no demo's.
    """
    if not (directory / "network").is_dir():
        raise NotFoundError(f"{directory} is not the directory of a demo")
    ended = 0
    for pid_file in (directory / "nursery" / "nursery.pid", *sorted((directory / "members").glob("*/gateway.pid"))):
        ended += stop_recorded(pid_file)
    home = NetworkHome(directory / "network")
    ended += driver_of(home).stop(home)
    click.echo(f"ended {ended} processes in {directory}", err=True)
