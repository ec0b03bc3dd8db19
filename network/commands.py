"""``quorate network``: a ledger on this machine, for development, demos and tests."""

import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from network import ca_commands, deploy_command
from network.engine import Engine, driver, driver_of
from network.home import NetworkHome
from network.logs import read_log
from network.status import State
from network.topology import Topology
from quorate.cli.output import Column, Format, format_option, print_document, print_rows
from quorate.cli.terminal import printable
from quorate.errors import AlreadyExistsError, CheckFailedError, StorageError, UsageError

_DEFAULT_MEMBERS = ("Alder", "Birch", "Chestnut", "Elm")
_ENGINE_COLUMNS = (
    Column(key="engine", title="Engine"),
    Column(key="runs", title="Runs here"),
    Column(key="missing", title="What is missing"),
)
_STATUS_COLUMNS = (
    Column(key="name", title="Name"),
    Column(key="kind", title="Kind"),
    Column(key="state", title="State"),
    Column(key="pid", title="Process", justify="right"),
    Column(key="address", title="Address"),
)


@click.group("network", context_settings={"help_option_names": ["-h", "--help"]})
def group() -> None:
    """Run a ledger on this machine: for development, demos and tests, never for production.

    deploy and ca are for the networks and authorities that members run already.
    """


group.add_command(ca_commands.group)
group.add_command(deploy_command.deploy)


def _engine_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--engine",
        type=click.Choice(Engine, case_sensitive=False),
        default=Engine.EMBEDDED,
        show_default=True,
        help="What the ledger runs on.",
    )(command)


def _kept_engine_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--engine",
        type=click.Choice(Engine, case_sensitive=False),
        expose_value=False,
        callback=_check_kept_engine,
        help="What the ledger must run on; a directory remembers its engine, so it need not be said.",
    )(command)


def _check_kept_engine(context: click.Context, _parameter: click.Parameter, engine: Engine | None) -> None:
    kept = context.params["home"].engine
    if engine is not None and kept is not None and engine != kept:
        raise UsageError(
            f"The network in {context.params['home'].directory} runs on the engine {kept}, not {engine.value}."
        )


def _home_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--directory",
        "home",
        type=click.Path(file_okay=False, path_type=Path),
        default=Path("quorate-network"),
        show_default=True,
        is_eager=True,
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
@format_option
def engines(format_: Format) -> None:
    """Show which engines can run here.

    Of the others, what exactly is missing.
    """
    missing = {engine.value: driver(engine).missing() for engine in Engine}
    rows = [
        {"schema": "quorate.network.engine/1", "engine": engine, "runs": lacks is None, "missing": lacks}
        for engine, lacks in missing.items()
    ]
    print_rows(rows, columns=_ENGINE_COLUMNS, format_=format_)


@group.command()
@_engine_option
@_topology_option
@click.option("--member", "members", multiple=True, metavar="NAME", help="A member organisation; repeat for each.")
def init(engine: Engine, topology: Path, members: tuple[str, ...]) -> None:
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
    chosen = "" if engine is Engine.EMBEDDED else f" --engine {engine.value}"
    start = f"quorate network up{chosen} --topology {shlex.quote(str(topology))}"
    click.echo(f"Wrote {topology}. Start the network: {start}", err=True)


@group.command()
@click.option(
    "--engine",
    type=click.Choice(Engine, case_sensitive=False),
    help="What the ledger runs on; what it was made by, if it exists, else embedded.",
)
@click.option(
    "--fabric-bin",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where Fabric's programs are; otherwise in QUORATE_FABRIC_BIN or on PATH.",
)
@_topology_option
@_home_option
@format_option
def up(engine: Engine | None, fabric_bin: Path | None, topology: Path, home: NetworkHome, format_: Format) -> None:
    """Start the network, or what of it does not run.

    Returns when it answers. A ledger that exists goes on where it was.
    """
    chosen = engine or Engine(home.engine or Engine.EMBEDDED)
    network = driver(chosen, fabric_bin=fabric_bin).start(home, Topology.load(topology))
    network.release()
    connection = network.connection
    click.echo(printable(connection.notice), err=True)
    click.echo(f"How to connect: {home.connection}", err=True)
    document = connection.model_dump(mode="json", by_alias=True)
    if format_ is Format.TABLE:
        keep = ("engine", "channel", "chaincode", "genesis")
        document = {key: document[key] for key in keep} | {"connection": str(home.connection)}
    print_document(document, format_=format_)


@group.command()
@_kept_engine_option
@_home_option
def down(home: NetworkHome) -> None:
    """End the network.

    Its ledger and keys are kept for the next start.
    """
    was_running = home.directory.exists() and driver_of(home).stop(home)
    click.echo("The network has ended." if was_running else "The network was not running.", err=True)


@group.command()
@_kept_engine_option
@_home_option
@format_option
def status(home: NetworkHome, format_: Format) -> None:
    """Show whether the network runs and answers.

    The exit status is 1 if its process crashed, or a port that should answer does not.
    """
    if not home.directory.exists():
        click.echo(
            f"There has been no network in {home.directory}: name another with --directory, or start one.", err=True
        )
    found = driver_of(home).status(home)
    print_rows([line.as_row() for line in found], columns=_STATUS_COLUMNS, format_=format_)
    wrong = [f"{line.kind} {line.name}: {line.state}" for line in found if line.state in {State.CRASHED, State.SILENT}]
    if wrong:
        raise CheckFailedError(
            f"Not as it should be: {', '.join(wrong)}.",
            hint="Read why: quorate network logs. Start again: quorate network up",
        )


@group.command()
@_kept_engine_option
@_home_option
@click.option("-f", "--follow", is_flag=True, help="Go on with what is added, until the network ends.")
@click.argument("name", required=False)
def logs(home: NetworkHome, name: str | None, *, follow: bool) -> None:
    """Print the log of a node.

    NAME is as status shows it. The embedded engine's is embedded, and need not be said.
    """
    engine = driver_of(home)
    found = engine.logs(home)
    node = _one_of(found, name)
    for piece in engine.follow(home, node) if follow else read_log(found[node]):
        click.echo(printable(piece, keep="\n\t"), nl=False)


def _one_of(found: Mapping[str, Path], name: str | None) -> str:
    if name is None and len(found) == 1:
        return next(iter(found))
    if name is None or name not in found:
        asked = "Say which node" if name is None else f"The network has no node {name!r}"
        raise UsageError(f"{asked}.", hint=f"It has: {', '.join(found) or 'none, since it was never up'}.")
    return name
