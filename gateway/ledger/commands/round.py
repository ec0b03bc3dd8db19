"""``quorate round``: what happened in a round, proof of it, and doing its arithmetic again."""

from __future__ import annotations

import asyncio
import tempfile
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import click

from gateway.aggregator.doubt import doubts
from gateway.aggregator.inputs import Inputs
from gateway.aggregator.recompute import Sources, aggregate_into, unproven
from gateway.ledger.commands.common import ledger_command, print_record
from gateway.ledger.commands.pull import pulled
from gateway.ledger.commands.views import round_summary
from quorate.cli.output import Column, Format, print_document, print_rows
from quorate.errors import CheckFailedError, StateError

if TYPE_CHECKING:
    from gateway.ledger.session import Session
    from quorate.records.round import Attestation, RoundView


@click.group()
def round() -> None:
    """Show rounds, ask for receipts, recompute aggregates."""


@ledger_command(round, "show")
@click.argument("study")
@click.argument("number", type=click.IntRange(1))
async def show(session: Session, study: str, number: int, format_: Format) -> None:
    """Show round NUMBER of STUDY and what every participant did in it."""
    view = await session.ledger.round.get(study, number)
    if format_ is not Format.TABLE:
        print_record(view, format_)
        return
    print_document(round_summary(view), format_=format_)
    columns = tuple(Column(key=key, title=key.replace("_", " ")) for key in ("what", "msp", "dataset", "says"))
    print_rows(_said(view), columns=columns, format_=format_)


def _said(view: RoundView) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    rows += [{"what": "charge", "msp": r.msp, "dataset": r.dataset, "says": r.status} for r in view.reservations]
    rows += [{"what": "commit", "msp": c.msp, "dataset": c.dataset, "says": c.status} for c in view.commits]
    rows += [{"what": "decline", "msp": d.msp, "dataset": d.dataset, "says": d.reason} for d in view.declines]
    rows += [
        {"what": f"attest {a.attempt}", "msp": a.msp, "dataset": None, "says": _attested(a)} for a in view.attestations
    ]
    rows += [
        {"what": f"doubt {doubt.attempt}", "msp": doubt.msp, "dataset": None, "says": doubt.why}
        for doubt in doubts(view)
    ]
    return rows


def _attested(said: Attestation) -> str:
    left_out = ", ".join(f"{left.msp}/{left.dataset} ({left.reason})" for left in said.excluded)
    model = said.model or "too few valid updates"
    return f"{model} without {left_out}" if left_out else model


@ledger_command(round, "receipt")
@click.argument("study")
@click.argument("number", type=click.IntRange(1))
@click.argument("msp")
@click.argument("dataset")
async def receipt(session: Session, *, study: str, number: int, msp: str, dataset: str, format_: Format) -> None:
    """Show proof that an update was included in a round, or why it was not."""
    print_record(await session.ledger.round.receipt(study, number, msp=msp, dataset=dataset), format_)


@ledger_command(round, "abort")
@click.argument("study")
@click.argument("number", type=click.IntRange(1))
async def abort(session: Session, study: str, number: int, format_: Format) -> None:
    """End a round that cannot reach its minimum of commits."""
    print_record(await session.ledger.round.abort(study, number), format_)


@ledger_command(round, "recompute")
@click.argument("study")
@click.argument("number", type=click.IntRange(1))
async def recompute(session: Session, study: str, number: int, format_: Format) -> None:
    """Make round NUMBER's model again on this machine, from the bytes that your gateway still holds.

    The exit status is 1 when it is not the model on the ledger, or when an attester of it did not have the updates.
    """
    view = await session.ledger.round.get(study, number)
    if view.round.model is None:
        raise StateError(f"round {number} of {study} has no final model; it is {view.round.state}")
    inputs = Inputs.of(await session.ledger.study.get(study), view.round)
    left_out = {(left.msp, left.dataset) for left in view.round.excluded}
    used = [update for update in inputs.round.included if (update.msp, update.dataset) not in left_out]
    descriptions = [inputs.base_description(), *map(inputs.update_description, used)]
    async with AsyncExitStack() as files:
        store = await files.enter_async_context(pulled(session, descriptions))
        opened = {each.digest: await files.enter_async_context(store.reading(each.digest)) for each in descriptions}
        out = files.enter_context(tempfile.TemporaryFile(prefix="quorate-"))  # noqa: SIM115 (the stack closes it)
        sources = Sources(base=opened[inputs.base], updates=opened)
        digest = await asyncio.to_thread(aggregate_into, inputs, sources, used, out)
        doubted = await asyncio.to_thread(unproven, view, inputs, sources, used)
    same = digest == view.round.model
    found = {"recomputed": digest, "ledger": view.round.model, "equal": same, "possession_unproven": doubted}
    print_document(found, format_=format_)
    if not same:
        raise CheckFailedError(f"round {number} of {study} does not make the model that the ledger calls final")
    if doubted:
        raise CheckFailedError(
            f"{', '.join(doubted)} attested round {number} of {study} with a possession hash that is not its updates'",
            hint="The model is right, and they need not have recomputed it: ask them, and keep a bundle as evidence.",
        )
