"""A framework as Markdown: the page of the documentation, and a report that fills it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from gateway.audit.compliance.control import command_of
from gateway.audit.compliance.report import NOT_ADVICE
from gateway.audit.compliance.spelling import plain
from quorate.verify.present.words import TITLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from gateway.audit.compliance.control import Control, Framework
    from gateway.audit.compliance.report import ComplianceReport, Filled

_SPECIAL: Final = re.compile(r"([\\`*\[\]<>|~&@]|(?<![a-z0-9])_|_(?![a-z0-9])|:(?=//)|(?<=www)\.)", re.IGNORECASE)
"""What Markdown, of GitHub's kind too, would take for more than text within a cell."""

_NO_DEFAULTS: Final[dict[str, str]] = {}


def page_of(framework: Framework, defaults: Mapping[str, str]) -> str:
    """Return a framework's page of the documentation.

    Parameters
    ----------
    defaults
        Of the settings by their keys.
    """
    lines = [
        f"# {framework.title}",
        "",
        "This page is made from the control mapping by `make docs`; a test fails when it is out of date. It is a",
        "design input and [not legal advice](README.md).",
        "",
        framework.scope,
        "",
        "A report fills this page from a bundle that verifies:",
        "",
        "```console",
        f"$ {command_of(framework)}",
        "```",
    ]
    for control in framework.controls:
        lines += ["", f"## {control.article}", "", *_head(control), *_events(control)]
        lines += [*_settings(control, defaults), *_tail(control, control.commands())]
    return "\n".join(lines) + "\n"


def markdown_of(report: ComplianceReport) -> str:
    """Return a filled report."""
    lines = [
        f"# {report.framework.title}: report",
        "",
        f"> {NOT_ADVICE}",
        "",
        f"**Verifier: {report.verified.result}.**",
        "",
        *_table(("", ""), ((fact.what, fact.value) for fact in report.about)),
        "",
        "## What was verified",
        "",
        *_table(("step", "found"), ((TITLES[found.step], found.message) for found in report.verified.verified)),
        "",
        "## What was not checked, and why",
        "",
        *_table(
            ("step", "not checked", "why"),
            ((TITLES[found.step], found.message, found.why) for found in report.verified.not_checked),
        ),
    ]
    for filled in report.controls:
        control = filled.control
        lines += ["", f"## {control.article}", "", *_head(control), *_found(filled)]
        lines += [*_settings(control, _NO_DEFAULTS), *_tail(control, filled.commands)]
    return "\n".join(lines) + "\n"


def _head(control: Control) -> Iterator[str]:
    yield f"**Asks:** {control.asks}."
    yield ""
    yield f"**Served by:** {control.served_by}"
    yield ""


def _events(control: Control) -> Iterator[str]:
    if control.events:
        yield f"**Events:** {', '.join(f'`{kind}`' for kind in dict.fromkeys(control.events))}"
        yield ""


def _found(filled: Filled) -> Iterator[str]:
    if filled.events:
        yield "**Events in the bundle:**"
        yield ""
        yield from _table(("kind", "meaning", "events"), ((e.kind, e.words, str(e.count)) for e in filled.events))
        yield ""
    yield "**Found in the bundle:**"
    yield ""
    yield from _table(("what", "found"), ((fact.what, fact.value) for fact in filled.facts))
    yield ""
    if filled.absent:
        yield "**Not in the bundle:**"
        yield ""
        yield from (f"- {each}" for each in filled.absent)
        yield ""


def _settings(control: Control, defaults: Mapping[str, str]) -> Iterator[str]:
    if control.settings:
        told = (f"`{key}` (default {defaults[key]})" if key in defaults else f"`{key}`" for key in control.settings)
        yield f"**Settings of `gateway.toml`:** {', '.join(told)}"
        yield ""


def _tail(control: Control, commands: Iterable[str]) -> Iterator[str]:
    yield f"**Shown in the portal:** {', '.join(title for _, title in control.pages)}; and by"
    yield ""
    yield "```console"
    yield from (f"$ {plain(command)}" for command in commands)
    yield "```"
    yield ""
    yield f"**Remains the organisation's duty:** {control.remains}"


def _table(names: Iterable[str], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    head = list(names)
    yield f"| {' | '.join(head)} |"
    yield f"| {' | '.join('---' for _ in head)} |"
    for row in rows:
        yield f"| {' | '.join(map(_escaped, row))} |"


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", plain(text))
