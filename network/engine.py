"""Which engines there are, and which of them this version can run."""

from enum import StrEnum

from quorate.errors import UsageError


class Engine(StrEnum):
    """What a network may run on."""

    EMBEDDED = "embedded"
    NATIVE = "native"
    COMPOSE = "compose"


def require_available(engine: Engine) -> None:
    """Accept an engine that this version can run.

    Raises
    ------
    UsageError
        For every engine but `Engine.EMBEDDED`.
    """
    if engine is not Engine.EMBEDDED:
        raise UsageError(
            f"This version of Quorate cannot run the engine {engine.value!r}: it runs the embedded network only.",
            hint="Use --engine embedded.",
        )
