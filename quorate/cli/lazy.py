"""A click group whose commands are loaded only when one of them is called."""

from importlib import import_module
from typing import TYPE_CHECKING

import click

from quorate.errors import DefectError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from click.shell_completion import CompletionItem

    from quorate.cli.mounts import Mount

_OUR_ROOMS = frozenset({"quorate", "gateway", "participants", "network"})


class LazyGroup(click.Group):
    """A group made of mounts: listing and completing them imports nothing.

    Parameters
    ----------
    name : str
        Name of the group.
    mounts : sequence of Mount
        Commands to offer. Those whose module this version does not have are left out.
    help : str
        What the group's help says.
    params : list of click.Parameter
        Options of the group itself.
    """

    def __init__(self, name: str, *, mounts: "Sequence[Mount]", help: str, params: list[click.Parameter]) -> None:  # noqa: A002 - click's name
        super().__init__(name, help=help, params=params, context_settings={"help_option_names": ["-h", "--help"]})
        self._mounts = {mount.name: mount for mount in mounts if mount.is_present()}

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names in the order a newcomer meets them, not the alphabet's."""
        return list(self._mounts)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Load and return a command; None if there is none of that name."""
        mount = self._mounts.get(cmd_name)
        return None if mount is None else _load(mount)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that was asked for; when there is none, say which name is near."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            import difflib  # noqa: PLC0415 - only for what went wrong

            near = difflib.get_close_matches(args[0], self._mounts, n=1)
            if not near or args[0] in self._mounts:
                raise
            raise click.UsageError(f"{error.format_message()} Did you mean {near[0]!r}?", ctx) from error

    def invoke(self, ctx: click.Context) -> object:
        """Run a command; one that imports more only when it works may still find its extra missing."""
        try:
            return super().invoke(ctx)
        except ModuleNotFoundError as error:
            mount = self._mounts.get(ctx.invoked_subcommand or "")
            if mount is not None:
                _require_extra(mount, error)
            raise

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """Write the list of commands from the mounts' own texts."""
        if self._mounts:
            with formatter.section("Commands"):
                formatter.write_dl([(mount.name, mount.help) for mount in self._mounts.values()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> "list[CompletionItem]":
        """Complete command names from the mounts, then what click completes for any command."""
        from click.shell_completion import CompletionItem  # noqa: PLC0415 - only a shell asks

        found = [CompletionItem(m.name, help=m.help) for m in self._mounts.values() if m.name.startswith(incomplete)]
        return found + click.Command.shell_complete(self, ctx, incomplete)


def _load(mount: "Mount") -> click.Command:
    try:
        command = getattr(import_module(mount.module), mount.attribute)
    except ModuleNotFoundError as error:
        _require_extra(mount, error)
        raise
    if not isinstance(command, click.Command):
        raise DefectError(f"{mount.module}:{mount.attribute} is not a command.")
    return command


def _require_extra(mount: "Mount", error: ModuleNotFoundError) -> None:
    """Say which extra to install, when what is missing is somebody else's package and the command needs an extra."""
    missing = (error.name or "").partition(".")[0]
    if mount.extra is None or missing in _OUR_ROOMS:
        return
    raise UsageError(
        f"`quorate {mount.name}` needs the Python package {missing}, which is not installed.",
        hint=f"Install the extra: pip install 'quorate[{mount.extra}]'",
        cause=error,
    ) from error
