"""``quorate network``: a ledger on this machine, for development, demos and tests."""

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from network import embedded_engine
from network.engine import Engine, require_available
from network.home import NetworkHome
from network.logs import follow_log, read_log
from network.pidfile import ProcessRecord
from network.status import State, network_status
from network.topology import Topology
from quorate.cli.output import Column, Format, format_option, print_document, print_rows
from quorate.cli.terminal import printable
from quorate.errors import AlreadyExistsError, CheckFailedError, StorageError

_DEFAULT_MEMBERS = ("Alder", "Birch", "Cedar", "Elm")
_STATUS_COLUMNS = (
    Column(key="name", title="Name"),
    Column(key="kind", title="Kind"),
    Column(key="state", title="State"),
    Column(key="pid", title="Process", justify="right"),
    Column(key="address", title="Address"),
)


@click.group("network", context_settings={"help_option_names": ["-h", "--help"]})
def group() -> None:
    """Run a ledger on this machine: for development, demos and tests, never for production."""


def _engine_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--engine",
        type=click.Choice(Engine, case_sensitive=False),
        default=Engine.EMBEDDED,
        show_default=True,
        callback=_check_engine,
        expose_value=False,
        help="What the ledger runs on.",
    )(command)


def _check_engine(_context: click.Context, _parameter: click.Parameter, engine: Engine) -> None:
    require_available(engine)


def _home_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--directory",
        "home",
        type=click.Path(file_okay=False, path_type=Path),
        default=Path("quorate-network"),
        show_default=True,
        callback=lambda _context, _parameter, directory: NetworkHome(directory.absolute()),
        help="Where the network keeps its keys, ledger and log.",
    )(command)


def _topology_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--topology",
        type=click.Path(dir_okay=False, path_type=Path),
        default=Path("topology.toml"),
        show_default=True,
        help="The file that says which organisations there are.",
    )(command)


@group.command()
@_engine_option
@_topology_option
@click.option("--member", "members", multiple=True, metavar="NAME", help="A member organisation; repeat for each.")
def init(topology: Path, members: tuple[str, ...]) -> None:
    """Write a topology file.

    Without --member it holds four members, to be edited as you like.
    """
    text = Topology.for_members(members or _DEFAULT_MEMBERS).to_toml()
    try:
        with topology.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        hint = "Edit it, delete it, or name another file with --topology."
        raise AlreadyExistsError(f"{topology} exists and is kept as it is.", hint=hint, cause=error) from error
    except OSError as error:
        raise StorageError(f"Cannot write {topology}: {error.strerror}.", cause=error) from error
    start = f"quorate network up --topology {shlex.quote(str(topology))}"
    click.echo(f"Wrote {topology}. Start the network: {start}", err=True)


@group.command()
@_engine_option
@_topology_option
@_home_option
@format_option
def up(topology: Path, home: NetworkHome, format_: Format) -> None:
    """Start the network.

    Returns when it answers. A ledger that exists goes on where it was.
    """
    network = embedded_engine.start(home, Topology.load(topology))
    network.process.release()
    connection = network.connection
    click.echo(printable(connection.notice), err=True)
    click.echo(f"How to connect: {home.connection}", err=True)
    document = connection.model_dump(mode="json", by_alias=True)
    if format_ is Format.TABLE:
        keep = ("engine", "channel", "chaincode", "genesis", "pid")
        document = {key: document[key] for key in keep} | {"connection": str(home.connection)}
    print_document(document, format_=format_)


@group.command()
@_engine_option
@_home_option
def down(home: NetworkHome) -> None:
    """End the network.

    Its ledger and keys are kept for the next start.
    """
    was_running = embedded_engine.stop(home)
    click.echo("The network has ended." if was_running else "The network was not running.", err=True)


@group.command()
@_engine_option
@_home_option
@format_option
def status(home: NetworkHome, format_: Format) -> None:
    """Show whether the network runs and answers.

    The exit status is 1 if its process crashed, or a port that should answer does not.
    """
    found = network_status(home)
    print_rows([line.as_row() for line in found], columns=_STATUS_COLUMNS, format_=format_)
    wrong = [f"{line.kind} {line.name}: {line.state}" for line in found if line.state in {State.CRASHED, State.SILENT}]
    if wrong:
        raise CheckFailedError(
            f"Not as it should be: {', '.join(wrong)}.",
            hint="Read why: quorate network logs. Start again: quorate network up",
        )


@group.command()
@_engine_option
@_home_option
@click.option("-f", "--follow", is_flag=True, help="Go on with what is added, until the network ends.")
@click.argument("name", type=click.Choice(["embedded"]), default="embedded")
def logs(home: NetworkHome, name: str, *, follow: bool) -> None:  # noqa: ARG001 - this engine has one process to name
    """Print the log of a process.

    The embedded engine has one process, named embedded.
    """
    pieces = follow_log(home.log, ProcessRecord.load(home.pid_file)) if follow else read_log(home.log)
    for piece in pieces:
        click.echo(printable(piece, keep="\n\t"), nl=False)
