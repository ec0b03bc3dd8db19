"""The demo's report: one page that needs nothing else, plots with the tables behind them."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from participants.demo import plots

if TYPE_CHECKING:
    from pathlib import Path

    from participants.demo.result import Result


def write_report(result: Result, path: Path) -> None:
    """Write the report; it appears whole or not at all."""
    environment = Environment(
        loader=PackageLoader("participants.demo"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    part = path.with_name(f"{path.name}.part")
    part.write_text(environment.get_template("report.html.j2").render(**_context(result)), encoding="utf-8")
    part.replace(path)


def _context(result: Result) -> dict[str, Any]:
    local = result.comparison.local
    return {
        "result": result,
        "comparison": result.comparison,
        "scenario": result.scenario,
        "privacy": result.scenario.privacy,
        "alone": sum(local.values()) / len(local),
        "round_seconds": median(each.total for each in result.times),
        "ledger_seconds": median(each.ledger for each in result.times),
        "training_seconds": median(each.training for each in result.times),
        "rounds": list(zip(result.times, result.comparison.rounds, strict=True)),
        # Our own SVG, made from numbers and members' names, which matplotlib escapes.
        "accuracy_plot": Markup(plots.accuracy(result)),  # noqa: S704
        "seconds_plot": Markup(plots.seconds(result)),  # noqa: S704
        "spending_plot": Markup(plots.spending(result)) if result.spent else "",  # noqa: S704
    }
