"""``quorate dataset``: data sets and their caps."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.ledger.commands.common import ledger_command, print_record, read_document
from quorate.cli.output import Column, Format, print_rows
from quorate.records.dataset import Register, Revise

if TYPE_CHECKING:
    from gateway.ledger.session import Session

_FILE = click.Path(path_type=Path, dir_okay=False, exists=True)


@click.group()
def dataset() -> None:
    """Register data sets and their privacy budgets."""


@ledger_command(dataset, "register")
@click.argument("file", type=_FILE)
async def register(session: Session, file: Path, format_: Format) -> None:
    """Register the data set that FILE (JSON or TOML) describes."""
    document = read_document(file)
    document.setdefault("schema", Register.SCHEMA)
    print_record(await session.ledger.dataset.register(Register.of(document)), format_)


@ledger_command(dataset, "revise")
@click.argument("file", type=_FILE)
async def revise(session: Session, file: Path, format_: Format) -> None:
    """Change title, purposes, ε cap or fingerprint of a data set to what FILE says."""
    document = read_document(file)
    document.setdefault("schema", Revise.SCHEMA)
    print_record(await session.ledger.dataset.revise(Revise.of(document)), format_)


@ledger_command(dataset, "retire")
@click.argument("name")
async def retire(session: Session, name: str, format_: Format) -> None:
    """Withdraw data set NAME from new studies for good."""
    print_record(await session.ledger.dataset.retire(name), format_)


@ledger_command(dataset, "show")
@click.argument("msp")
@click.argument("name")
async def show(session: Session, msp: str, name: str, format_: Format) -> None:
    """Show data set NAME of member MSP."""
    print_record(await session.ledger.dataset.get(msp, name), format_)


@ledger_command(dataset, "list")
@click.option("--msp", help="Only this member's.")
async def list_(session: Session, msp: str | None, format_: Format) -> None:
    """List data sets."""
    found = await session.ledger.dataset.list(msp)
    columns = (
        Column(key="msp", title="member"),
        Column(key="dataset", title="data set"),
        Column(key="title", title="title"),
        Column(key="protection", title="protection"),
        Column(key="cap", title="cap"),
        Column(key="state", title="state"),
    )
    print_rows([record.as_json() for record in found.datasets], columns=columns, format_=format_)
