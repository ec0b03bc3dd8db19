"""What a user asks the demo for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from network.engine import Engine


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoOptions:
    """The flags of ``quorate demo``."""

    members: int
    rounds: int
    dataset: str
    data: Path | None
    cap: str
    private: bool
    seed: int
    engine: Engine
    keep: bool
    out: Path
    summary: Path | None
