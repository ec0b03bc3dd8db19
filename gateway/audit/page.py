"""report.html: the page in a bundle for people, which is no evidence itself and says so."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

if TYPE_CHECKING:
    from gateway.audit.collect import Collector
    from gateway.audit.seal import About


def page(about: About, collected: Collector) -> str:
    """Return the page; of equal content it is equal to the byte."""
    config = collected.first_config
    return _template().render(
        about=about,
        height=collected.height,
        genesis=collected.genesis,
        development=config is not None and config.is_development,
        studies=[study for _, study in sorted(collected.studies.items())],
        rounds=[record for _, record in sorted(collected.rounds.items())],
    )


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("gateway.audit"), autoescape=True, undefined=StrictUndefined, keep_trailing_newline=True
    )
    return environment.get_template("bundle.html")
