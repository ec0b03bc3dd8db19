"""``quorate audit check``: the scheduled audit, for a timer."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import click

from quorate.cli.extra import gateway_part
from quorate.cli.options import profile_option
from quorate.cli.output import Column, Format, format_option, print_rows
from quorate.digest import parse_digest
from quorate.errors import CheckFailedError

if TYPE_CHECKING:
    from pathlib import Path

_COLUMNS = (
    Column(key="check", title="check"),
    Column(key="outcome", title="outcome"),
    Column(key="message", title="found"),
    Column(key="hint", title="what to do"),
)


@click.command("check")
@click.option(
    "--expect-policies", metavar="sha256:…", help="The policy set that should be in force; the default's else."
)
@click.option("--days", type=click.IntRange(1, 3650), default=30, show_default=True, help="How soon an expiry is soon.")
@click.option(
    "--budget-share",
    type=click.FloatRange(0, 1),
    default=0.9,
    show_default=True,
    help="Above which share of its cap a data set's ε is a finding.",
)
@click.option(
    "--anchor-minutes",
    type=click.FloatRange(1),
    default=180.0,
    show_default=True,
    help="How old an entry of the access log may be without an anchor.",
)
@profile_option(officer=True)
@format_option
def check_command(
    *,
    expect_policies: str | None,
    days: int,
    budget_share: float,
    anchor_minutes: float,
    profile: Path,
    format_: Format,
) -> None:
    """Run the whole scheduled audit: exit status 1 on any finding. That it ran is recorded in your access log."""
    run = gateway_part("audit.schedule.run")
    given = {} if expect_policies is None else {"policies": parse_digest(expect_policies)}
    expected = run.Expected(days=days, budget_share=budget_share, anchor_minutes=anchor_minutes, **given)
    findings = asyncio.run(run.check(profile, expected))
    rows = [
        {"check": f.check, "outcome": f.outcome.value, "message": f.message, "hint": f.hint or None} for f in findings
    ]
    print_rows(rows, columns=_COLUMNS, format_=format_)
    wrong = [finding.check for finding in findings if finding.outcome.value == "failed"]
    if wrong:
        raise CheckFailedError(f"{len(wrong)} of {len(findings)} checks failed: {', '.join(wrong)}")
