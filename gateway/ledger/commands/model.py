"""``quorate model``: final models, where they come from, and their bytes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.aggregator.inputs import model_description
from gateway.ledger.commands.common import ledger_command, print_record
from gateway.ledger.commands.pull import pull_to
from quorate.cli.output import Column, Format, print_document, print_rows
from quorate.digest import parse_digest

if TYPE_CHECKING:
    from gateway.ledger.session import Session


@click.group()
def model() -> None:
    """List, show and fetch final models."""


@ledger_command(model, "list")
@click.argument("study")
async def list_(session: Session, study: str, format_: Format) -> None:
    """List the final models of STUDY."""
    view = await session.ledger.study.get(study)
    rows = [each.model_dump() for each in view.rounds if each.model is not None]
    columns = (Column(key="round", title="round", justify="right"), Column(key="model", title="model"))
    print_rows(rows, columns=columns, format_=format_)


@ledger_command(model, "show")
@click.argument("digest")
async def show(session: Session, digest: str, format_: Format) -> None:
    """Show what a final model was made of, and who attested it."""
    print_record(await session.ledger.model.get(parse_digest(digest)), format_)


@ledger_command(model, "lineage")
@click.argument("digest")
async def lineage(session: Session, digest: str, format_: Format) -> None:
    """Show a model and its ancestors down to the initial one."""
    found = await session.ledger.model.lineage(parse_digest(digest))
    columns = (
        Column(key="round", title="round", justify="right"),
        Column(key="digest", title="model"),
        Column(key="attested_by", title="attested by"),
    )
    print_rows([each.as_json() for each in found.models], columns=columns, format_=format_)


@ledger_command(model, "pull")
@click.argument("digest")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
async def pull(session: Session, digest: str, file: Path, format_: Format) -> None:
    """Fetch a final model from your gateway to FILE (safetensors), its digest checked."""
    record = await session.ledger.model.get(parse_digest(digest))
    view = await session.ledger.study.get(record.study)
    description = model_description(view, record.digest)
    await pull_to(session, description, file)
    print_document({"digest": digest, "file": str(file), "bytes": description.size}, format_=format_)


@ledger_command(model, "retire")
@click.argument("digest")
@click.option("--reason", required=True, help="The digest of a text, kept off the ledger, that says why.")
async def retire(session: Session, digest: str, reason: str, format_: Format) -> None:
    """Withdraw a model from use."""
    print_record(await session.ledger.model.retire(parse_digest(digest), reason=parse_digest(reason)), format_)
