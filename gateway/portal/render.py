"""Pages from templates: every value is escaped, can be seen, and is one that the template knows or else an error."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse

from gateway.audit.trail.kinds import words_of
from gateway.portal import words
from gateway.portal.menu import MENU

if TYPE_CHECKING:
    from starlette.requests import Request

    from gateway.portal.portal import Portal
    from gateway.portal.visit import Visit

THEMES: Final = ("light", "dark")


def render(template: str, visit: Visit, **context: object) -> HTMLResponse:
    """Return a page for somebody who was let through."""
    portal = visit.portal
    text = (
        _environment()
        .get_template(template)
        .render(
            portal=portal,
            officer=visit.officer,
            csrf=visit.csrf,
            here=visit.route.name,
            address=visit.request.url,
            menu=MENU,
            theme=theme_of(portal, visit.request),
            height=visit.trail.height,
            trouble=portal.trouble(),
            divergence=portal.divergence(),
            **context,
        )
    )
    return HTMLResponse(text)


def fragment(template: str, **context: object) -> str:
    """Return a part of a page."""
    return _environment().get_template(template).render(**context)


def plain_page(
    template: str, portal: Portal, request: Request, *, status: int = 200, **context: object
) -> HTMLResponse:
    """Return a page that shows nothing of the trail, for anybody."""
    text = _environment().get_template(template).render(portal=portal, theme=theme_of(portal, request), **context)
    return HTMLResponse(text, status_code=status)


def theme_of(portal: Portal, request: Request) -> str:
    """Return ``light`` or ``dark`` when somebody chose; else the system's choice holds, and this is empty."""
    chosen = request.cookies.get(portal.theme_cookie, "")
    return chosen if chosen in THEMES else ""


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("gateway.portal"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=words.visible,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: dict[str, Any] = {
        "when": words.when,
        "iso": words.iso,
        "short": words.short,
        "label": words.label,
        "words": words_of,
        "severity": words.severity_name,
        "is_digest": words.is_digest,
        "is_time": words.is_time,
        "figure_columns": words.figure_columns,
        "pretty": words.pretty,
        "ago": words.ago,
        "with_code": words.with_code,
        "with_short_digests": words.with_short_digests,
        "in_words": words.in_words,
        "epsilon": words.epsilon,
    }
    environment.filters |= filters
    environment.tests |= {"listing": words.is_listing}
    return environment
