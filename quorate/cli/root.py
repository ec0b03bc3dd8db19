"""The root of the command line: runs what was asked, and turns every way of failing into a text and an exit status."""

import errno
import os
import sys
import traceback
from collections.abc import Sequence

import click

from quorate.cli.exit_codes import BROKEN_PIPE, INTERRUPTED
from quorate.cli.lazy import LazyGroup
from quorate.cli.mounts import MOUNTS, Mount
from quorate.cli.terminal import printable
from quorate.errors import ExitCode, QuorateError

_PROGRAM = "quorate"
_COMPLETION_VARIABLE = "_QUORATE_COMPLETE"
_DEBUG_VARIABLE = "QUORATE_DEBUG"
_HELP = "Organisations that trust no single operator train one model together on a permissioned ledger."


def main(arguments: Sequence[str] | None = None, *, mounts: Sequence[Mount] = MOUNTS) -> int:
    """Run the command line and return its exit status.

    Parameters
    ----------
    arguments : sequence of str, optional
        What follows the program's name; by default the arguments of this process.
    mounts : sequence of Mount
        The commands to offer.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    if instruction := os.environ.get(_COMPLETION_VARIABLE):
        from click.shell_completion import shell_complete  # noqa: PLC0415 - only a shell asks

        return shell_complete(root(mounts), {}, _PROGRAM, _COMPLETION_VARIABLE, instruction)
    try:
        return _run(root(mounts), arguments)
    except KeyboardInterrupt:
        return _interrupted()
    except OSError as error:
        if error.errno != errno.EPIPE:
            return _defect(error, arguments)
        _silence_standard_streams()
        return BROKEN_PIPE
    except Exception as error:  # noqa: BLE001 - the last place where a defect can be told from a crash
        return _defect(error, arguments)


def root(mounts: Sequence[Mount] = MOUNTS) -> LazyGroup:
    """Build the group that holds every command of this version."""
    return LazyGroup(
        _PROGRAM,
        mounts=mounts,
        help=_HELP,
        params=[
            click.Option(
                ["--debug"],
                is_flag=True,
                envvar=_DEBUG_VARIABLE,
                expose_value=False,
                help="With an error, print its cause too.",
            ),
            click.Option(
                ["--version"],
                is_flag=True,
                is_eager=True,
                expose_value=False,
                callback=_print_version,
                help="Print the version and exit.",
            ),
        ],
    )


def _run(group: click.Group, arguments: Sequence[str]) -> int:
    try:
        with group.make_context(_PROGRAM, list(arguments)) as context:
            group.invoke(context)
        sys.stdout.flush()
    except click.exceptions.Exit as error:
        return error.exit_code
    except (click.Abort, EOFError):
        return _interrupted()
    except click.ClickException as error:
        error.show()
        return ExitCode.USAGE
    except QuorateError as error:
        click.echo(printable(error.diagnostics(), keep="\n"), err=True)
        _explain(error, arguments)
        return error.exit_code
    return ExitCode.DONE


def _interrupted() -> int:
    click.echo("\nInterrupted.", err=True)
    return INTERRUPTED


def _defect(error: Exception, arguments: Sequence[str]) -> int:
    click.echo(
        printable(f"DEFECT: Quorate failed in a way it does not know: {type(error).__name__}: {error}"), err=True
    )
    click.echo("This is a defect of ours. Run it again as `quorate --debug …` and report what it prints.", err=True)
    _explain(error, arguments)
    return ExitCode.DEFECT


def _explain(error: BaseException, arguments: Sequence[str]) -> None:
    if _asked_for_causes(arguments):
        click.echo(printable("".join(traceback.format_exception(error)), keep="\n"), err=True)


def _asked_for_causes(arguments: Sequence[str]) -> bool:
    # Not asked of click: the error may have come before it had parsed anything.
    for argument in arguments:
        if not argument.startswith("-"):
            break
        if argument == "--debug":
            return True
    return os.environ.get(_DEBUG_VARIABLE, "").lower() in {"1", "true", "yes", "on"}


def _print_version(context: click.Context, _parameter: click.Parameter, asked: bool) -> None:  # noqa: FBT001 - click's signature
    if asked:
        click.echo(f"{_PROGRAM} {_version()}")
        context.exit()


def _version() -> str:
    from importlib import metadata  # noqa: PLC0415 - a third of what `--help` would take

    try:
        return metadata.version("quorate")
    except metadata.PackageNotFoundError:
        return "(a source tree that is not installed)"


def _silence_standard_streams() -> None:
    # Python flushes both once more at its end, and would complain there about the same broken pipe.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
