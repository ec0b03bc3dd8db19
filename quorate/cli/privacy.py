"""``quorate privacy``: what training would cost, and what was spent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from quorate.cli.extra import gateway_part
from quorate.cli.options import profile_option
from quorate.cli.output import Column, Format, format_option, print_document, print_rows

if TYPE_CHECKING:
    from pathlib import Path


@click.group("privacy")
def group() -> None:
    """Quote what training would cost, and show what was spent."""


@group.command("quote")
@click.option("--noise-multiplier", required=True, metavar="DECIMAL", help="Noise in units of the clipping norm.")
@click.option("--sample-rate", required=True, metavar="A/B", help="Probability that a record takes part in a step.")
@click.option("--steps", required=True, type=int, metavar="N", help="Steps of all rounds together.")
@click.option("--delta", required=True, metavar="DELTA", help="The data set's own delta, such as 1e-5.")
@format_option
def quote_command(*, noise_multiplier: str, sample_rate: str, steps: int, delta: str, format_: Format) -> None:
    """Compute offline what a data set that has spent nothing would be charged, by the ledger's own rule.

    Adjacency is adding or removing one record; sampling is Poisson. The ledger takes each value in one spelling only,
    which is the one printed.
    """
    from quorate.privacy.parameters import Mechanism  # noqa: PLC0415 - `--help` must not pay for it
    from quorate.privacy.quote import quote  # noqa: PLC0415 - `--help` must not pay for it
    from quorate.privacy.spelling import (  # noqa: PLC0415 - `--help` must not pay for it
        decimal_text,
        delta_text,
        epsilon_text,
        fraction_text,
    )

    mechanism = Mechanism(
        noise_multiplier=decimal_text(noise_multiplier), sample_rate=fraction_text(sample_rate), steps=steps
    )
    document = quote(mechanism, delta=delta_text(delta))
    if format_ is not Format.TABLE:
        print_document(document, format_=format_)
        return
    pld = document["epsilon_pld"]
    values = {
        "noise_multiplier": document["noise_multiplier"],
        "sample_rate": document["sample_rate"],
        "steps": document["steps"],
        "delta": document["delta"],
        "epsilon (ledger)": epsilon_text(document["epsilon_nano"]),
        "epsilon (PLD)": None if pld is None else f"{pld:.4f}",
        "order": document["order"],
    }
    print_document(values, format_=format_)
    for note in document["notes"]:
        click.echo(note)


@group.command("show")
@click.option("--msp", help="Only this member's data sets.")
@click.option(
    "--study",
    metavar="ID",
    help="Only this study's data sets, and what all rounds it may open, begun now, would bring them to.",
)
@profile_option()
@format_option
def show_command(*, msp: str | None, study: str | None, profile: Path, format_: Format) -> None:
    """Show what the ledger has charged to each data set that has a cap.

    The PLD value is the tighter one, for parameters fixed beforehand; the ledger's decides.
    """
    import asyncio  # noqa: PLC0415 - `--help` must not pay for it

    from quorate.cli.balance import row_of  # noqa: PLC0415 - `--help` must not pay for it

    found = asyncio.run(gateway_part("ledger.commands.privacy").balances(profile, msp=msp, study=study))
    columns = [
        Column(key="msp", title="member"),
        Column(key="dataset", title="data set"),
        Column(key="epsilon", title="ε (ledger)", justify="right"),
        Column(key="pld", title="ε (PLD)", justify="right"),
        Column(key="cap", title="cap", justify="right"),
        Column(key="delta", title="δ", justify="right"),
        Column(key="charges", title="charges", justify="right"),
    ]
    if study is not None:
        columns += [Column(key="after", title="with all its rounds", justify="right"), Column(key="fits", title="fits")]
    rows = [row_of(each.account, each.quote, texts=format_ is Format.TABLE) for each in found]
    print_rows(rows, columns=columns, format_=format_)
