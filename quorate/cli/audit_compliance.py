"""``quorate audit report``: a control framework, filled from a bundle that verifies."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from quorate.cli.extra import gateway_part
from quorate.cli.options import genesis_options
from quorate.errors import StorageError, UsageError

FRAMEWORKS: Final = ("ai-act", "hipaa", "gdpr", "part-11")
"""What may be filled; a test holds it to the mapping."""

_FORMS: Final = {".md": "markdown", ".html": "html", ".json": "json"}


@click.command("report")
@click.option("--framework", type=click.Choice(FRAMEWORKS), required=True, help="Whose controls.")
@click.option(
    "--bundle", type=click.Path(path_type=Path), required=True, help="The evidence bundle; it is verified first."
)
@genesis_options
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE.md|html|json",
    help="Write it there instead of printing Markdown; the ending says in which form.",
)
@click.option("--format", "form", type=click.Choice(list(_FORMS.values())), help="The form of what is printed.")
def report_command(
    *,
    framework: str,
    bundle: Path,
    genesis: str | None,
    trust_bundle_genesis: bool,
    out: Path | None,
    form: str | None,
) -> None:
    """Fill a framework's controls from a bundle: what was found, what is not in it, and what remains your duty.

    The same bundle makes the same report, to the byte. One that does not verify makes none: exit status 1.
    Design inputs, not legal advice.
    """
    form = _form_of(out, form)
    text = gateway_part("audit.compliance.command").report(
        framework, bundle, genesis=genesis, trust_bundle_genesis=trust_bundle_genesis, form=form
    )
    if out is None:
        click.echo(text, nl=False)
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise StorageError(f"{out} cannot be written: {error.strerror}", cause=error) from error


def _form_of(out: Path | None, form: str | None) -> str:
    if out is None:
        return form or "markdown"
    written = _FORMS.get(out.suffix)
    if written is None:
        raise UsageError(f"{out.name} says no form", hint="Let it end in .md, .html or .json.")
    if form not in {None, written}:
        raise UsageError(f"{out.name} is not {form}", hint="Leave --format out: the ending says the form.")
    return written
