"""``quorate audit log`` and ``quorate audit ask``: the trail, of the own gateway or of a bundle."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from quorate.cli.audit_questions import ASKINGS, OPTIONS
from quorate.cli.extra import gateway_part
from quorate.cli.options import profile_option
from quorate.cli.output import Column, Format, print_rows
from quorate.cli.rows import RowFormat, for_people, print_answer, row_format_option
from quorate.cli.terminal import messages, printable
from quorate.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import ModuleType

    from quorate.cli.audit_questions import Asking

_EVENT_COLUMNS: Final = tuple(
    Column(key=key, title=title)
    for key, title in (
        ("block", "block"),
        ("claimed_time", "claimed (UTC)"),
        ("observed_time", "observed (UTC)"),
        ("source", "source"),
        ("type", "kind"),
        ("actor", "by"),
        ("role", "role"),
        ("study", "study"),
        ("round", "round"),
        ("msp", "about"),
        ("dataset", "data set"),
        ("reason", "reason"),
        ("transaction", "transaction"),
    )
)
_SEVERITIES: Final = ("routine", "notable", "attention")


def source_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command ``--profile``, ``--bundle`` and ``--genesis``, of which it makes a source."""
    for option in (
        click.option(
            "--genesis",
            metavar="sha256:…",
            help="Verify the bundle first, with this digest of the ledger's first header.",
        ),
        click.option(
            "--bundle",
            type=click.Path(path_type=Path),
            help="Answer from this evidence bundle, without any gateway.",
        ),
        profile_option(officer=True, required=False),
    ):
        command = option(command)
    return command


