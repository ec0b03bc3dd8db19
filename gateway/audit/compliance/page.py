"""A filled framework as one page that needs nothing else: no script, nothing loaded, ready to be printed."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from gateway.audit.compliance.report import NOT_ADVICE
from gateway.audit.compliance.spelling import plain
from quorate.verify.present.words import TITLES

if TYPE_CHECKING:
    from gateway.audit.compliance.report import ComplianceReport


def html_of(report: ComplianceReport) -> str:
    """Return the page of a filled report."""
    return _template().render(report=report, note=NOT_ADVICE, titles=TITLES)


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("gateway.audit.compliance"),
        autoescape=True,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
    )
    environment.filters["plain"] = plain
    return environment.get_template("report.html")
