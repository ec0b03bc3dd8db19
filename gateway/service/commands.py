"""``quorate gateway``: run an organisation's gateway, and show its configuration."""

from __future__ import annotations

import asyncio
import faulthandler
import json
import logging
import signal
from pathlib import Path

import click

from gateway.service.allocator import keep_freed_memory
from gateway.service.config import PREFIX, GatewayConfig
from gateway.service.config_file import explain, load_config
from quorate.cli.logs import log_to_stderr
from quorate.cli.output import Column, Format, format_option, print_rows

_CONFIG = click.option(
    "--config",
    "path",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="The gateway's TOML file.",
)
_COLUMNS = (
    Column(key="name", title="name"),
    Column(key="value", title="value"),
    Column(key="source", title="from"),
)


@click.group()
def group() -> None:
    """Run an organisation's gateway."""


@group.command()
@_CONFIG
@click.option("--verbose", "-v", is_flag=True, help="Say more on standard error.")
def serve(path: Path, *, verbose: bool) -> None:
    """Serve until SIGTERM or SIGINT, then finish what is under way.

    Prints one JSON line on standard output once the gateway answers.
    """
    log_to_stderr(logging.INFO if verbose else logging.WARNING, "%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)  # it names each of its own parts as they load
    faulthandler.enable(2)  # a crash inside a library leaves its stack in the log, not nothing
    settings = load_config(path, GatewayConfig, prefix=PREFIX)
    keep_freed_memory()
    asyncio.run(_serve(settings))


@group.group()
def config() -> None:
    """Look at the configuration."""


@config.command()
@_CONFIG
@format_option
def show(path: Path, format_: Format) -> None:
    """Print every effective value and where it came from. Keys stay in the files that are named."""
    print_rows(explain(path, GatewayConfig, prefix=PREFIX), columns=_COLUMNS, format_=format_)


async def _serve(settings: GatewayConfig) -> None:
    # gRPC takes a third of a second to import, and showing the configuration does not need it.
    from gateway.aggregator import run  # noqa: PLC0415
    from gateway.service.serve import Running, serve_until  # noqa: PLC0415

    def ready(running: Running) -> None:
        line = {"schema": "quorate.gateway.ready/1", "msp_id": settings.msp, "address": running.address}
        click.echo(json.dumps(line, separators=(",", ":")))

    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await serve_until(settings, run, ready=ready, stop=stop)