@click.command("log")
@click.option("--organisation", metavar="MSP", help="Who submitted it, or whom it is about.")
@click.option("--study", metavar="ID", help="Only of this study.")
@click.option("--round", "round_", metavar="N", type=click.IntRange(1), help="Only of this round of --study.")
@click.option("--dataset", metavar="ID", help="Only about this data set.")
@click.option("--kind", "kinds", multiple=True, metavar="KIND", help="Such as round.sealed, or round for all of them.")
@click.option("--severity", type=click.Choice(_SEVERITIES), help="At least this.")
@click.option("--blocks", metavar="A-B", help="From block A to block B, both included.")
@click.option("--since", metavar="TIME", help="Only what claims this time or a later one, such as 2026-11-23T08:00Z.")
@click.option("--until", metavar="TIME", help="Only what claims an earlier time.")
@click.option("--transaction", metavar="ID", help="Transactions whose id begins so.")
@click.option("--text", help="In transaction, digest, proposal, review, data set or reason.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="Events on a page.")
@click.option("--at", metavar="PLACE", help="Where the page begins, as the page before said.")
@click.option("--follow", is_flag=True, help="Print events as they come, until interrupted.")
@source_options
@row_format_option
def log_command(
    *,
    blocks: str | None,
    since: str | None,
    until: str | None,
    round_: int | None,
    kinds: tuple[str, ...],
    severity: str | None,
    limit: int,
    at: str | None,
    follow: bool,
    profile: Path | None,
    bundle: Path | None,
    genesis: str | None,
    format_: RowFormat,
    **plain: str | None,
) -> None:
    """List what happened on the ledger, newest first. Every read is itself logged by your gateway."""
    first, last = (None, None) if blocks is None else _blocks(blocks)
    asked = {
        **plain,
        "round": round_,
        "kinds": list(kinds) or None,
        "severity": None if severity is None else _SEVERITIES.index(severity),
        "first_block": first,
        "last_block": last,
        "since": _time(since),
        "until": _time(until),
    }
    asked = {name: value for name, value in asked.items() if value is not None}
    inquiry = gateway_part("audit.inquiry")
    source = _source(inquiry, profile, bundle, genesis)
    if follow:
        asyncio.run(_follow(inquiry, source, asked, at))
        return
    more: dict[str, Any] = {"limit": limit} | ({} if at is None else {"at": at})
    told = asyncio.run(inquiry.inquire(source, "events", asked, **more))
    print_answer(told.head, told.rows, columns=_EVENT_COLUMNS, format_=format_)
    _tell_older(told.head, format_)


@click.command("transaction")
@click.argument("transaction")
@source_options
@row_format_option
def transaction_command(
    *, transaction: str, profile: Path | None, bundle: Path | None, genesis: str | None, format_: RowFormat
) -> None:
    """Show all that the trail has of TRANSACTION: who, when, what was asked, what was written, who endorsed it."""
    inquiry = gateway_part("audit.inquiry")
    source = _source(inquiry, profile, bundle, genesis)
    told = asyncio.run(inquiry.inquire(source, "transaction", {"transaction": transaction}))
    if format_ is not RowFormat.TABLE:
        print_answer(told.head, told.rows, columns=(), format_=format_)
        return
    found = for_people(told.rows[0])
    rows = [{"name": name.replace("_", " "), "value": value} for name, value in found.items()]
    print_answer(
        told.head, rows, columns=(Column(key="name", title=""), Column(key="value", title="")), format_=format_
    )


@click.group("ask")
def ask_group() -> None:
    """Ask one of the questions that an officer must be able to answer."""


def _command(asking: Asking) -> click.Command:
    def run(
        *, profile: Path | None, bundle: Path | None, genesis: str | None, format_: RowFormat, **asked: object
    ) -> None:
        for name in ("since", "until"):
            if name in asked:
                asked[name] = _time(asked[name])
        inquiry = gateway_part("audit.inquiry")
        source = _source(inquiry, profile, bundle, genesis)
        told = asyncio.run(inquiry.inquire(source, f"question/{asking.name}", asked))
        print_answer(told.head, told.rows, columns=asking.columns, format_=format_)
        _tell_older(told.head, format_)

    command: Callable[..., Any] = row_format_option(run)
    command = source_options(command)
    for name in reversed(asking.takes):
        flag, metavar, kind, words = OPTIONS[name]
        command = click.option(flag, name, metavar=metavar, type=kind, help=words)(command)
    for name in asking.needs:
        command = click.argument(name)(command)
    return click.command(asking.name, help=asking.help)(command)


for _asking in ASKINGS:
    ask_group.add_command(_command(_asking))


def _source(inquiry: ModuleType, profile: Path | None, bundle: Path | None, genesis: str | None) -> object:
    if bundle is not None and _is_the_sessions("profile"):
        profile = None  # named once for a whole session: it must not stand in the way of a bundle
    return inquiry.Source(profile=profile, bundle=bundle, genesis=genesis)


def _is_the_sessions(parameter: str) -> bool:
    return click.get_current_context().get_parameter_source(parameter) is click.core.ParameterSource.ENVIRONMENT


def _tell_older(head: Mapping[str, Any], format_: RowFormat) -> None:
    if head.get("older") and format_ is not RowFormat.JSON:
        messages().print(printable(f"older: --at {head['older']}"), style="dim", markup=False, soft_wrap=True)


async def _follow(inquiry: ModuleType, source: object, asked: dict[str, Any], at: str | None) -> None:
    async with aclosing(inquiry.follow(source, asked, at=at)) as events:
        async for event in events:
            print_rows([event], columns=_EVENT_COLUMNS, format_=Format.JSONL)


def _blocks(text: str) -> tuple[int, int]:
    first, dash, last = text.partition("-")
    if not (dash and first.isascii() and first.isdecimal() and last.isascii() and last.isdecimal()):
        raise UsageError(f"{text[:40]!r} names no blocks", hint="Write the first and the last, such as 3-7.")
    return int(first), int(last)


def _time(value: object) -> int | None:
    from quorate.cli.audit_scope import milliseconds  # noqa: PLC0415 - `--help` must not pay for it

    return milliseconds(value) if isinstance(value, str) else None
