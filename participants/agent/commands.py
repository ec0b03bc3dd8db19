"""``quorate agent``: run an agent, and show its configuration."""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.service.config_file import explain, load_config
from participants.agent.config import PREFIX, AgentConfig
from participants.agent.fingerprint_commands import fingerprint, fingerprint_key
from participants.training.child import TrainerChild
from quorate.cli.logs import log_to_stderr
from quorate.cli.output import Column, Format, format_option, print_rows
from quorate.errors import ExitCode, QuorateError

if TYPE_CHECKING:
    from participants.training.child import Start

_CONFIG = click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    envvar="QUORATE_AGENT_CONFIG",
    help="The agent's configuration, agent.toml.",
)


@click.group(name="agent")
def group() -> None:
    """Run the agent next to an institution's data."""


@group.command()
@_CONFIG
def run(config: Path) -> None:
    """Take part in every round of every study that this agent's data sets are in, until SIGTERM or Ctrl-C.

    Exit status 6: the ledger refused a charge (see `on_refusal` in the configuration).
    """
    sys.exit(serve(config, start="spawn"))


for each in (fingerprint, fingerprint_key):
    group.add_command(each)


@group.group(name="config")
def config_group() -> None:
    """Look at the configuration."""


@config_group.command()
@_CONFIG
@format_option
def show(config: Path, format_: Format) -> None:
    """Print the effective configuration and where each value came from."""
    columns = tuple(Column(key=key, title=key) for key in ("name", "value", "source"))
    print_rows(explain(config, AgentConfig, prefix=PREFIX), columns=columns, format_=format_)


def serve(path: Path, *, start: Start) -> int:
    """Run an agent until it is told to stop, and return its exit status.

    The training process is started before the signing key is read.
    """
    log_to_stderr(logging.INFO, "%(asctime)s %(levelname)s %(name)s %(message)s")
    try:
        config = load_config(path, AgentConfig, prefix=PREFIX)
        child = TrainerChild.start(plans=config.plans, method=start)
        return asyncio.run(_until_told(config, child, start))
    except QuorateError as error:
        click.echo(error.diagnostics(), err=True)
        return int(error.exit_code)


async def _until_told(config: AgentConfig, child: TrainerChild, start: Start) -> int:
    # The nursery forks agents after importing everything; only now is there an event loop, a key, a channel.
    from participants.agent.run import run_agent  # noqa: PLC0415

    loop = asyncio.get_running_loop()
    work = asyncio.create_task(run_agent(config, child=child, start=start, ready=lambda: _say_ready(config)))
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, work.cancel)
    try:
        await work
    except asyncio.CancelledError:
        logging.getLogger(__name__).info("the agent ends as it was told")
    return int(ExitCode.DONE)


def _say_ready(config: AgentConfig) -> None:
    datasets = [dataset.id for dataset in config.datasets]
    click.echo(json.dumps({"schema": "quorate.agent.ready/1", "msp_id": config.msp_id, "datasets": datasets}))
    sys.stdout.flush()
