"""``quorate policy``: which rules are in force, and what they would decide."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.ledger.commands.common import ledger_command, print_record, read_document
from quorate.cli.output import Format
from quorate.errors import DeniedError

if TYPE_CHECKING:
    from gateway.ledger.session import Session


@click.group()
def policy() -> None:
    """Show and check the policies that decide who may do what."""


@ledger_command(policy, "show")
@click.option("--version", type=int, help="Which version; the one in force by default.")
async def show(session: Session, version: int | None, format_: Format) -> None:
    """Print the policy set: its Cedar text on a terminal, the whole record as JSON."""
    record = await session.ledger.policy.get(version)
    if format_ is Format.TABLE:
        click.echo(f"// version {record.version}, {record.digest}")
        click.echo(record.text)
        return
    print_record(record, format_)


@ledger_command(policy, "check")
@click.argument("function")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
async def check(session: Session, function: str, file: Path, format_: Format) -> None:
    """Ask whether you could call FUNCTION (as `round:Commit`) with the document in FILE, and which policies decide.

    The exit status is 4 when it would be denied.
    """
    decision = await session.ledger.policy.check(function=function, document=dict(read_document(file)))
    print_record(decision, format_)
    if decision.decision == "deny":
        raise DeniedError(f"{function} would be denied by {', '.join(decision.policies) or 'default'}")
