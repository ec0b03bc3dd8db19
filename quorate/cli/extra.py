"""What only the gateway's extra brings: the base install quotes and verifies, and has no gateway."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from quorate.errors import UsageError

if TYPE_CHECKING:
    from types import ModuleType


def gateway_part(name: str) -> ModuleType:
    """Return a module of `gateway`, or say which extra brings it.

    Raises
    ------
    UsageError
        When a package that it needs is not installed.
    """
    try:
        return import_module(f"gateway.{name}")
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in {"quorate", "gateway"}:
            raise
        raise UsageError(
            f"this command needs the Python package {error.name}, which is not installed.",
            hint="Install the extra: pip install 'quorate[gateway]'",
            cause=error,
        ) from error
