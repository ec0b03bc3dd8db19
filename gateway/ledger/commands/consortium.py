"""``quorate consortium``: founding, and who the members are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from gateway.fabric.secret_file import read_pem
from gateway.ledger.commands.ballots import PROPOSAL_COLUMNS, proposal_row, require_read
from gateway.ledger.commands.charters import charter_summary, founding_summary
from gateway.ledger.commands.common import ledger_command, print_record, read_document
from quorate.cli.output import Column, Format, print_document, print_rows
from quorate.errors import NotFoundError, UsageError
from quorate.records.consortium import Found

if TYPE_CHECKING:
    from gateway.ledger.session import Session
    from quorate.records.consortium import Founding, MemberProposal

_NO_CHARTER: Final = "No charter is in force yet: one is proposed by `found`, confirmed by all, then activated."
_MEMBERS: Final = (
    Column(key="msp", title="member"),
    Column(key="fingerprint_key", title="fingerprint key"),
    Column(key="gateway", title="gateway"),
)


@click.group()
def consortium() -> None:
    """Found a consortium; show its members; vote on who they are."""


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
    """Show the charter with its rules and members; before one is in force, those that are proposed."""
    view = await session.ledger.consortium.get()
    if format_ is not Format.TABLE:
        print_record(view, format_)
        return
    if view.charter is None:
        click.echo(_NO_CHARTER, err=True)
        for founding in view.foundings:
            print_document(founding_summary(founding, view.confirmations), format_=format_)
            print_rows([each.model_dump() for each in founding.members], columns=_MEMBERS[:-1], format_=format_)
        return
    print_document(charter_summary(view.charter), format_=format_)
    gateways = {member.msp: member.address for member in (await session.ledger.consortium.members()).members}
    rows = [{**each.model_dump(), "gateway": gateways.get(each.msp)} for each in view.charter.members]
    print_rows(rows, columns=_MEMBERS, format_=format_)


@ledger_command(consortium, "propose-member")
@click.argument("proposal")
@click.argument("msp")
@click.option(
    "--fingerprint-key", required=True, metavar="sha256:…", help="Digest of its key for fingerprints of data sets."
)
async def propose_member(session: Session, *, proposal: str, msp: str, fingerprint_key: str, format_: Format) -> None:
    """Propose, under the new name PROPOSAL, to admit the organisation MSP.

    For an organisation that is a member it proposes another fingerprint key. The channel must let a new member in too:
    that is a configuration update of Fabric, which the members sign there.
    """
    calls = session.ledger.consortium
    print_record(await calls.propose_member(proposal, msp=msp, fingerprint_key=fingerprint_key), format_)


@ledger_command(consortium, "propose-removal")
@click.argument("proposal")
@click.argument("msp")
async def propose_removal(session: Session, proposal: str, msp: str, format_: Format) -> None:
    """Propose, under the new name PROPOSAL, that the organisation MSP is a member no longer."""
    print_record(await session.ledger.consortium.propose_removal(proposal, msp=msp), format_)


@ledger_command(consortium, "vote")
@click.argument("proposal")
@click.argument("choice", type=click.Choice(["approve", "reject"]))
@click.option("--digest", help="The digest of the proposal that you read; without it nothing is voted and it is shown.")
async def vote(session: Session, *, proposal: str, choice: str, digest: str | None, format_: Format) -> None:
    """Vote on PROPOSAL for your organisation: one vote each, and it cannot be changed."""
    found = await _proposal(session, proposal)
    require_read(proposal, found.digest, digest, read="quorate consortium proposals")
    print_record(await session.ledger.consortium.vote(proposal, digest=found.digest, choice=choice), format_)


@ledger_command(consortium, "tally")
@click.argument("proposal")
async def tally(session: Session, proposal: str, format_: Format) -> None:
    """Close the vote on PROPOSAL once it is decided or over, and show the charter then in force."""
    print_record(await session.ledger.consortium.tally_members(proposal), format_)


@ledger_command(consortium, "proposals")
async def proposals(session: Session, format_: Format) -> None:
    """List the proposed changes of the members and the votes on them."""
    view = await session.ledger.consortium.get()
    rows = [
        record.as_json()
        if format_ is not Format.TABLE
        else proposal_row(record, view.ballots, what=f"{record.change} {record.msp}")
        for record in view.proposals
    ]
    print_rows(rows, columns=PROPOSAL_COLUMNS, format_=format_)


async def _proposal(session: Session, name: str) -> MemberProposal:
    view = await session.ledger.consortium.get()
    for proposal in view.proposals:
        if proposal.proposal == name:
            return proposal
    raise NotFoundError(f"there is no proposal {name} about members")


async def _founding(session: Session, proposer: str) -> Founding:
    view = await session.ledger.consortium.get()
    for founding in view.foundings:
        if founding.proposer == proposer:
            return founding
    raise NotFoundError(f"{proposer} has proposed no charter")
