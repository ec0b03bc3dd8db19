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
from quorate.cli.terminal import open_streams, printable
from quorate.errors import ExitCode, NoSpaceError, QuorateError, StorageError, UsageError, first_error

_PROGRAM = "quorate"
_DEBUG = "--debug"
_COMPLETION_VARIABLE = "_QUORATE_COMPLETE"
_DEBUG_VARIABLE = "QUORATE_DEBUG"
_OF_THE_FILE = frozenset({errno.EACCES, errno.EPERM, errno.EROFS, errno.ENAMETOOLONG, errno.ENOTDIR, errno.EIO})
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
    open_streams()
    group = root(mounts)
    if instruction := os.environ.get(_COMPLETION_VARIABLE):
        from click.shell_completion import shell_complete  # noqa: PLC0415 - only a shell asks

        return shell_complete(group, {}, _PROGRAM, _COMPLETION_VARIABLE, instruction)
    arguments, debug = _take_debug(sys.argv[1:] if arguments is None else arguments)
    if not debug:
        # gRPC writes each failed attempt to standard error by itself; the error that ends a command says it once.
        os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    if sys.stdout is None:
        return _say(UsageError("standard output is closed", hint="Send it to /dev/null instead."), debug=debug)
    try:
        return _run(group, arguments, debug=debug)
    except KeyboardInterrupt:
        return _interrupted()
    except OSError as error:
        return _system_failed(error, debug=debug)
    except Exception as error:  # noqa: BLE001 - the last place where a defect can be told from a crash
        return _defect(error, debug=debug)


def root(mounts: Sequence[Mount] = MOUNTS) -> LazyGroup:
    """Build the group that holds every command of this version."""
    return LazyGroup(
        _PROGRAM,
        mounts=mounts,
        help=_HELP,
        params=[
            click.Option(
                [_DEBUG],
                is_flag=True,
                expose_value=False,
                help=f"With an error, print its cause too; may stand anywhere, or be {_DEBUG_VARIABLE}=1.",
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


def _take_debug(arguments: Sequence[str]) -> tuple[list[str], bool]:
    # Whoever repeats a failed command adds the option at its end; click would take it only before the first word.
    end = arguments.index("--") if "--" in arguments else len(arguments)
    kept = [argument for argument in arguments[:end] if argument != _DEBUG]
    asked = len(kept) < end or os.environ.get(_DEBUG_VARIABLE, "").lower() in {"1", "true", "yes", "on"}
    return [*kept, *arguments[end:]], asked


def _run(group: click.Group, arguments: Sequence[str], *, debug: bool) -> int:
    try:
        with group.make_context(_PROGRAM, list(arguments)) as context:
            group.invoke(context)
        sys.stdout.flush()
    except click.exceptions.Exit as error:
        return error.exit_code
    except (click.Abort, EOFError):
        return _interrupted()
    except click.ClickException as error:
        _say_wrong_usage(error)
        return ExitCode.USAGE
    except QuorateError as error:
        return _say(error, debug=debug)
    except ExceptionGroup as failed:
        first = first_error(failed)
        if not isinstance(first, QuorateError):
            raise
        return _say(first, debug=debug)
    return ExitCode.DONE


def _say(error: QuorateError, *, debug: bool) -> int:
    click.echo(printable(error.diagnostics(), keep="\n"), err=True)
    _explain(error, debug=debug)
    return error.exit_code


def _say_wrong_usage(error: click.ClickException) -> None:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
        return
    context = getattr(error, "ctx", None)
    reference = f"See {context.command_path} --help." if context is not None else ""
    variable = error.param.envvar if isinstance(error, click.MissingParameter) and error.param is not None else None
    if isinstance(variable, str):
        reference = f"Give it, or set {variable} once for the whole session. {reference}"
    click.echo(printable(UsageError(error.format_message(), hint=reference).diagnostics(), keep="\n"), err=True)


def _interrupted() -> int:
    click.echo("\nInterrupted.", err=True)
    return INTERRUPTED


def _system_failed(error: OSError, *, debug: bool) -> int:
    if error.errno == errno.EPIPE:
        _silence_standard_streams()
        return BROKEN_PIPE
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        full = NoSpaceError(f"a file or standard output could not be written: {error.strerror}", cause=error)
        click.echo(printable(full.diagnostics(), keep="\n"), err=True)
        _explain(error, debug=debug)
        _silence_standard_streams()
        return full.exit_code
    if error.errno in _OF_THE_FILE and error.filename is not None:
        return _say(StorageError(f"{error.filename} cannot be used: {error.strerror}", cause=error), debug=debug)
    return _defect(error, debug=debug)


def _defect(error: Exception, *, debug: bool) -> int:
    first = first_error(error)
    click.echo(
        printable(f"DEFECT: Quorate failed in a way it does not know: {type(first).__name__}: {first}"), err=True
    )
    click.echo("This is a defect of ours. Repeat the command with --debug and report what it prints.", err=True)
    _explain(error, debug=debug)
    return ExitCode.DEFECT


def _explain(error: BaseException, *, debug: bool) -> None:
    if debug:
        click.echo(printable("".join(traceback.format_exception(error)), keep="\n"), err=True)


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
    # Python flushes both once more at its end, and would complain there about the same failure.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
