#!/usr/bin/env python
"""Writes the pages of docs/compliance that are made from the control mapping (`make docs`); a test holds them to it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pydantic import BaseModel

from gateway.audit.compliance.frameworks import FRAMEWORKS
from gateway.audit.compliance.markdown import page_of
from gateway.service.config import GatewayConfig, PortalSection

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER: Final = Path(__file__).parents[1] / "docs" / "compliance"


def pages() -> dict[Path, str]:
    """Return every page by its path."""
    known = known_defaults()
    return {FOLDER / f"{name}.md": page_of(framework, known) for name, framework in FRAMEWORKS.items()}


def known_defaults() -> dict[str, str]:
    """Return the default of every setting of a gateway by its key; of a table that is absent by default, its own."""
    return dict(defaults(GatewayConfig)) | dict(defaults(PortalSection, "portal."))


def defaults(section: type[BaseModel], under: str = "") -> Iterator[tuple[str, str]]:
    """Yield every setting of a configuration that has a default that is a value, and what it is."""
    for name, field in section.model_fields.items():
        key, default = f"{under}{name}", field.get_default(call_default_factory=False)
        if isinstance(default, BaseModel):
            yield from defaults(type(default), f"{key}.")
        elif not field.is_required() and default is not None:
            yield key, f"`{json.dumps(default)}`"


def main() -> None:
    """Write the pages."""
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
