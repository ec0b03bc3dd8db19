"""``quorate consortium``: founding, and who the members are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.fabric.secret_file import read_pem
from gateway.ledger.commands.common import ledger_command, print_record, read_document
from quorate.cli.output import Column, Format, print_rows
from quorate.errors import NotFoundError, UsageError
from quorate.records.consortium import Found

if TYPE_CHECKING:
    from gateway.ledger.session import Session
    from quorate.records.consortium import Founding


@click.group()
def consortium() -> None:
    """Found a consortium; show its members."""


@ledger_command(consortium, "found")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
async def found(session: Session, file: Path, format_: Format) -> None:
    """Propose the charter in FILE (JSON or TOML) as your organisation."""
    document = read_document(file)
    document.setdefault("schema", Found.SCHEMA)
    print_record(await session.ledger.consortium.found(Found.of(document)), format_)


@ledger_command(consortium, "confirm")
@click.argument("proposer")
@click.option(
    "--digest", help="The charter's digest, as the proposer told you; without it the recorded one is shown first."
)
async def confirm(session: Session, proposer: str, digest: str | None, format_: Format) -> None:
    """Agree to the charter that PROPOSER (an MSP id) proposed; in force once every member has."""
    founding = await _founding(session, proposer)
    if digest is None:
        raise UsageError(
            f"name the charter that you agree to: its recorded digest is {founding.charter_digest}",
            hint="Compare it with what the proposer told you, then repeat with --digest.",
        )
    record = await session.ledger.consortium.confirm(proposer=proposer, charter_digest=digest)
    print_record(record, format_)


@ledger_command(consortium, "activate")
@click.argument("proposer")
async def activate(session: Session, proposer: str, format_: Format) -> None:
    """Bring the charter of PROPOSER into force, once every member has confirmed it."""
    print_record(await session.ledger.consortium.tally(proposer=proposer), format_)


@ledger_command(consortium, "announce")
@click.argument("address")
@click.argument("tls_root", type=click.Path(path_type=Path, dir_okay=False, exists=True))
async def announce(session: Session, address: str, tls_root: Path, format_: Format) -> None:
    """Say on the ledger where your gateway is (host:port) and which TLS root it has."""
    try:
        root = read_pem(tls_root).decode()
    except UnicodeDecodeError as error:
        raise UsageError(f"{tls_root} is not a PEM file", cause=error) from error
    record = await session.ledger.consortium.announce(address=address, tls_root=root)
    print_record(record, format_)


@ledger_command(consortium, "show")
async def show(session: Session, format_: Format) -> None:
    """Show the charter and its members."""
    view = await session.ledger.consortium.get()
    if format_ is not Format.TABLE or view.charter is None:
        print_record(view, format_)
        return
    gateways = {member.msp: member.address for member in (await session.ledger.consortium.members()).members}
    rows = [{"msp": member.msp, "gateway": gateways.get(member.msp)} for member in view.charter.members]
    print_rows(
        rows, columns=(Column(key="msp", title="member"), Column(key="gateway", title="gateway")), format_=format_
    )


async def _founding(session: Session, proposer: str) -> Founding:
    view = await session.ledger.consortium.get()
    for founding in view.foundings:
        if founding.proposer == proposer:
            return founding
    raise NotFoundError(f"{proposer} has proposed no charter")
