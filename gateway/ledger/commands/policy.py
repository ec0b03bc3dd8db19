"""``quorate policy``: which rules are in force, and what they would decide."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from gateway.ledger.commands.ballots import PROPOSAL_COLUMNS, proposal_row, require_read
from gateway.ledger.commands.common import ledger_command, print_record, read_document
from gateway.ledger.commands.views import said
from quorate.cli.files import read_bounded
from quorate.cli.output import Column, Format, print_rows
from quorate.cli.terminal import printable
from quorate.errors import DeniedError, UsageError
from quorate.policy import parse
from quorate.policy.difference import difference
from quorate.records.functions import FUNCTIONS

if TYPE_CHECKING:
    from gateway.ledger.session import Session

_TEXT_LIMIT: Final = 64 * 1024
_VERSION_COLUMNS: Final = (
    Column(key="version", title="version", justify="right"),
    Column(key="in_force", title="in force since"),
    Column(key="proposal", title="proposal"),
    Column(key="digest", title="digest"),
)


@click.group()
def policy() -> None:
    """Show, check and vote on the policies that decide who may do what."""


@ledger_command(policy, "show")
@click.option("--version", type=click.IntRange(1), help="Which version; the one in force by default.")
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
    known = FUNCTIONS.get(function)
    if known is None:
        near = difflib.get_close_matches(function, FUNCTIONS) or ["round:Commit"]
        raise UsageError(f"there is no function {function[:64]!r}", hint=f"Such as {', '.join(near)}.")
    document = read_document(file)
    document.setdefault("schema", known.request.SCHEMA)
    decision = await session.ledger.policy.check(function=function, document=dict(document))
    print_record(decision, format_)
    if decision.decision == "deny":
        raise DeniedError(f"{function} would be denied by {', '.join(decision.policies) or 'default'}")


@ledger_command(policy, "propose")
@click.argument("proposal")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--title", required=True, help="What changes, in a line.")
async def propose(session: Session, *, proposal: str, file: Path, title: str, format_: Format) -> None:
    """Propose, under the new name PROPOSAL, the Cedar text in FILE in place of the policy set in force."""
    text = _read_text(file)
    current = await session.ledger.policy.get()
    record = await session.ledger.policy.propose(proposal, title=title, base=current.digest, text=text)
    print_record(record, format_)


@ledger_command(policy, "proposal")
@click.argument("proposal")
async def proposal(session: Session, proposal: str, format_: Format) -> None:
    """Show PROPOSAL: on a terminal what it changes, line by line, and the votes on it."""
    view = await session.ledger.policy.proposal(proposal)
    if format_ is not Format.TABLE:
        print_record(view, format_)
        return
    history = await session.ledger.policy.history()
    version = next(found.version for found in history.versions if found.digest == view.proposal.base)
    before = await session.ledger.policy.get(version)
    for line in difference(before.text, view.proposal.text, names=(f"version {version}", proposal)):
        click.echo(printable(line))
    row = proposal_row(view.proposal, view.ballots, what=view.proposal.title)
    print_rows([row], columns=PROPOSAL_COLUMNS, format_=format_)


@ledger_command(policy, "vote")
@click.argument("proposal")
@click.argument("choice", type=click.Choice(["approve", "reject"]))
@click.option("--digest", help="The digest of the text that you read; without it nothing is voted and it is shown.")
async def vote(session: Session, *, proposal: str, choice: str, digest: str | None, format_: Format) -> None:
    """Vote on PROPOSAL for your organisation: one vote each, and it cannot be changed."""
    found = (await session.ledger.policy.proposal(proposal)).proposal
    require_read(proposal, found.digest, digest, read=f"quorate policy proposal {proposal}")
    print_record(await session.ledger.policy.vote(proposal, digest=found.digest, choice=choice), format_)


@ledger_command(policy, "tally")
@click.argument("proposal")
async def tally(session: Session, proposal: str, format_: Format) -> None:
    """Close the vote on PROPOSAL once it is decided or over; if adopted it is in force from then on."""
    print_record(await session.ledger.policy.tally(proposal), format_)


@ledger_command(policy, "history")
async def history(session: Session, format_: Format) -> None:
    """List the versions of the policy set, the proposals, and the votes on them."""
    found = await session.ledger.policy.history()
    if format_ is not Format.TABLE:
        print_record(found, format_)
        return
    versions = [record.model_dump() | {"in_force": said(record.in_force)} for record in found.versions]
    print_rows(versions, columns=_VERSION_COLUMNS, format_=format_)
    proposals = [proposal_row(motion, found.ballots, what=motion.title) for motion in found.proposals]
    if proposals:
        print_rows(proposals, columns=PROPOSAL_COLUMNS, format_=format_)


def _read_text(path: Path) -> str:
    data = read_bounded(path, limit=_TEXT_LIMIT, what="a policy set")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not text in UTF-8", cause=error) from error
    parse(text)
    return text
