"""What to train on, in Lightning's own words."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Hardware:
    """Lightning's flags ``accelerator``, ``devices`` and ``strategy``; by default one device, a GPU when present."""

    accelerator: str = "auto"
    devices: int = 1
    strategy: str = "auto"
