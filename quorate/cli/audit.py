"""``quorate audit``: export the evidence, and verify it offline."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from quorate.cli.audit_ask import ask_group, log_command, transaction_command
from quorate.cli.audit_check import check_command
from quorate.cli.audit_compliance import report_command
from quorate.cli.audit_review import review_group
from quorate.cli.extra import gateway_part
from quorate.cli.files import read_bounded
from quorate.cli.options import genesis_options, profile_option
from quorate.cli.output import Format, format_option, print_document
from quorate.cli.terminal import printable
from quorate.errors import StorageError

if TYPE_CHECKING:
    from quorate.verify import Report

_ROOTS_LIMIT: Final = 1 << 20


@click.group("audit")
def group() -> None:
    """Ask the audit trail, review what it holds, export the evidence, and verify it offline."""


@group.command("verify")
@click.argument("bundle", type=click.Path(path_type=Path))
@genesis_options
@click.option(
    "--remember",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Keep in FILE how far this ledger was verified, and begin there the next time; it pins the genesis too.",
)
@click.option(
    "--timestamp-root",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    metavar="FILE.pem",
    help="Roots of the time-stamping authorities that you trust; without it time-stamps are not checked.",
)
@click.option("--first-failure", is_flag=True, help="End with the first failure, instead of looking for all.")
@click.option(
    "--report",
    "page",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE.html",
    help="Write the report as a page too.",
)
@format_option
def verify_command(
    *,
    bundle: Path,
    genesis: str | None,
    trust_bundle_genesis: bool,
    remember: Path | None,
    timestamp_root: Path | None,
    first_failure: bool,
    page: Path | None,
    format_: Format,
) -> None:
    """Verify an evidence bundle without any network: exit status 0 when it holds, 1 when it does not."""
    from quorate.cli.audit_progress import showing  # noqa: PLC0415 - `--help` must not pay for it
    from quorate.verify import Checkpoint, VerificationError, verify_bundle  # noqa: PLC0415 - as above

    known = None if remember is None else Checkpoint.load(remember)
    roots = b"" if timestamp_root is None else read_bounded(timestamp_root, limit=_ROOTS_LIMIT, what="roots in PEM")
    try:
        with showing() as progress:
            report = verify_bundle(
                bundle,
                genesis=genesis,
                trust_bundle_genesis=trust_bundle_genesis,
                known=known,
                timestamp_roots=roots,
                first_failure_only=first_failure,
                progress=progress,
            )
    except VerificationError as error:
        _print(error.report, bundle, format_)
        try:
            _write(error.report, bundle, page)
        except StorageError as unwritten:  # what failed first is that the evidence does not hold
            click.echo(printable(unwritten.diagnostics(), keep="\n"), err=True)
        raise
    _print(report, bundle, format_)
    _write(report, bundle, page)
    if remember is not None and report.checkpoint is not None:
        report.checkpoint.save(remember)


@group.command("export")
@click.argument("bundle", type=click.Path(path_type=Path))
@profile_option(officer=True)
@click.option("--study", metavar="ID", help="Only this study, with what its records rest on; else the whole ledger.")
@click.option("--rounds", metavar="A-B", help="Of --study only these rounds, with what they rest on.")
@click.option("--since", metavar="TIME", help="Only what claims this time or a later one, such as 2026-11-23T08:00Z.")
@click.option("--until", metavar="TIME", help="Only what claims this time or an earlier one.")
@click.option("--artifacts", is_flag=True, help="Add the updates and models that your gateway still holds.")
@click.option("--timestamp", metavar="URL", help="Add a time-stamp of the last header by this authority (RFC 3161).")
@click.option("--witnesses", is_flag=True, help="Add what the members' gateways say that they have seen of the ledger.")
@format_option
def export_command(
    *,
    bundle: Path,
    profile: Path,
    study: str | None,
    rounds: str | None,
    since: str | None,
    until: str | None,
    artifacts: bool,
    witnesses: bool,
    timestamp: str | None,
    format_: Format,
) -> None:
    """Export evidence to BUNDLE: one file when its name ends in .qeb, else a directory.

    The narrower the scope, the less it can show: every report says what a partial bundle leaves open.
    """
    import asyncio  # noqa: PLC0415 - `--help` must not pay for it

    from quorate.cli.audit_scope import extent_of  # noqa: PLC0415 - `--help` must not pay for it

    extent = extent_of(study=study, rounds=rounds, since=since, until=until)
    exported = asyncio.run(
        gateway_part("audit.command").export(
            bundle, profile, extent=extent, artifacts=artifacts, witnesses=witnesses, timestamp=timestamp
        )
    )
    print_document(exported, format_=format_)


group.add_command(log_command)
group.add_command(ask_group)
group.add_command(transaction_command)
group.add_command(review_group)
group.add_command(check_command)
group.add_command(report_command)


def _write(report: Report, bundle: Path, page: Path | None) -> None:
    from quorate.verify.present.page import page_of  # noqa: PLC0415 - `--help` must not pay for it

    if page is not None:
        try:
            page.write_text(page_of(report, bundle.name or str(bundle)), encoding="utf-8")
        except OSError as error:
            raise StorageError(f"{page} cannot be written: {error.strerror}", cause=error) from error


def _print(report: Report, bundle: Path, format_: Format) -> None:
    from quorate.cli.audit_report import print_report  # noqa: PLC0415 - `--help` must not pay for it

    if format_ is Format.TABLE:
        print_report(report, bundle.name or str(bundle))
    else:
        print_document(report.as_json(), format_=format_)
