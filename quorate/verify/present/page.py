"""A report as one self-contained page: no script, nothing loaded from elsewhere."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from quorate.verify.present.words import TITLES

if TYPE_CHECKING:
    from quorate.verify.report import Report


def page_of(report: Report, name: str) -> str:
    """Return the page of a report on the bundle of this name."""
    return _template().render(report=report, name=name, titles=TITLES)


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("quorate.verify.present"),
        autoescape=True,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    return environment.get_template("report.html")
