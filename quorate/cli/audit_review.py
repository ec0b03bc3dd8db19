"""``quorate audit review``: open, assign and conclude reviews on the ledger, without a name or a text on it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from quorate.cli.extra import gateway_part
from quorate.cli.options import profile_option
from quorate.cli.output import Column, Format, format_option, print_document, print_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

_MEANINGS: Final = ("review", "approval", "responsibility", "authorship")
_OUTCOMES: Final = ("accepted", "follow-up", "violation")
_COLUMNS: Final = tuple(
    Column(key=key, title=key)
    for key in ("msp", "review", "subject", "state", "reviewer", "meaning", "outcome", "note")
)
_KEY: Final = click.option(
    "--key",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar="QUORATE_REVIEWERS_KEY",
    required=True,
    help="Your organisation's reviewers' key (mode 0600); also QUORATE_REVIEWERS_KEY.",
)
_REVIEWER: Final = click.option(
    "--reviewer",
    required=True,
    metavar="WHO",
    help="Whom your organisation means; only a keyed pseudonym leaves this machine.",
)


@click.group("review")
def review_group() -> None:
    """Open, assign and conclude reviews of what is on the ledger."""


@review_group.command("key")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def key_command(*, file: Path) -> None:
    """Make your organisation's reviewers' key in FILE. Whoever destroys it makes its reviewers unknown for good."""
    gateway_part("audit.pseudonyms").new_key(file)


@review_group.command("open")
@click.argument("review")
@click.argument("subject")
@profile_option(officer=True)
@format_option
def open_command(*, review: str, subject: str, profile: Path, format_: Format) -> None:
    """Open REVIEW of SUBJECT, such as round/one/3, block/17, transaction/ID, member/MSP, policy/2 or study/one."""
    _print(asyncio.run(gateway_part("audit.review").open_review(profile, review, subject)), format_)


@review_group.command("assign")
@click.argument("review")
@_REVIEWER
@_KEY
@profile_option(officer=True)
@format_option
def assign_command(*, review: str, reviewer: str, key: Path, profile: Path, format_: Format) -> None:
    """Assign REVIEW to a person; again to another one if need be."""
    _print(asyncio.run(gateway_part("audit.review").assign(profile, review, reviewer=reviewer, key=key)), format_)


@review_group.command("conclude")
@click.argument("review")
@_REVIEWER
@click.option("--meaning", type=click.Choice(_MEANINGS), default="review", show_default=True, help="What it means.")
@click.option("--outcome", type=click.Choice(_OUTCOMES), required=True, help="What came of it.")
@click.option(
    "--note",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A file with the reasons: it stays here, and its digest goes on the ledger.",
)
@_KEY
@profile_option(officer=True)
@format_option
def conclude_command(*, review: str, profile: Path, format_: Format, **said: Any) -> None:  # noqa: ANN401 - options
    """Conclude REVIEW with an outcome. A concluded review cannot be changed."""
    _print(asyncio.run(gateway_part("audit.review").conclude(profile, review, **said)), format_)


@review_group.command("list")
@click.option("--organisation", metavar="MSP", help="Only of this organisation.")
@click.option("--state", type=click.Choice(["OPEN", "ASSIGNED", "CONCLUDED"]), help="Only in this state.")
@click.option(
    "--names",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A file with a name a line, to say who each reviewer is.",
)
@click.option(
    "--key", type=click.Path(path_type=Path, dir_okay=False), envvar="QUORATE_REVIEWERS_KEY", help="Needed for --names."
)
@profile_option(officer=True)
@format_option
def list_command(
    *,
    organisation: str | None,
    state: str | None,
    names: Path | None,
    key: Path | None,
    profile: Path,
    format_: Format,
) -> None:
    """List reviews; with --names and the key, say who the own organisation's reviewers are."""
    known: dict[str, str] = {}
    if names is not None:
        if key is None:
            raise click.UsageError("--names needs --key")
        known = gateway_part("audit.review").known_reviewers(profile, key, names)
    found = asyncio.run(gateway_part("audit.review").listed(profile, msp=organisation)).reviews
    rows = [_row(review.as_json(), known) for review in found if state in {None, review.state}]
    print_rows(rows, columns=_COLUMNS, format_=format_)


def _row(review: Mapping[str, Any], known: Mapping[str, str]) -> dict[str, Any]:
    findings = review["findings"]
    reviewer = findings.get("reviewer")
    return {**review, **findings, "reviewer": known.get(reviewer, reviewer) if reviewer else None}


def _print(review: Any, format_: Format) -> None:  # noqa: ANN401 - a record of a room that is loaded late
    print_document(review.as_json(), format_=format_)
