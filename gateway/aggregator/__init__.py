"""Opens, seals, recomputes, attests and finalizes: one organisation's part in every round, by its own clock."""

from gateway.aggregator.loop import run

__all__ = ["run"]
